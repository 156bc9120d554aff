"""What operations edit (in the modules imported here), and clocks and steps to look at."""

from django.contrib import admin

from leads.admin_kinds import ReadOnly
from sla import admin_calendars, admin_policies, admin_wording  # noqa: F401
from sla.models import Clock, Escalation


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    list_display = (
        "handoff",
        "target",
        "cycle",
        "state",
        "started_at",
        "due_at",
        "stopped_at",
        "breached_at",
        "last_error",
    )
    list_filter = ("state", "target")
    list_select_related = ("handoff__lead", "handoff__account")
    ordering = ("-id",)
    search_uid_fields = ("handoff__uid",)
    search_fields = ("handoff__external_id",)


@admin.register(Escalation)
class EscalationAdmin(ReadOnly):
    list_display = ("fired_at", "action", "clock", "step", "due_at")
    list_select_related = ("clock",)
    ordering = ("-id",)
    search_uid_fields = ("uid", "clock__handoff__uid")
    search_fields = ("clock__handoff__external_id",)
