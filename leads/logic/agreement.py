"""The agreement as values: what fit, intent, an MQL and an SQL are, and what marketing owes before it offers.

A document is JSON; `read` makes an Agreement of one and refuses what cannot be meant, `written` makes the document
again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from leads.logic import facts
from leads.logic.conditions import Condition, Vocabulary
from leads.logic.errors import InvalidInput
from leads.logic.tables import Table
from leads.logic.text import one_line

MOST_TERMS, MOST_RULES, MOST_LINES = 40, 20, 20
MOST_POINTS = 100
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
LEAD, ACCOUNT = "lead", "account"
ANYBODY, OPTED_IN = "not_opted_out", "opted_in"

# What marketing can promise to know of a lead before it offers it, and what that is called.
REQUIRABLE: Mapping[str, str] = {
    "lead_name": "the name",
    "lead_email": "a mail address",
    "lead_phone": "a phone number",
    "lead_title": "the job title",
    "account": "the account",
    "account_industry": "the account's industry",
    "account_employees": "the account's size",
    "region": "the account's country",
    "campaign": "the campaign",
}


@dataclass(frozen=True, kw_only=True)
class FitTerm:
    """`points`, -100 to 100, while `condition` holds. Labels are unique among the terms of a score."""

    label: str
    condition: Condition
    points: int


@dataclass(frozen=True, kw_only=True)
class IntentTerm:
    """`points` for each engagement of `kind` in `page_group` ("" for any), halved every `half_life_days`.

    The sum is never further from zero than `cap` (1 to 100); negative points make a negative term.
    """

    label: str
    kind: str
    page_group: str = ""
    points: int
    half_life_days: int
    cap: int


@dataclass(frozen=True, kw_only=True)
class Count:
    """At least so many engagements of `kind` in `page_group` ("" for any) in the last `within_days` days, today
    included (UTC days).
    """

    kind: str
    page_group: str = ""
    at_least: int
    within_days: int


@dataclass(frozen=True, kw_only=True)
class MqlRule:
    """When a lead, or (`of` account) a whole account, is sales-ready: every part holds.

    A lead rule asks scores, conditions and counts of one person. An account rule asks conditions of the account and
    counts over everybody there, unknown visitors included whose account is at least `min_confidence` percent sure; its
    fit is the account's, its intent everybody's together.
    """

    key: str
    label: str
    of: str = LEAD
    min_fit: int = 0
    min_intent: int = 0
    conditions: tuple[Condition, ...] = ()
    counts: tuple[Count, ...] = ()
    min_confidence: int = 60


@dataclass(frozen=True, kw_only=True)
class Duties:
    """What marketing owes before it offers: facts known (keys of REQUIRABLE), consent, something done within
    `context_days` days (0 for no demand); and how many days it leaves a lead alone after a handoff that ended without a
    reason (expired, recalled, lost).
    """

    required: tuple[str, ...] = ()
    consent: str = ANYBODY
    context_days: int = 30
    again_after_days: int = 30


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """The whole text. `sql` is the checklist of what an SQL is, a sentence each; rules are asked in order."""

    fit: tuple[FitTerm, ...] = ()
    intent: tuple[IntentTerm, ...] = ()
    rules: tuple[MqlRule, ...] = ()
    sql: tuple[str, ...] = ()
    duties: Duties = field(default_factory=Duties)


def read(document: object, *, kinds: Sequence[str], page_groups: Sequence[str] | None = None) -> Agreement:
    """The agreement that a document says. `kinds` are the kinds of engagement there are, `page_groups` the keys of page
    groups (None: not asked, for what was published). InvalidInput(<path>), like icp.terms[2].points.
    """
    top = Table(document)
    known = _Known(kinds=tuple(kinds), page_groups=tuple(page_groups) if page_groups is not None else None)
    parts = {name: top.table(name, required=False) for name in ("icp", "intent", "mql", "sql", "duties")}
    found = Agreement(
        fit=_each(parts["icp"], "terms", MOST_TERMS, _fit_term),
        intent=_each(parts["intent"], "terms", MOST_TERMS, known.intent_term),
        rules=_each(parts["mql"], "rules", MOST_RULES, known.rule),
        sql=_lines(parts["sql"], "checklist"),
        duties=_duties(parts["duties"]),
    )
    for part in (*parts.values(), top):
        part.done()
    _unique([term.label for term in found.fit], "icp.terms")
    _unique([term.label for term in found.intent], "intent.terms")
    _unique([rule.key for rule in found.rules], "mql.rules")
    return found


def written(agreement: Agreement) -> dict[str, Any]:
    """The document that `read` reads back."""
    duties = agreement.duties
    return {
        "icp": {
            "terms": [
                {"label": term.label, **_condition_written(term.condition), "points": term.points}
                for term in agreement.fit
            ]
        },
        "intent": {"terms": [dict(vars(term)) for term in agreement.intent]},
        "mql": {
            "rules": [
                {
                    **vars(rule),
                    "conditions": [_condition_written(one) for one in rule.conditions],
                    "counts": [dict(vars(one)) for one in rule.counts],
                }
                for rule in agreement.rules
            ]
        },
        "sql": {"checklist": list(agreement.sql)},
        "duties": {**vars(duties), "required": list(duties.required)},
    }


@dataclass(frozen=True)
class _Known:
    kinds: tuple[str, ...]
    page_groups: tuple[str, ...] | None

    def intent_term(self, row: Table) -> IntentTerm:
        return IntentTerm(
            label=_label(row),
            kind=row.choice("kind", self.kinds),
            page_group=self._page_group(row),
            points=_points(row),
            half_life_days=row.number("half_life_days", least=1, most=365),
            cap=row.number("cap", least=1, most=MOST_POINTS),
        )

    def rule(self, row: Table) -> MqlRule:
        of = row.choice("of", (LEAD, ACCOUNT), default=LEAD)
        vocabulary = facts.ACCOUNT if of == ACCOUNT else facts.ICP
        found = MqlRule(
            key=_key(row),
            label=_label(row),
            of=of,
            min_fit=row.number("min_fit", most=100, default=0),
            min_intent=row.number("min_intent", most=100, default=0),
            conditions=_each(row, "conditions", MOST_TERMS, lambda one: _condition(one, vocabulary)),
            counts=_each(row, "counts", MOST_TERMS, self._count),
            min_confidence=row.number("min_confidence", most=100, default=60),
        )
        if not (found.min_intent or found.counts):
            raise row.refuse(
                "min_intent", "a rule that asks for nothing done would offer everybody; ask for a count too."
            )
        return found

    def _count(self, row: Table) -> Count:
        return Count(
            kind=row.choice("kind", self.kinds),
            page_group=self._page_group(row),
            at_least=row.number("at_least", least=1, most=1000),
            within_days=row.number("within_days", least=1, most=90),
        )

    def _page_group(self, row: Table) -> str:
        group = row.text("page_group", longest=50, default="")
        if group and self.page_groups is not None and group not in self.page_groups:
            raise row.refuse("page_group", f"there is no page group “{group}”.")
        return group


def _fit_term(row: Table) -> FitTerm:
    return FitTerm(label=_label(row), condition=_condition(row, facts.ICP), points=_points(row))


def _key(row: Table) -> str:
    key = row.text("key", longest=50)
    if not _SLUG.fullmatch(key):
        raise row.refuse("key", "may hold small letters, digits, - and _ alone, like target-account.")
    return key


def _label(row: Table) -> str:
    return one_line(row.text("label", longest=100), field=row.at("label"), longest=100, required=True)


def _points(row: Table) -> int:
    points = row.number("points", least=-MOST_POINTS, most=MOST_POINTS)
    if points == 0:
        raise row.refuse("points", "is 0: the term would change nothing.")
    return points


def _condition(row: Table, vocabulary: Vocabulary) -> Condition:
    field_name, operator = row.text("field", longest=50), row.text("operator", longest=20)
    return vocabulary.read(field_name, operator, row.text("value", longest=5000, default=""), place=row.at("value"))


def _condition_written(one: Condition) -> dict[str, str]:
    return {"field": one.field, "operator": one.operator, "value": one.written()}


def _lines(row: Table, key: str) -> tuple[str, ...]:
    texts = (one_line(one, field=row.at(key), longest=200) for one in row.texts(key, longest=200, most=MOST_LINES))
    return tuple(text for text in texts if text)


def _duties(row: Table) -> Duties:
    required = row.texts("required", longest=50, most=len(REQUIRABLE))
    for key in required:
        if key not in REQUIRABLE:
            raise row.refuse("required", f"{key!r:.60} is none of {', '.join(REQUIRABLE)}.")
    return Duties(
        required=tuple(key for key in REQUIRABLE if key in required),
        consent=row.choice("consent", (ANYBODY, OPTED_IN), default=ANYBODY),
        context_days=row.number("context_days", most=365, default=30),
        again_after_days=row.number("again_after_days", most=365, default=30),
    )


Row = TypeVar("Row")


def _each(parent: Table, name: str, most: int, make: Callable[[Table], Row]) -> tuple[Row, ...]:
    made = []
    for row in parent.tables(name, most=most):
        made.append(make(row))
        row.done()
    return tuple(made)


def _unique(names: Sequence[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"“{name}” is there twice; give each a name of its own.", field=place)
