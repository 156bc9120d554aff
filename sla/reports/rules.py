"""The rules in force, compiled once per version."""

from functools import lru_cache

from feedback.models import Handoff
from sla.logic.rules import Rules
from sla.models import PolicyVersion


@lru_cache(maxsize=512)
def rules_of(version_id: int) -> Rules:
    """The compiled rules of a version. A version never changes, so keeping them is safe."""
    return Rules.from_dict(PolicyVersion.objects.values_list("rules", flat=True).get(pk=version_id))


def in_force() -> list[tuple[int, Rules]]:
    """The latest version of each active policy, in the order in which they are tried; one statement and what is not yet
    compiled.
    """
    versions = (
        PolicyVersion.objects.filter(policy__is_active=True)
        .order_by("policy__position", "policy_id", "-number")
        .distinct("policy__position", "policy_id")
        .values_list("pk", flat=True)
    )
    return [(version_id, rules_of(version_id)) for version_id in versions]


def matching(handoff: Handoff, versions: list[tuple[int, Rules]]) -> tuple[int, Rules] | None:
    """The first version that applies to the handoff, or None: then nothing is promised.

    The handoff's team is read only where a rule names one.
    """
    for version_id, rules in versions:
        is_concerned = not rules.team or rules.team == str(handoff.team.uid)
        if is_concerned and rules.apply_to(channel=handoff.channel, at=handoff.offered_at):
            return version_id, rules
    return None
