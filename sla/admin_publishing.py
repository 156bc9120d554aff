"""The admin pages on which a draft is looked at, published, and compared with what was published before."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from leads.admin_kinds import Guarded, actor
from leads.logic.errors import InvalidInput, LeadLoopError
from sla.actions.moves import Change, migration_preview
from sla.actions.policies import publish
from sla.forms_publishing import CompareForm, PublishForm
from sla.logic.business_time import Calendar
from sla.logic.rules import Rules
from sla.logic.rules_diff import TARGET_WORDS, differences
from sla.models import AppliesTo, Policy
from sla.pages.policies import instant_in, meanings
from sla.reports.drafts import document_of, in_force_of, names_of, seen_of, whole

_CLOCKS_SHOWN = 100


def preview_page(admin: Guarded, request: HttpRequest, pk: int) -> HttpResponse:
    """What publishing the draft would change; for whoever may see policies."""
    policy = _policy(pk) if admin.has_view_permission(request) else None
    return _page(admin, request, _shown(policy), "preview") if policy else _refuse()


def publish_page(admin: Guarded, request: HttpRequest, pk: int) -> HttpResponse:
    """The same, with the choice of what the version applies to; a POST publishes."""
    if not admin.has_change_permission(request):
        return _refuse()
    policy = _policy(pk)
    form = PublishForm(request.POST or None, initial={"seen": seen_of(policy)})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            version = publish(
                policy.pk, by=actor(request), applies_to=AppliesTo(given["applies_to"]), seen=given["seen"]
            )
        except LeadLoopError as error:
            form.add_error(None, error.message)
        else:
            label = AppliesTo(version.applies_to).label
            messages.success(request, f"Published as {version}. It applies to {label}.")
            return redirect("admin:sla_policy_change", policy.pk)
        # A stale page is shown again as things are now, and published again only by who has seen that.
        form.data = {**request.POST.dict(), "seen": seen_of(_policy(pk))}
    return _page(admin, request, {**_shown(_policy(pk)), "form": form}, "publish")


def compare_page(admin: Guarded, request: HttpRequest, pk: int) -> HttpResponse:
    """What differs between two versions of a policy, or a version and the draft."""
    if not admin.has_view_permission(request):
        return _refuse()
    policy = _policy(pk)
    versions = {version.number: version for version in policy.versions.order_by("-number")}
    numbers = list(versions)
    before = {"old": numbers[1] if len(numbers) > 1 else numbers[0] if numbers else 0, "new": (numbers or [0])[0]}
    form = CompareForm(request.GET or before, numbers=numbers)
    context: dict[str, Any] = {"policy": policy, "form": form, "compared": form.is_valid()}
    if form.is_valid():
        old, new = (
            versions[form.cleaned_data[name]].rules if form.cleaned_data[name] else document_of(policy)
            for name in ("old", "new")
        )
        context["lines"] = differences(old, new, names_of([old, new]))
    return _page(admin, request, context, "compare")


def _policy(pk: int) -> Policy:
    policy = whole(Policy.objects.all()).filter(pk=pk).first() if pk < 2**63 else None
    if policy is None:
        raise Http404("There is no such policy.")
    return policy


def _refuse() -> HttpResponse:
    raise PermissionDenied


def _shown(policy: Policy) -> dict[str, Any]:
    """Draft against what is in force, what it means now, and which running clocks it could move."""
    draft, version = document_of(policy), in_force_of(policy)
    latest = policy.calendar.versions.order_by("-number").first()
    now = dt.datetime.now(dt.UTC)
    context: dict[str, Any] = {"policy": policy, "version": version}
    if version:
        context["lines"] = differences(version.rules, draft, names_of([version.rules, draft]))
    try:
        rules = Rules.from_dict(draft)
        calendar = Calendar.from_dict(latest.hours if latest else policy.calendar.as_dict())
    except InvalidInput as error:
        return {**context, "problem": error.message}
    count, changes = migration_preview(policy.pk, rules, at=now, limit=_CLOCKS_SHOWN)
    zone = calendar.timezone
    return {
        **context,
        "zone": zone,
        "now": instant_in(zone, now),
        "meanings": meanings(rules, calendar, names_of([draft]), now=now),
        "clock_count": count,
        "clocks": [
            (
                change.handoff,
                TARGET_WORDS.get(change.target, change.target),
                instant_in(zone, change.due_at),
                _then(change, zone=zone, now=now),
            )
            for change in changes
        ],
    }


def _then(change: Change, *, zone: str, now: dt.datetime) -> str:
    if change.becomes_at is None:
        return "no longer promised"
    if change.becomes_at <= now:
        return "at once: the time is used up"
    return "the same" if change.becomes_at == change.due_at else instant_in(zone, change.becomes_at)


def _page(admin: Guarded, request: HttpRequest, context: dict[str, Any], name: str) -> HttpResponse:
    titles = {"preview": "Preview of the draft of", "publish": "Publish", "compare": "Versions of"}
    whole_context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": f"{titles[name]} {context['policy']}",
        "name": name,
        "may_publish": admin.has_change_permission(request),
        **context,
    }
    return TemplateResponse(request, f"admin/sla/policy/{name}.html", whole_context)
