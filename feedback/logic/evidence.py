"""What a rejection reason may ask for, and what counts as an answer."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from leads.logic.errors import InvalidInput
from leads.logic.text import one_line


class Kind(StrEnum):
    TEXT = "text"
    COUNT = "count"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Question:
    """One piece of evidence: the sentence that asks for it, and the shape of its answer."""

    key: str
    label: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    longest: int = 200


QUESTIONS: dict[str, Question] = {
    question.key: question
    for question in (
        Question("channel_failed", "Which one does not work?", Kind.CHOICE, ("phone", "mail", "both")),
        Question("missing_fields", "What is missing?"),
        Question("right_company", "Which company is it really?"),
        Question("duplicate_of", "Which handoff is it a duplicate of?"),
        Question("opportunity_ref", "Which opportunity?"),
        Question("partner", "Which partner?"),
        Question("employee_count", "How many people really?", Kind.COUNT),
        Question("industry", "Which industry is it?"),
        Question("region", "Which region or language?"),
        Question("capability", "What do they need that we lack?"),
        Question("technology", "Which technology stands in the way?"),
        Question(
            "buyer_kind",
            "What are they?",
            Kind.CHOICE,
            ("competitor", "student", "job seeker", "vendor", "press", "other"),
        ),
        Question("role", "What is their role?"),
        Question("function", "Which department is it?"),
        Question("engagement", "Which behaviour misled us?"),
        Question("budget_date", "When is the next budget?", Kind.DATE),
        Question("renewal_date", "When does the contract renew?", Kind.DATE),
        Question("project_date", "When does the project start?", Kind.DATE),
        Question("attempts_made", "How many attempts were made?", Kind.COUNT),
        Question("meetings_missed", "How many meetings were missed?", Kind.COUNT),
        Question("competitor", "Whom did they choose?"),
        Question("price_band", "What could they pay?"),
        Question("note", "What happened, in your words?", longest=10_000),
    )
}

_MOST = 10_000_000
_YEARS = range(1970, 2201)


def answer(question: Question, value: object) -> str | int | None:
    """The answer as it is kept in JSON: text, a whole number, or an ISO date; None when empty.
    InvalidInput(evidence.<key>).
    """
    field = f"evidence.{question.key}"
    if value is None or value == "":
        return None
    if question.kind is Kind.COUNT:
        return _count(value, field=field)
    if question.kind is Kind.DATE:
        return _day(value, field=field)
    text = one_line(value, field=field, longest=question.longest)
    if question.kind is Kind.CHOICE and text not in question.choices:
        raise InvalidInput(f"{field} must be one of: {', '.join(question.choices)}.", field=field)
    return text or None


def _count(value: object, *, field: str) -> int:
    message = f"{field} must be a whole number between 0 and {_MOST}."
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value.strip()) <= 8:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise InvalidInput(message, field=field)
    return value


def _day(value: object, *, field: str) -> str:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        day = dt.date.fromisoformat(one_line(value, field=field, longest=10))
    except ValueError:
        raise InvalidInput(f"{field} must be a day, written like 2026-11-30.", field=field) from None
    if day.year not in _YEARS:
        raise InvalidInput(f"{field}: the year {day.year} cannot be meant.", field=field)
    return day.isoformat()


def answers(*, asked: str, required: bool, given: dict[str, object]) -> dict[str, str | int]:
    """The evidence to keep for a reason that asks for `asked` ("" for nothing).

    InvalidInput(evidence.<key>) when a required answer is missing, malformed, or one was given that nobody asked for.
    """
    surplus = sorted(set(given) - {asked})
    if surplus:
        raise InvalidInput(f"This reason does not ask for {', '.join(surplus)}.", field=f"evidence.{surplus[0]}")
    if not asked:
        return {}
    kept = answer(QUESTIONS[asked], given.get(asked))
    if kept is None:
        if required:
            raise InvalidInput(f"This reason needs an answer: {QUESTIONS[asked].label}", field=f"evidence.{asked}")
        return {}
    return {asked: kept}


def evidence_words(evidence: Mapping[str, str | int]) -> str:
    """What was answered, in a line: "38". Without the note, which is a text of its own."""
    return ", ".join(str(value) for key, value in evidence.items() if key != "note")
