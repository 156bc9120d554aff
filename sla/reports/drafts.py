"""Policies as they are edited, in the form in which they would be published, and what is in force beside them."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from sla.logic.rules_document import AMOUNT_KEYS, EVENT_KEYS, complete, ordered
from sla.models import AppliesTo, ChatChannel, Policy, PolicyVersion, StepTemplate, Target, WorkCalendar


def whole(policies: QuerySet[Policy]) -> QuerySet[Policy]:
    """The policies with all that document_of reads; five statements whatever their number."""
    return policies.select_related("calendar").prefetch_related(
        "conditions", "targets__steps__channel", "targets__steps__template"
    )


def document_of(policy: Policy) -> dict[str, Any]:
    """The draft as PolicyVersion.rules holds it (see sla.logic.rules_document); not checked. Reads as `whole` does."""
    return complete(
        {
            "name": policy.name,
            "position": policy.position,
            "is_active": policy.is_active,
            "hop_limit": policy.hop_limit,
            "valid_from": policy.valid_from.astimezone(dt.UTC).isoformat(),
            "valid_until": policy.valid_until.astimezone(dt.UTC).isoformat() if policy.valid_until else None,
            "calendar": str(policy.calendar.uid),
            "conditions": [
                {"field": one.field, "operator": one.operator, "value": one.value} for one in policy.conditions.all()
            ],
            "targets": {target.key: _target(target) for target in policy.targets.all()},
        }
    )


def steps_of(target: Target) -> list[dict[str, Any]]:
    """The ladder of a target as it is edited, in its order."""
    return ordered(
        [
            {
                "action": step.action,
                "percent": step.percent,
                "minutes_before": step.minutes_before,
                "minutes_after": step.minutes_after,
                "channel": str(step.channel.uid) if step.channel else "",
                "template": str(step.template.uid) if step.template else "",
            }
            for step in sorted(target.steps.all(), key=lambda step: step.pk)
        ]
    )


def in_force_of(policy: Policy) -> PolicyVersion | None:
    """The version that new handoffs come under: the latest that was not published for reports alone."""
    return policy.versions.exclude(applies_to=AppliesTo.REPORT).order_by("-number").first()


def differs(policy: Policy, version: PolicyVersion | None) -> bool:
    """Whether the draft says something else than `version`, what is in force; true as long as nothing is."""
    return version is None or complete(version.rules) != document_of(policy)


def seen_of(policy: Policy) -> str:
    """What a page about this draft was opened on, in short: it changes with the draft and with what is published."""
    latest = policy.versions.order_by("-number").values_list("number", "applies_to").first()
    return hashlib.sha256(json.dumps([document_of(policy), latest], sort_keys=True).encode()).hexdigest()


def names_of(documents: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What the calendars, channels and templates of the documents are called today, by uid; three statements."""
    calendars: set[str] = set()
    others: set[str] = set()
    for document in documents:
        calendars.add(document["calendar"])
        for target in document["targets"].values():
            for step in target["steps"]:
                others |= {step["channel"], step["template"]}
    found: dict[str, str] = {}
    for model, uids in ((WorkCalendar, calendars), (ChatChannel, others), (StepTemplate, others)):
        rows = model.objects.filter(uid__in=uids - {""}).values_list("uid", "name")
        found |= {str(uid): name for uid, name in rows}
    return found


def _target(target: Target) -> dict[str, Any]:
    amounts = {key: getattr(target, key) for key in (*AMOUNT_KEYS, "counts_in")}
    return {**amounts, **{key: getattr(target, key) for key in EVENT_KEYS}, "steps": steps_of(target)}
