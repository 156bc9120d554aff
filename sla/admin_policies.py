"""Policies, for operations: edited as a draft, looked at before they are published, compared afterwards."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path

from leads.admin_kinds import Guarded, ReadOnly
from leads.logic.conditions import MOST_CONDITIONS
from sla import admin_publishing, admin_rules_file
from sla.actions.ladders import replace_ladder
from sla.forms_policies import ConditionForm, PolicyForm, TargetForm, TargetFormSet
from sla.logic.rules_diff import differences
from sla.logic.rules_document import KEYS
from sla.models import Condition, Policy, PolicyVersion, Target
from sla.pages.policies import promises_in_words
from sla.reports.drafts import document_of, in_force_of, names_of, whole

DRAFT_SAVED = "Draft saved. Nothing runs under it until it is published."


class ConditionInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Condition
    form = ConditionForm
    fields = (("field", "operator", "value"),)
    extra = 0
    max_num = MOST_CONDITIONS
    verbose_name_plural = "conditions: all must hold, none is for everybody"

    def get_formset(self, request: HttpRequest, obj: Policy | None = None, **kwargs: Any) -> Any:
        """No more rows than rules may have, whatever is sent."""
        return super().get_formset(request, obj, validate_max=True, absolute_max=MOST_CONDITIONS + 1, **kwargs)


class TargetInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Target
    form = TargetForm
    formset = TargetFormSet
    extra = 0
    min_num = 1
    max_num = len(KEYS)
    fieldsets = (
        (None, {"fields": ("key", "within", "counts_in", "ladder")}),
        (
            "What starts and ends it, and what it runs through",
            {"fields": ("starts", "stops", "cancels", "runs_through"), "classes": ("collapse",)},
        ),
    )

    class Media:
        js = ("leadloop/js/open_ticked.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """With the steps that the forms write out."""
        return super().get_queryset(request).prefetch_related("steps__channel", "steps__template")

    def get_formset(self, request: HttpRequest, obj: Policy | None = None, **kwargs: Any) -> Any:
        """A policy promises something, and each thing once."""
        return super().get_formset(
            request, obj, validate_min=True, validate_max=True, absolute_max=len(KEYS) + 1, **kwargs
        )


@admin.register(Policy)
class PolicyAdmin(Guarded):
    """Saving saves the draft; publishing is a page of its own."""

    form = PolicyForm
    inlines = (ConditionInline, TargetInline)
    list_display = ("name", "position", "is_active", "in_force", "calendar", "valid_from", "valid_until")
    list_filter = ("is_active",)
    list_select_related = ("calendar",)
    readonly_fields = ("in_force", "not_published")
    search_fields = ("name",)
    save_on_top = False

    @admin.display(description="in force")
    def in_force(self, policy: Policy) -> str:
        """The version that new handoffs come under."""
        version = in_force_of(policy) if policy.pk else None
        return f"Version {version.number}" if version else "Not published yet"

    @admin.display(description="draft")
    def not_published(self, policy: Policy) -> str:
        """What publishing would change, a line each."""
        found = whole(Policy.objects.all()).filter(pk=policy.pk).first() if policy.pk else None
        if found is None:
            return "Shown once it is saved."
        version = in_force_of(found)
        if version is None:
            return "Nothing runs under it until it is published."
        draft = document_of(found)
        lines = differences(version.rules, draft, names_of([version.rules, draft]))
        if not lines:
            return f"The same as version {version.number} in force."
        return "\n".join([f"Differs from version {version.number} in force:", *lines])

    def get_urls(self) -> list[URLPattern]:
        """Also the pages that publish, compare, and carry all rules in one file."""
        own = [
            path("<int:pk>/preview/", self._page(admin_publishing.preview_page), name="sla_policy_preview"),
            path("<int:pk>/publish/", self._page(admin_publishing.publish_page), name="sla_policy_publish"),
            path("<int:pk>/compare/", self._page(admin_publishing.compare_page), name="sla_policy_compare"),
            path("rules-file/", self._page(admin_rules_file.rules_file_page), name="sla_policy_rules_file"),
            path("rules-file/rules.toml", self._page(admin_rules_file.download), name="sla_policy_download"),
        ]
        return own + super().get_urls()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Also write the ladders of the targets, and say that nothing runs under any of it yet."""
        super().save_related(request, form, formsets, change)
        for one in (form for formset in formsets if formset.model is Target for form in formset.forms):
            if one.instance.pk and "ladder" in one.cleaned_data and not one.cleaned_data.get("DELETE"):
                replace_ladder(one.instance.pk, one.cleaned_data["ladder"])
        self.message_user(request, DRAFT_SAVED)

    def response_post_save_add(self, request: HttpRequest, obj: Policy) -> HttpResponseRedirect:
        """Back to the policy, from where it can be looked at and published."""
        return redirect("admin:sla_policy_change", obj.pk)

    response_post_save_change = response_post_save_add

    def _page(self, view: Any) -> Any:
        def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer: HttpResponse = view(self, request, *args, **kwargs)
            return answer

        return self.admin_site.admin_view(shown)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnly):
    list_display = ("__str__", "applies_to", "published_at", "published_by", "clock_count")
    list_filter = ("policy", "applies_to")
    list_select_related = ("policy", "published_by")
    fields = ("uid", "policy", "number", "applies_to", "published_at", "published_by", "promises", "rules")
    readonly_fields = ("promises",)
    ordering = ("-id",)

    @admin.display(description="clocks under it")
    def clock_count(self, version: PolicyVersion) -> int:
        """How many clocks run or ran under it."""
        return version.clocks.count()

    @admin.display(description="promises")
    def promises(self, version: PolicyVersion) -> str:
        """What it promises, as it is typed in the policy."""
        return promises_in_words(version.rules, names_of([version.rules]))
