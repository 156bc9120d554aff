"""Publishing SLA rules: from what admins edit to what clocks run under."""

from typing import Any

from django.db import transaction

from leads.actions import journal
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, NotFound
from sla.logic.rules import Rules
from sla.models import Policy, PolicyVersion, WorkCalendar


@transaction.atomic
def publish(policy_id: int, *, by: Actor) -> PolicyVersion:
    """The version now in force: a new one, or the latest when nothing differs. Running clocks keep theirs.

    NotFound; InvalidInput(<field>) for a calendar that never opens or a ladder that makes no sense, and then nothing is
    published. Locks the policy. Journals policy.published.
    """
    policy = (
        Policy.objects.select_for_update(of=("self",)).select_related("calendar", "team").filter(pk=policy_id).first()
    )
    if policy is None:
        raise NotFound("There is no such policy.")
    rules = _rules(policy)
    Rules.from_dict(rules)
    latest = policy.versions.order_by("-number").first()
    if latest and latest.rules == rules:
        return latest
    version = PolicyVersion.objects.create(policy=policy, number=latest.number + 1 if latest else 1, rules=rules)
    journal.record(
        journal.Entry(
            kind="policy.published",
            by=by,
            at=database_now(),
            data={"policy": str(policy.uid), "version": str(version.uid), "number": version.number},
        )
    )
    return version


@transaction.atomic
def publish_for_calendar(calendar_id: int, *, by: Actor) -> list[PolicyVersion]:
    """The versions in force of every policy that counts in the calendar, published anew where it changed them.

    NotFound, InvalidInput as publish. Locks the policies.
    """
    calendar = WorkCalendar.objects.filter(pk=calendar_id).first()
    if calendar is None:
        raise NotFound("There is no such calendar.")
    return [publish(pk, by=by) for pk in calendar.policies.order_by("pk").values_list("pk", flat=True)]


def _rules(policy: Policy) -> dict[str, Any]:
    targets = {
        target.key: {
            "minutes": target.minutes,
            "steps": [
                {"action": step.action, "percent": step.percent, "minutes_after": step.minutes_after}
                for step in target.steps.all()
            ],
        }
        for target in policy.targets.prefetch_related("steps")
    }
    if not targets:
        raise InvalidInput("A policy needs at least one target.", field="targets")
    return {
        "name": policy.name,
        "team": str(policy.team.uid) if policy.team else "",
        "channel": policy.channel,
        "valid_from": policy.valid_from.isoformat(),
        "valid_until": policy.valid_until.isoformat() if policy.valid_until else None,
        "calendar": policy.calendar.as_dict(),
        "targets": targets,
    }
