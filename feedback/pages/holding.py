"""The question what a handoff should wait for."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from feedback.logic.holds import REASONS, HoldReason, OwedBy
from feedback.logic.states import State
from feedback.models import Handoff
from feedback.pages.handoffs import name_of
from feedback.pages.held import instant_words
from feedback.pages.lists import Place

INPUT_FORMAT = "%Y-%m-%dT%H:%M"
_LABELS = {
    "missing_context": "Ask marketing for context",
    "bad_data": "Ask marketing to correct the data",
    "prospect_away": "The prospect is away",
    "awaiting_reply": "The prospect owes a reply",
}
_ASKS = {"missing_context": "What do you need to know?", "bad_data": "What is wrong with the data?"}


@dataclass(frozen=True, kw_only=True)
class HoldTyped:
    """What was sent, and what is wrong with it: `wrong` names the input, "" for the whole."""

    reason: str = ""
    question: str = ""
    until: str = ""
    error: str = ""
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldLine:
    """One thing a handoff may wait for; `then`, `until_words` and `or_else` are one sentence with the instant apart."""

    key: str
    label: str
    digit: str
    chosen: bool
    asks: str
    question: str
    question_error: str
    until: str
    earliest: str
    latest: str
    latest_words: str
    until_error: str
    then: str
    until_words: str
    or_else: str


@dataclass(frozen=True, kw_only=True)
class HoldQuestion:
    """See templates/feedback/_hold.html."""

    title: str
    url: str
    back_url: str
    error: str
    today: str
    reasons: tuple[HoldLine, ...]


def hold_question(handoff: Handoff, *, place: Place, typed: HoldTyped, now: dt.datetime) -> HoldQuestion:
    """What can be waited for in the state of the handoff; instants in the active zone."""
    fitting = [reason for reason in REASONS.values() if State(handoff.state) in reason.states]
    known = {"question", "until"} if typed.reason in REASONS else set()
    return HoldQuestion(
        title=f"What does {name_of(handoff)} wait for?",
        url=place.address("handoff-hold", handoff.uid),
        back_url=place.address("handoff", handoff.uid),
        error="" if typed.wrong in known else typed.error,
        today=f"{timezone.localtime(now):%Y-%m-%d}",
        reasons=tuple(
            _line(reason, digit=str(index), typed=typed, has_clock=handoff.due_at is not None, now=now)
            for index, reason in enumerate(fitting, start=1)
        ),
    )


def _line(reason: HoldReason, *, digit: str, typed: HoldTyped, has_clock: bool, now: dt.datetime) -> HoldLine:
    chosen = typed.reason == reason.key
    usual, latest = now + reason.usual, now + reason.longest
    stops = "The clock stops. " if has_clock else ""
    asked = "Marketing is asked; it" if reason.owed_by is OwedBy.MARKETING else "Nobody is asked; it"
    return HoldLine(
        key=reason.key,
        label=_LABELS[reason.key],
        digit=digit,
        chosen=chosen,
        asks=_ASKS.get(reason.key, "What do you ask?") if reason.asks else "",
        question=typed.question if chosen else "",
        question_error=typed.error if chosen and typed.wrong == "question" else "",
        until=typed.until if chosen and typed.until else _written(usual),
        earliest=_written(now),
        latest=_written(latest),
        latest_words=instant_words(latest, now=now),
        until_error=typed.error if chosen and typed.wrong == "until" else "",
        then=f"{stops}{asked} goes on by itself",
        until_words=instant_words(usual, now=now),
        or_else="or when they answer." if reason.owed_by is OwedBy.MARKETING else "or when the prospect acts.",
    )


def _written(at: dt.datetime) -> str:
    return timezone.localtime(at).strftime(INPUT_FORMAT)
