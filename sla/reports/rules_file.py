"""All rules as they are edited, by name, and what reading a file in would change."""

import hashlib
from typing import Any

from feedback.models import Rep, Team
from sla.logic.rules_document import complete
from sla.logic.rules_file import RuleSet, changes, write
from sla.logic.rules_reading import Known, read
from sla.models import ChatChannel, Policy, StepTemplate, WorkCalendar
from sla.reports.drafts import document_of, whole


def rule_set() -> RuleSet:
    """The calendars, channels, templates and drafts of now; a dozen statements, whatever their number."""
    policies = {policy.name: _named(policy) for policy in whole(Policy.objects.all())}
    calendars = WorkCalendar.objects.prefetch_related("exceptions", "uses__rep__user", "uses__team")
    return RuleSet(
        calendars={calendar.name: _calendar(calendar) for calendar in calendars},
        channels=tuple(ChatChannel.objects.values_list("name", flat=True)),
        templates={one.name: (one.subject, one.body) for one in StepTemplate.objects.all()},
        policies=policies,
    )


def known() -> Known:
    """What a file may name; five statements."""
    return Known(
        calendars=frozenset(WorkCalendar.objects.values_list("name", flat=True)),
        channels=frozenset(ChatChannel.objects.values_list("name", flat=True)),
        templates=frozenset(StepTemplate.objects.values_list("name", flat=True)),
        reps=frozenset(Rep.objects.values_list("user__username", flat=True)),
        teams=frozenset(Team.objects.values_list("name", flat=True)),
    )


def exported() -> str:
    """All rules as a file."""
    return write(rule_set())


def looked_at(text: str, *, only_these: bool = False) -> tuple[list[str], str]:
    """What importing the file would change, a line each, and a digest of the rules it was compared with.

    InvalidInput names the place in the file.
    """
    now = rule_set()
    return changes(now, read(text, known()), only_these=only_these), digest_of(now)


def digest_of(rules: RuleSet) -> str:
    """The rules in short: it changes with any of them."""
    return hashlib.sha256(write(rules).encode()).hexdigest()


def _calendar(calendar: WorkCalendar) -> dict[str, Any]:
    uses = list(calendar.uses.all())
    return {
        "timezone": calendar.timezone,
        "weekly": calendar.weekly,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "holidays_until": calendar.holidays_until,
        "exceptions": {day.on.isoformat(): (day.label, day.intervals, day.source) for day in calendar.exceptions.all()},
        "reps": sorted(use.rep.user.get_username() for use in uses if use.rep),
        "teams": sorted(use.team.name for use in uses if use.team),
        "countries": sorted(use.country for use in uses if use.country),
    }


def _named(policy: Policy) -> dict[str, Any]:
    """The draft with names in place of uids."""
    document = document_of(policy)
    names = {str(policy.calendar.uid): policy.calendar.name}
    for target in policy.targets.all():
        for step in target.steps.all():
            for one in (step.channel, step.template):
                if one:
                    names[str(one.uid)] = one.name
    document["calendar"] = names[document["calendar"]]
    for target in document["targets"].values():
        for step in target["steps"]:
            step["channel"], step["template"] = names.get(step["channel"], ""), names.get(step["template"], "")
    return complete(document)
