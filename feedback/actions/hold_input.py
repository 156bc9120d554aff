"""What a hold and its answer are given: found, cleaned, and checked against what is on record."""

import datetime as dt

from feedback.logic.holds import REASONS, HoldReason, OwedBy
from feedback.logic.rights import Person
from feedback.logic.states import State
from feedback.models import Handoff, Hold
from leads.actions.clock import instant
from leads.logic import text
from leads.logic.errors import InvalidInput
from leads.models import Engagement

_LONGEST_TEXT = 2_000


def reason_of(key: object) -> HoldReason:
    """The reason with this key. InvalidInput(reason)."""
    found = REASONS.get(key) if isinstance(key, str) else None
    if found is None:
        raise InvalidInput(f"reason must be one of: {', '.join(REASONS)}.", field="reason")
    return found


def question_words(given: object, *, why: HoldReason) -> str:
    """What is asked, cleaned; "" only where the reason asks nothing. InvalidInput(question)."""
    words = text.note(given, field="question", longest=_LONGEST_TEXT)
    if why.asks and not words:
        raise InvalidInput("Say what you ask marketing for.", field="question")
    return words


def answer_words(given: object) -> str:
    """What is answered, cleaned. InvalidInput(text)."""
    words = text.note(given, field="text", longest=_LONGEST_TEXT)
    if not words:
        raise InvalidInput("Write the answer.", field="text")
    return words


def beginning(handoff: Handoff, why: HoldReason, *, at: dt.datetime) -> dt.datetime:
    """`at` in UTC, where nothing that is on record speaks against it. InvalidInput(at)."""
    began_at = instant(at, earliest=handoff.offered_at)
    if handoff.state == State.ACCEPTED and handoff.decided_at and began_at < handoff.decided_at:
        raise InvalidInput("at lies before the handoff was accepted.", field="at")
    if Hold.objects.filter(handoff=handoff, ended_at__gt=began_at).exists():
        raise InvalidInput("at lies within the hold before.", field="at")
    if why.owed_by is OwedBy.PROSPECT and _has_acted(handoff, since=began_at):
        raise InvalidInput("The prospect has acted since then.", field="at")
    return began_at


def _has_acted(handoff: Handoff, *, since: dt.datetime) -> bool:
    who = {"lead": handoff.lead_id} if handoff.lead_id else {"account": handoff.account_id}
    answered = handoff.attempts.filter(is_two_way=True, attempted_at__gte=since)
    return answered.exists() or Engagement.objects.filter(**who, occurred_at__gte=since).exists()


def limit_of(
    why: HoldReason, *, began_at: dt.datetime, until: dt.datetime | None, by: Person, now: dt.datetime
) -> dt.datetime:
    """When the hold ends at the latest, in UTC; `until` None means the reason's usual. InvalidInput(until).

    LeadLoop itself may write down one that is over: a history is taken in.
    """
    if until is None:
        until = began_at + why.usual
    if until.tzinfo is None:
        raise InvalidInput("until needs an offset from UTC, like 2026-11-30T09:00:00+01:00.", field="until")
    if until <= (began_at if by.is_system else now):
        raise InvalidInput("until must lie in the future.", field="until")
    if until > began_at + why.longest:
        raise InvalidInput(f"It can be on hold for {why.longest.days} days at most.", field="until")
    return until.astimezone(dt.UTC)
