"""The promises in force, as an agreement keeps them."""

from leads.logic.contributed import Fact, Item
from sla.logic.conditions import POLICY_FIELDS
from sla.logic.durations import Amount, format_amount
from sla.logic.rules import Rules, TargetRule
from sla.logic.rules_diff import TARGET_WORDS
from sla.logic.rules_document import KEYS
from sla.models import PolicyVersion, WorkCalendar
from sla.reports.rules import in_force


def targets() -> list[Item]:
    """The policies that new handoffs come under, in the order in which they are tried, each with its targets; three
    statements, and what is not yet compiled.
    """
    policies = in_force()
    uids = dict(PolicyVersion.objects.filter(pk__in=[pk for pk, _ in policies]).values_list("pk", "policy__uid"))
    calendars = {str(uid): name for uid, name in WorkCalendar.objects.values_list("uid", "name")}
    return [
        Item(str(uids[pk]), rules.name, tuple(_facts(rules, calendars.get(rules.calendar, ""))))
        for pk, rules in policies
    ]


def _facts(rules: Rules, calendar: str) -> list[Fact]:
    conditions = " and ".join(POLICY_FIELDS.words(one) for one in rules.conditions)
    facts = [Fact("for", f"handoffs whose {conditions}" if conditions else "every handoff")]
    facts += [_target(rules.targets[key]) for key in KEYS if key in rules.targets]
    facts.append(Fact("in the hours of", calendar))
    if rules.valid_until:
        facts.append(Fact("until", f"{rules.valid_until:%Y-%m-%d %H:%M} UTC"))
    return facts


def _target(target: TargetRule) -> Fact:
    amount = Amount(target.minutes, target.days, target.attempts or None, target.channels or None)
    return Fact(f"{TARGET_WORDS[target.key]} within", format_amount(amount), target.minutes or target.days)
