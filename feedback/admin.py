"""Teams, reps and reasons, for operations; handoffs to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from feedback import admin_routing as admin_routing
from feedback.actions.roles import give_role
from feedback.forms_admin import ReasonForm, RepForm, TeamForm
from feedback.logic.rights import REP
from feedback.models import Handoff, RejectionReason, Rep, Team
from leads.admin_kinds import Guarded, ReadOnly


@admin.register(Team)
class TeamAdmin(Guarded):
    form = TeamForm
    list_display = ("name", "timezone", "is_active")
    search_fields = ("name",)
    search_uid_fields = ("uid",)


@admin.register(Rep)
class RepAdmin(Guarded):
    form = RepForm
    list_display = ("__str__", "team", "capacity", "is_active")
    list_filter = ("team", "is_active")
    list_select_related = ("user", "team")
    search_fields = ("user__first_name", "user__last_name", "user__username")
    search_uid_fields = ("uid",)

    def get_readonly_fields(self, request: HttpRequest, obj: Rep | None = None) -> tuple[str, ...]:
        """Whose handoffs these are does not change afterwards."""
        return ("user",) if obj else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Also give the user the role: without it a rep could decide nothing."""
        super().save_related(request, form, formsets, change)
        give_role(form.instance.user_id, REP)


@admin.register(RejectionReason)
class RejectionReasonAdmin(Guarded):
    """A reason that was used keeps its key and stays; when it has served, is_live goes off."""

    form = ReasonForm
    list_display = ("label", "key", "group", "is_live", "evidence_field", "evidence_required", "counts_in_acceptance")
    list_filter = ("group", "is_live")
    search_fields = ("key", "label")
    fieldsets = (
        (None, {"fields": ("key", "group", "label", "is_live", "position")}),
        ("When it can be given", {"fields": ("at_review", "after_attempts", "after_conversation")}),
        ("What it asks", {"fields": ("evidence_field", "evidence_required")}),
        ("What follows", {"fields": ("remedy_owner", "next_state", "cool_off_days", "return_condition")}),
        ("What it counts for", {"fields": ("counts_in_acceptance", "informs_scoring", "seen")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: RejectionReason | None = None) -> tuple[str, ...]:
        """The key, once the CRM and the reports know it."""
        return ("key",) if obj and _is_used(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: RejectionReason | None = None) -> bool:
        """Only for what was never given."""
        return super().has_delete_permission(request, obj) and not (obj and _is_used(obj))


@admin.register(Handoff)
class HandoffAdmin(ReadOnly):
    list_display = ("__str__", "state", "owner", "team", "campaign", "offered_at", "due_at", "decided_at")
    list_filter = ("state", "team")
    list_select_related = ("lead", "account", "owner__user", "team", "campaign")
    ordering = ("-offered_at",)
    search_fields = ("lead__name", "account__name", "external_id")
    search_uid_fields = ("uid",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handoff]:
        """With what a page about one handoff reads."""
        return super().get_queryset(request).select_related("reason", "decided_by", "previous")


def _is_used(reason: RejectionReason) -> bool:
    return reason.handoffs.exists()
