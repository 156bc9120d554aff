"""The Celery application and its schedule. Ticks carry no data and may be lost, doubled or late without harm."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LEADLOOP_ROLE", "worker")

app = Celery("leadloop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A tick that waited as long as its own interval is worthless: the next one does the same work.
app.conf.beat_schedule = {
    "sweep the clocks": {"task": "sla.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "qualify leads": {"task": "leads.tasks.qualify", "schedule": 1.0, "options": {"expires": 1}},
    "deliver the outbox": {"task": "leads.tasks.deliver_outbox", "schedule": 5.0, "options": {"expires": 5}},
    "end holds": {"task": "feedback.tasks.end_holds", "schedule": 10.0, "options": {"expires": 10}},
    "work out outlooks": {"task": "feedback.tasks.work_out_outlooks", "schedule": 10.0, "options": {"expires": 10}},
    "deliver to chat rooms": {"task": "leads.tasks.deliver_rooms", "schedule": 5.0, "options": {"expires": 5}},
    "run replays": {"task": "sla.tasks.run_replays", "schedule": 10.0, "options": {"expires": 10}},
    "keep the calendars": {"task": "sla.tasks.keep_calendars", "schedule": 60.0, "options": {"expires": 60}},
    "forget answers": {"task": "leads.tasks.forget_answers", "schedule": 86_400.0, "options": {"expires": 3600}},
    "score everybody": {"task": "leads.tasks.rescore", "schedule": 60.0, "options": {"expires": 60}},
    "find duplicates": {"task": "leads.tasks.find_duplicates", "schedule": 15.0, "options": {"expires": 15}},
    "forget engagements": {"task": "leads.tasks.forget_old", "schedule": 3600.0, "options": {"expires": 3600}},
    "run imports": {"task": "leads.tasks.run_imports", "schedule": 10.0, "options": {"expires": 10}},
}
