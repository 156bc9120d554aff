"""Routing, for operations: rules with who stands in their line, and whose accounts are whose."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from feedback.actions.ownership import own
from feedback.forms_routing_admin import AccountOwnerForm, RoutingRuleForm, TurnForm, row_names
from feedback.models import AccountOwner, RoutingRule, Turn
from leads.admin_kinds import Guarded, actor
from leads.logic.conditions import MOST_CONDITIONS

_EMPTY_ROWS = 3
_MOST_IN_LINE = 500


class TurnInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Turn
    form = TurnForm
    fields = (("rep", "weight", "is_member"),)
    extra = 0
    max_num = _MOST_IN_LINE
    can_delete = False
    verbose_name = "place"
    verbose_name_plural = "line: nobody ticked is every rep of the team, with weight 1"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Turn]:
        """With names; locked while they are saved, so that no turn taken meanwhile is lost."""
        rows = super().get_queryset(request).select_related("rep__user", "rep__team").order_by("pk")
        return rows.select_for_update(no_key=True, of=("self",)) if request.method == "POST" else rows

    def get_formset(self, request: HttpRequest, obj: RoutingRule | None = None, **kwargs: Any) -> Any:
        """No more rows than a line may have, whatever is sent."""
        return super().get_formset(request, obj, validate_max=True, absolute_max=_MOST_IN_LINE + 1, **kwargs)


@admin.register(RoutingRule)
class RoutingRuleAdmin(Guarded):
    """Saved is in force: from then on, leads are routed by it."""

    form = RoutingRuleForm
    inlines = (TurnInline,)
    list_display = ("name", "position", "team", "by_hours", "is_active")
    list_filter = ("is_active", "team")
    list_select_related = ("team",)
    search_fields = ("name",)
    search_uid_fields = ("uid",)

    def get_fieldsets(self, request: HttpRequest, obj: RoutingRule | None = None) -> Any:
        """A row for each condition, and some that are empty."""
        rows = min(MOST_CONDITIONS, (len(obj.conditions) if obj else 0) + _EMPTY_ROWS)
        return (
            (None, {"fields": ("name", "position", "team", "by_hours", "is_active", "seen")}),
            (
                "Conditions",
                {
                    "fields": tuple(row_names(number) for number in range(1, rows + 1)),
                    "description": "All must hold; none is for everybody. Lists are separated by commas. "
                    "Save to get more empty rows.",
                },
            ),
        )


@admin.register(AccountOwner)
class AccountOwnerAdmin(Guarded):
    """The account's leads go to its owner before any rule is asked."""

    form = AccountOwnerForm
    list_display = ("account", "rep", "since_at")
    list_filter = ("rep__team",)
    list_select_related = ("account", "rep__user")
    raw_id_fields = ("account",)
    search_fields = ("account__name", "account__domain", "rep__user__last_name", "rep__user__username")
    search_uid_fields = ("account__uid",)

    def get_readonly_fields(self, request: HttpRequest, obj: AccountOwner | None = None) -> tuple[str, ...]:
        """The account, once it is owned."""
        return ("account",) if obj else ()

    def save_model(self, request: HttpRequest, obj: AccountOwner, form: Any, change: bool) -> None:
        """By the action, which journals it."""
        own(obj.account, obj.rep, by=actor(request))
        obj.pk = AccountOwner.objects.values_list("pk", flat=True).get(account=obj.account)

    def delete_model(self, request: HttpRequest, obj: AccountOwner) -> None:
        """By the action, which journals it."""
        own(obj.account, None, by=actor(request))
