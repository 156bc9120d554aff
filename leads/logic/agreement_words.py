"""An agreement in plain words: sections of lines, each line a sentence in which every figure is marked.

Lines and figures have keys that stay the same from one version to the next, so that versions can be compared and each
figure can tell its history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leads.logic import facts
from leads.logic.agreement import (
    ACCOUNT,
    OPTED_IN,
    REQUIRABLE,
    Agreement,
    Duties,
    FitTerm,
    IntentTerm,
    MqlRule,
)
from leads.logic.agreement_phrases import (
    Figure,
    Parts,
    condition_parts,
    count_parts,
    days_figure,
    joined,
    numbered,
    signed_words,
    what_words,
)
from leads.logic.contributed import Contribution, Item

FIT, INTENT, READY, SQL, DUTIES, CONTRIBUTED = "fit", "intent", "ready", "sql", "duties", "contributed"

TITLES: Mapping[str, tuple[str, str]] = {
    FIT: ("Who fits", "Points for what is known of a lead and its account. Their sum, from 0 to 100, is the fit."),
    INTENT: (
        "What shows interest",
        "Points for what somebody does. They fade with time; their sum, from 0 to 100, is the intent.",
    ),
    READY: (
        "When a lead is sales-ready (MQL)",
        "The first rule that holds offers the lead to sales by itself.",
    ),
    SQL: ("What an SQL is", "Sales makes a lead an SQL when all of this holds."),
    DUTIES: ("What marketing owes", "Before a lead is offered, marketing sees to this."),
}
_CONTRIBUTED_TITLES: Mapping[str, tuple[str, str]] = {
    "targets": ("What sales owes", "The times that sales keeps, in business time."),
    "reasons": ("Why sales may say no", "The reasons sales can give, and what follows from each."),
}


@dataclass(frozen=True)
class Line:
    """A sentence: `name` is what the line is about, `parts` what is said of it."""

    key: str
    name: str
    parts: Parts = ()

    @property
    def words(self) -> str:
        """What is said, as text."""
        return "".join(part if isinstance(part, str) else part.words for part in self.parts)


@dataclass(frozen=True)
class Section:
    """`is_ordered` when the order of its lines means something: the first that holds is taken."""

    key: str
    title: str
    lead: str
    lines: tuple[Line, ...]
    is_ordered: bool = False


def sections(
    agreement: Agreement, contributed: Sequence[Contribution], page_groups: Mapping[str, str]
) -> tuple[Section, ...]:
    """The whole agreement in words. `page_groups` are what the page groups are called, by key."""
    own = (
        _section(FIT, [_fit_line(term) for term in agreement.fit]),
        _section(INTENT, [_intent_line(term, page_groups) for term in agreement.intent]),
        _section(READY, [_rule_line(rule, page_groups) for rule in agreement.rules], is_ordered=True),
        _section(SQL, [Line(f"sql.{one}", one) for one in agreement.sql]),
        _section(DUTIES, _duty_lines(agreement.duties)),
    )
    # Targets before reasons: first what is promised, then what is answered.
    added = sorted(contributed, key=lambda one: (one.key != "targets", one.key))
    return (*own, *(_contributed(one) for one in added))


def figures(parts: Sequence[Section]) -> dict[str, Figure]:
    """Every figure of an agreement, by its key."""
    return {part.key: part for one in parts for line in one.lines for part in line.parts if isinstance(part, Figure)}


def warnings(agreement: Agreement) -> list[str]:
    """What the text can never do, a sentence each: a rule that no score reaches, an agreement that offers nobody."""
    said = []
    if not agreement.rules:
        said.append("There is no rule: nobody is offered to sales by themselves.")
    most_fit = min(100, sum(term.points for term in agreement.fit if term.points > 0))
    most_intent = min(100, sum(min(term.cap, 100) for term in agreement.intent if term.points > 0))
    for rule in agreement.rules:
        if rule.min_fit > most_fit:
            said.append(f"“{rule.label}” asks for a fit of {rule.min_fit}; the terms reach {most_fit} at most.")
        if rule.min_intent > most_intent:
            said.append(
                f"“{rule.label}” asks for an intent of {rule.min_intent}; the terms reach {most_intent} at most."
            )
    return said


def _section(key: str, lines: Sequence[Line], *, is_ordered: bool = False) -> Section:
    title, lead = TITLES[key]
    return Section(key, title, lead, tuple(lines), is_ordered)


def _fit_line(term: FitTerm) -> Line:
    key = f"fit.{term.label}"
    return Line(
        key,
        term.label,
        (
            Figure(f"{key}.points", signed_words(term.points)),
            " when ",
            *condition_parts(key, term.condition, facts.ICP),
        ),
    )


def _intent_line(term: IntentTerm, page_groups: Mapping[str, str]) -> Line:
    key = f"intent.{term.label}"
    return Line(
        key,
        term.label,
        (
            Figure(f"{key}.points", signed_words(term.points)),
            f" for each {what_words(term.kind, term.page_group, 1, page_groups)}, half of it gone after ",
            days_figure(f"{key}.half_life_days", term.half_life_days),
            ", at most " if term.points > 0 else ", down to ",
            Figure(f"{key}.cap", str(term.cap) if term.points > 0 else f"−{term.cap}"),
            " in all",
        ),
    )


def _rule_line(rule: MqlRule, page_groups: Mapping[str, str]) -> Line:
    key = f"rule.{rule.key}"
    is_account = rule.of == ACCOUNT
    asked: list[Parts] = []
    if rule.min_fit:
        asked.append(("a fit of at least ", Figure(f"{key}.min_fit", str(rule.min_fit))))
    if rule.min_intent:
        asked.append(("an intent of at least ", Figure(f"{key}.min_intent", str(rule.min_intent))))
    asked += [count_parts(f"{key}.{number}", one, page_groups) for number, one in numbered(rule.counts)]
    said: list[str | Figure] = ["an account with " if is_account else "a lead with ", *joined(asked, " and ")]
    if rule.conditions:
        vocabulary = facts.ACCOUNT if is_account else facts.ICP
        said += [", while ", *joined([condition_parts(key, one, vocabulary) for one in rule.conditions], " and ")]
    if is_account:
        sure = Figure(f"{key}.min_confidence", f"{rule.min_confidence} %")
        said += ["; everybody there counts, unknown visitors when it is at least ", sure, " sure whose they are"]
    return Line(key, rule.label, tuple(said))


def _duty_lines(duties: Duties) -> list[Line]:
    lines = [Line(f"duties.required.{key}", f"Knows {REQUIRABLE[key]}") for key in duties.required]
    consent = (
        "Has the lead’s consent: they opted in"
        if duties.consent == OPTED_IN
        else "Respects consent: nobody who opted out is offered"
    )
    lines.append(Line("duties.consent", "Consent", (consent,)))
    if duties.context_days:
        days = days_figure("duties.context_days", duties.context_days)
        lines.append(Line("duties.context_days", "Context", ("shows something that was done in the last ", days)))
    days = days_figure("duties.again_after_days", duties.again_after_days)
    again = ("leaves a lead alone for ", days, " after a handoff that ended without a reason")
    lines.append(Line("duties.again_after_days", "Patience", again))
    return lines


def _contributed(one: Contribution) -> Section:
    title, lead = _CONTRIBUTED_TITLES.get(one.key, (one.label, ""))
    lines = tuple(_item_line(f"{one.key}.{item.key}", item) for item in one.items)
    return Section(one.key, title, lead, lines, is_ordered=one.key == "targets")


def _item_line(key: str, item: Item) -> Line:
    said: list[Parts] = []
    for fact in item.facts:
        name = f"{fact.name} " if fact.name else ""
        figure = fact.words if fact.value is None else Figure(f"{key}.{fact.name}", fact.words)
        said.append((name, figure))
    return Line(key, item.label, joined(said, "; "))
