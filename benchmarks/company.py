"""A company as large as asked, made by SQL in seconds: only for measuring, never for showing."""

import os

from django.contrib.auth.models import Group, User
from django.db import connection

from feedback.actions import agreements
from feedback.logic.rights import LEADLOOP
from feedback.models import person_of
from leads.actions.agreements import digest_of
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.models import Policy, Target, WorkCalendar

SIZE = int(os.environ.get("LEADLOOP_BENCH_HANDOFFS") or 1_000_000)
_CHUNK = 50_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_PEOPLE = """
INSERT INTO feedback_team (uid, external_system, external_id, name, timezone, is_active)
SELECT gen_random_uuid(), '', '', 'Team ' || n, 'UTC', true FROM generate_series(1, 100) n;
INSERT INTO auth_user (username, first_name, last_name, email, password, is_superuser, is_staff, is_active, date_joined)
SELECT 'rep' || n, 'Rep', n::text, 'rep' || n || '@leadloop.example', '!', false, false, true, now()
FROM generate_series(1, 1000) n;
INSERT INTO feedback_rep (uid, external_system, external_id, user_id, team_id, capacity, is_active)
SELECT gen_random_uuid(), '', '', u.id, t.id, 30000, true
FROM auth_user u JOIN feedback_team t ON t.name = 'Team ' || (1 + right(u.username, -3)::int % 100)
WHERE u.username LIKE 'rep%%';
INSERT INTO auth_user_groups (user_id, group_id)
SELECT u.id, g.id FROM auth_user u, auth_group g WHERE u.username LIKE 'rep%%' AND g.name = 'rep';
INSERT INTO leads_account
    (uid, external_system, external_id, name, domain, industry, employee_count, city, country, segment, relation,
     is_target, created_at)
SELECT gen_random_uuid(), '', '', 'Company ' || n, '', 'logistics', 100 + n %% 900, 'Hamburg', 'DE', '', '',
       false, now()
FROM generate_series(1, 20000) n;
INSERT INTO leads_campaign (uid, external_system, external_id, name, channel, created_at)
SELECT gen_random_uuid(), '', '', 'Campaign ' || n, 'channel ' || n %% 8, now() FROM generate_series(1, 60) n;
"""

# Every handoff pending, offered over the last 90 days, each with one running clock due within the next 100 days.
_HANDOFFS = """
INSERT INTO leads_lead
    (uid, external_system, external_id, account_id, email, name, title, phone, country, language, product, consent,
     created_at)
SELECT gen_random_uuid(), 'bench', n::text, (SELECT min(id) FROM leads_account) + n %% 20000, '', 'Lead ' || n,
       'Buyer', '', '', '', '', 'unknown', now()
FROM generate_series(%(first)s, %(last)s) n;
INSERT INTO feedback_handoff (uid, external_system, external_id, lead_id, account_id, team_id, owner_id, state,
    campaign_id, channel, fit, intent, score_parts, why, mql_rule, evidence, is_void, decision_note, offered_at, due_at,
    attempt_count, priority)
SELECT gen_random_uuid(), 'bench', l.external_id, l.id, l.account_id, r.team_id, r.id, 'pending', c.id, c.channel,
       70, 50, '{}', 'Came back to pricing', '', '{}', false, '', now() - n %% 90 * interval '1 day',
       now() + interval '1 day' + n %% 8000000 * interval '1 second', 0, 3
FROM generate_series(%(first)s, %(last)s) n
JOIN leads_lead l ON l.external_system = 'bench' AND l.external_id = n::text
JOIN feedback_rep r ON r.id = (SELECT min(id) FROM feedback_rep) + n %% 1000
JOIN leads_campaign c ON c.id = (SELECT min(id) FROM leads_campaign) + n %% 60;
INSERT INTO sla_clock (handoff_id, version_id, calendar_version_id, target, cycle, state, started_at, amount, due_at,
    step_actions, step_refs, step_ats, next_step, next_action_at, check_owner, failure_count, last_error)
SELECT h.id, %(version)s, (SELECT max(id) FROM sla_calendarversion), 'decide', 0, 'running', h.offered_at,
       h.due_at - h.offered_at, h.due_at, ARRAY['breach', 'notify_owner'], ARRAY[-1, 0],
       ARRAY[h.due_at, h.due_at + interval '1 hour'], 0, h.due_at, false, 0, ''
FROM feedback_handoff h WHERE h.id > (SELECT coalesce(max(handoff_id), 0) FROM sla_clock);
"""


def make_people() -> int:
    """A hundred teams of ten reps, and the id of a policy version that promises a decision within an hour."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE.replace("%%", "%"))
    calendar = WorkCalendar.objects.create(name="Always", weekly={day: [["00:00", "24:00"]] for day in DAYS})
    publish_calendar(calendar.pk, by=LEADLOOP)
    policy = Policy.objects.create(name="Bench", calendar=calendar, valid_from="2020-01-01T00:00:00Z")
    policy.refresh_from_db()
    Target.objects.create(policy=policy, key="decide", minutes=60)
    return publish(policy.pk, by=LEADLOOP).pk


def make_agreement() -> None:
    """The starting point as a published agreement, signed by a marketer and a manager."""
    people = []
    for group in ("marketer", "manager"):
        user, _ = User.objects.get_or_create(username=f"bench-{group}")
        user.groups.add(Group.objects.get(name=group))
        people.append(person_of(user))
    marketer, manager = people
    made = agreements.draft(by=marketer)
    digest = digest_of(made)
    agreements.sign(made.uid, by=marketer, side="marketing", digest=digest)
    agreements.sign(made.uid, by=manager, side="sales", digest=digest)
    agreements.publish(made.uid, by=marketer, digest=digest)


def make_handoffs(first: int, last: int, *, version: int) -> None:
    """Pending handoffs number `first` to `last`, each with a running clock; none is due."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for start in range(first, last + 1, _CHUNK):
            numbers = {"first": start, "last": min(start + _CHUNK - 1, last), "version": version}
            for statement in _HANDOFFS.split(";\n"):
                if statement.strip():
                    cursor.execute(statement, numbers)
        cursor.execute("VACUUM ANALYZE leads_lead, feedback_handoff, sla_clock")
        cursor.execute("RESET statement_timeout")
