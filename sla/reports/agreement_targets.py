"""The promises in force, as an agreement keeps them."""

from collections.abc import Mapping
from dataclasses import replace

from feedback.models import Team
from leads.logic.conditions import Condition
from leads.logic.contributed import Fact, Item
from sla.logic.conditions import POLICY_FIELDS
from sla.logic.durations import Amount, format_amount
from sla.logic.rules import Rules, TargetRule
from sla.logic.rules_diff import TARGET_WORDS
from sla.logic.rules_document import KEYS
from sla.models import PolicyVersion, WorkCalendar
from sla.reports.rules import in_force


def targets() -> list[Item]:
    """The policies that new handoffs come under, in the order in which they are tried, each with its targets; four
    statements, and what is not yet compiled.
    """
    policies = in_force()
    uids = dict(PolicyVersion.objects.filter(pk__in=[pk for pk, _ in policies]).values_list("pk", "policy__uid"))
    calendars = {str(uid): name for uid, name in WorkCalendar.objects.values_list("uid", "name")}
    teams = {name.casefold(): name for name in Team.objects.values_list("name", flat=True)}
    return [
        Item(str(uids[pk]), rules.name, tuple(_facts(rules, calendars.get(rules.calendar, ""), teams)))
        for pk, rules in policies
    ]


def _facts(rules: Rules, calendar: str, teams: Mapping[str, str]) -> list[Fact]:
    conditions = " and ".join(POLICY_FIELDS.words(_named(one, teams)) for one in rules.conditions)
    facts = [Fact("for", f"handoffs whose {conditions}" if conditions else "every handoff")]
    facts += [_target(rules.targets[key]) for key in KEYS if key in rules.targets]
    facts.append(Fact("in the hours of", calendar))
    if rules.valid_until:
        facts.append(Fact("until", f"{rules.valid_until:%Y-%m-%d %H:%M} UTC"))
    return facts


def _named(one: Condition, teams: Mapping[str, str]) -> Condition:
    """A condition on teams with their names as the teams spell them; any other as it is."""
    if one.field != "team" or one.value is None:
        return one
    folded = one.value if isinstance(one.value, tuple) else (one.value,)
    names = tuple(teams.get(str(value), value) for value in folded)
    return replace(one, value=names if isinstance(one.value, tuple) else names[0])


def _target(target: TargetRule) -> Fact:
    amount = Amount(target.minutes, target.days, target.attempts or None, target.channels or None)
    return Fact(f"{TARGET_WORDS[target.key]} within", format_amount(amount), target.minutes or target.days)
