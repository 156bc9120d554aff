"""Reading all rules in from one file: all or nothing, as drafts, and published when asked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from feedback.models import Rep, Team
from leads.logic.actors import Actor
from leads.logic.errors import StateConflict
from sla.actions.calendars import publish_calendar
from sla.actions.ladders import replace_ladder
from sla.actions.policies import publish
from sla.logic.ladder import StepRule
from sla.logic.rules_document import AMOUNT_KEYS, EVENT_KEYS
from sla.logic.rules_file import RuleSet, changes
from sla.logic.rules_reading import read
from sla.models import (
    AppliesTo,
    CalendarException,
    CalendarUse,
    ChatChannel,
    Condition,
    Policy,
    PolicyVersion,
    StepTemplate,
    Target,
    WorkCalendar,
)
from sla.reports.drafts import differs, in_force_of, whole
from sla.reports.rules_file import digest_of, known, rule_set

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('sla.rules_file'))"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What changed, a line each, and the versions that were published."""

    lines: list[str]
    versions: list[PolicyVersion]


@transaction.atomic
def import_rules(
    text: str, *, by: Actor, applies_to: AppliesTo | None = None, only_these: bool = False, seen: str | None = None
) -> Imported:
    """Make the drafts say what the file says; what it does not hold stays, unless `only_these` withdraws its policies.

    With `applies_to`, every policy of the file, and every one withdrawn, whose draft differs from what is in force is
    published so, the calendars of the file first (for AppliesTo.REPORT they stay as they are). `seen` is the digest of
    the rules somebody compared the file with: StateConflict when they are different now. InvalidInput names the place
    in the file. Locks out other imports, and locks all policies and calendars.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    policies = list(Policy.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    list(WorkCalendar.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    now = rule_set()
    if seen is not None and seen != digest_of(now):
        raise StateConflict("Somebody changed the rules since you looked. Look at what the file changes again.")
    rules = read(text, known())
    lines = changes(now, rules, only_these=only_these)
    for name, calendar in rules.calendars.items():
        if now.calendars.get(name) != calendar:
            _write_calendar(name, calendar)
    for name, (subject, body) in rules.templates.items():
        StepTemplate.objects.update_or_create(name=name, defaults={"subject": subject, "body": body})
    for name, policy in rules.policies.items():
        if now.policies.get(name) != policy:
            _write_policy(policy)
    if only_these:
        Policy.objects.filter(pk__in=policies, is_active=True).exclude(name__in=rules.policies).update(is_active=False)
    versions = _published(rules, by=by, applies_to=applies_to, only_these=only_these) if applies_to else []
    return Imported(lines=lines, versions=versions)


def _write_calendar(name: str, calendar: Mapping[str, Any]) -> None:
    kept = ("timezone", "weekly", "country", "subdivision", "holidays_until")
    row, _ = WorkCalendar.objects.update_or_create(name=name, defaults={key: calendar[key] for key in kept})
    row.exceptions.all().delete()
    CalendarException.objects.bulk_create(
        CalendarException(calendar=row, on=dt.date.fromisoformat(on), label=label, intervals=intervals, source=source)
        for on, (label, intervals, source) in calendar["exceptions"].items()
    )
    reps = Rep.objects.filter(user__username__in=calendar["reps"])
    teams = Team.objects.filter(name__in=calendar["teams"])
    row.uses.all().delete()
    # What another calendar told until now is told by this one.
    CalendarUse.objects.filter(rep__in=reps).delete()
    CalendarUse.objects.filter(team__in=teams).delete()
    CalendarUse.objects.filter(country__in=calendar["countries"]).delete()
    CalendarUse.objects.bulk_create(
        [
            *(CalendarUse(calendar=row, rep=rep) for rep in reps),
            *(CalendarUse(calendar=row, team=team) for team in teams),
            *(CalendarUse(calendar=row, country=country) for country in calendar["countries"]),
        ]
    )


def _write_policy(document: Mapping[str, Any]) -> None:
    until = document["valid_until"]
    row, _ = Policy.objects.update_or_create(
        name=document["name"],
        defaults={
            "position": document["position"],
            "is_active": document["is_active"],
            "hop_limit": document["hop_limit"],
            "calendar": WorkCalendar.objects.get(name=document["calendar"]),
            "valid_from": dt.datetime.fromisoformat(document["valid_from"]),
            "valid_until": dt.datetime.fromisoformat(until) if until else None,
        },
    )
    row.conditions.all().delete()
    Condition.objects.bulk_create(Condition(policy=row, **one) for one in document["conditions"])
    row.targets.all().delete()
    channels = dict(ChatChannel.objects.values_list("name", "uid"))
    templates = dict(StepTemplate.objects.values_list("name", "uid"))
    for key, target in document["targets"].items():
        kept = (*AMOUNT_KEYS, *EVENT_KEYS, "counts_in")
        made = Target.objects.create(policy=row, key=key, **{name: target[name] for name in kept})
        steps = [
            StepRule(
                **{
                    **step,
                    "channel": str(channels[step["channel"]]) if step["channel"] else "",
                    "template": str(templates[step["template"]]) if step["template"] else "",
                }
            )
            for step in target["steps"]
        ]
        replace_ladder(made.pk, steps)


def _published(rules: RuleSet, *, by: Actor, applies_to: AppliesTo, only_these: bool) -> list[PolicyVersion]:
    # A version for reports must not change the hours of what is in force.
    changed_hours = WorkCalendar.objects.filter(name__in=rules.calendars if applies_to != AppliesTo.REPORT else ())
    for calendar in changed_hours.order_by("pk"):
        publish_calendar(calendar.pk, by=by, moves_running=applies_to == AppliesTo.RUNNING)
    chosen = whole(Policy.objects.all()) if only_these else whole(Policy.objects.filter(name__in=rules.policies))
    changed = [policy for policy in chosen.order_by("pk") if differs(policy, in_force_of(policy))]
    return [publish(policy.pk, by=by, applies_to=applies_to) for policy in changed]
