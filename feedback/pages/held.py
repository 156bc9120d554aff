"""What is said of a handoff that waits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import timezone

from feedback.logic.holds import END_WORDS, REASONS, HoldEnd
from feedback.logic.rights import Person
from feedback.models import Hold
from leads.logic.words import day_words, when_words


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question to marketing with what came of it: `answer` is "" while nobody answered."""

    question: str
    asked: str
    answer: str
    answered: str


def held_sentence(hold: Hold, *, now: dt.datetime) -> str:
    """ "On hold since today 10:05: marketing is asked for context, until tomorrow 10:05." in the active zone."""
    since = when_words(hold.began_at, now=now, zone=timezone.get_current_timezone())
    return f"On hold since {since}: {REASONS[hold.reason].words}, until {instant_words(hold.limit_at, now=now)}."


def held_words(hold: Hold, *, now: dt.datetime) -> str:
    """The same for a row: "on hold until tomorrow 10:05"."""
    return f"on hold until {instant_words(hold.limit_at, now=now)}"


def instant_words(at: dt.datetime, *, now: dt.datetime) -> str:
    """Day and time of day in the active zone, however far away: "tomorrow 10:05", "3 Dec 09:00"."""
    zone = timezone.get_current_timezone()
    return f"{day_words(at, now=now, zone=zone)} {at.astimezone(zone):%H:%M}"


def answers(holds: Sequence[Hold], *, person: Person, now: dt.datetime) -> tuple[Answered, ...]:
    """The questions of a handoff in words, latest first."""
    return tuple(_answered(hold, person=person, now=now) for hold in holds if hold.question)


def _answered(hold: Hold, *, person: Person, now: dt.datetime) -> Answered:
    zone = timezone.get_current_timezone()
    asked = f"{_who(hold.by, person)} asked {when_words(hold.began_at, now=now, zone=zone)}"
    if hold.ended_at is None:
        return Answered(question=hold.question, asked=asked, answer="", answered="Marketing has not answered yet.")
    ended = when_words(hold.ended_at, now=now, zone=zone)
    if hold.answer and hold.ended_because == HoldEnd.LIMIT:
        return Answered(
            question=hold.question, asked=asked, answer=hold.answer, answered="Answered after the hold had ended."
        )
    if hold.answer:
        said = f"{_who(hold.ended_by, person)} answered {ended}"
        return Answered(question=hold.question, asked=asked, answer=hold.answer, answered=said)
    because = END_WORDS[HoldEnd(hold.ended_because)]
    return Answered(question=hold.question, asked=asked, answer="", answered=f"Nobody answered; {because} {ended}.")


def _who(user: User | None, person: Person) -> str:
    if user is None:
        return "Somebody"
    return "You" if user.pk == person.user_id else user.get_full_name() or user.get_username()
