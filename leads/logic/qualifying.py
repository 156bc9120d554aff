"""When a lead or an account is sales-ready: the rules of the agreement, and what marketing still owes."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leads.logic.agreement import ACCOUNT, LEAD, OPTED_IN, REQUIRABLE, Agreement, Count, Duties, MqlRule
from leads.logic.conditions import Facts
from leads.logic.scoring import DayCount, Score, fit, intent, least_confidence, sure

_TELLING = 3


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The scores of somebody, and the rule they meet: None where none is met, and then `why` is ""."""

    fit: Score
    intent: Score
    rule: MqlRule | None = None
    why: str = ""


def judge(agreement: Agreement, facts: Facts, days: Sequence[DayCount], *, of: str, on: dt.date) -> Judged:
    """What the agreement says of a lead or (`of` account) an account on the UTC day `on`: the first rule met decides.

    A rule of an account sees only the engagements whose account is as sure as the rule asks.
    """
    fitting = fit(agreement.fit, facts)
    if of == ACCOUNT:
        days = sure(days, least=least_confidence(agreement))
    everything = intent(agreement.intent, days, on=on)
    for rule in agreement.rules:
        if rule.of != of:
            continue
        seen = days if of == LEAD else sure(days, least=rule.min_confidence)
        interest = everything if len(seen) == len(days) else intent(agreement.intent, seen, on=on)
        found = [counted(one, seen, on=on) for one in rule.counts]
        if (
            fitting.value >= rule.min_fit
            and interest.value >= rule.min_intent
            and all(one.holds(facts) for one in rule.conditions)
            and all(number >= one.at_least for number, one in zip(found, rule.counts, strict=True))
        ):
            why = _sentence(rule, fitting, interest, found)
            return Judged(fit=fitting, intent=interest, rule=rule, why=why)
    return Judged(fit=fitting, intent=everything)


def counted(one: Count, days: Iterable[DayCount], *, on: dt.date) -> int:
    """How many engagements the count finds in its window, which ends with the UTC day `on`."""
    first = on - dt.timedelta(days=one.within_days - 1)
    return sum(
        day.count
        for day in days
        if first <= day.happened_on <= on and day.kind == one.kind and one.page_group in ("", day.page_group)
    )


def owed(duties: Duties, known: Collection[str], *, consent: str, engaged_at: dt.datetime, now: dt.datetime) -> str:
    """What marketing owes before it may offer, as a sentence; "" when it owes nothing.

    `known` are the keys of REQUIRABLE that are filled in.
    """
    missing = [REQUIRABLE[key] for key in duties.required if key not in known]
    if missing:
        return f"Marketing owes {_listed(missing)}."
    if duties.consent == OPTED_IN and consent != "opt_in":
        return "Marketing owes the person's consent."
    if duties.context_days and now - engaged_at > dt.timedelta(days=duties.context_days):
        return f"Nothing was done in the last {duties.context_days} days."
    return ""


def _sentence(rule: MqlRule, fitting: Score, interest: Score, found: Sequence[int]) -> str:
    parts = [
        f"{_thing(one)} {number} times in {one.within_days} days ({one.at_least} asked)"
        for number, one in zip(found, rule.counts, strict=True)
    ]
    if rule.min_fit:
        parts.append(f"fit {fitting.value} ({rule.min_fit} asked)")
    if rule.min_intent:
        parts.append(f"intent {interest.value} ({rule.min_intent} asked{_mostly(interest.parts)})")
    return f"{rule.label}: {', '.join(parts)}."[:500]


def _mostly(parts: Mapping[str, float]) -> str:
    heaviest = sorted((pair for pair in parts.items() if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    said = ", ".join(f"{label} {points:g}" for label, points in heaviest[:_TELLING])
    return f"; {said}" if said else ""


_THINGS = {
    "page_view": "page views", "form": "forms", "email_click": "clicks in mail", "email_open": "opened mails",
    "webinar": "webinars", "download": "downloads", "trial": "trials", "meeting": "meetings", "other": "engagements",
}  # fmt: skip


def _thing(one: Count) -> str:
    words = _THINGS.get(one.kind, one.kind)
    return f"{words} of {one.page_group}" if one.page_group else words


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
