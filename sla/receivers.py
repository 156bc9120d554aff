"""What the clocks do when a handoff changes; inside the transaction of the change."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from feedback import availability, panels
from feedback.models import Attempt, Handoff
from feedback.signals import attempt_logged, availability_changed, handoff_changed
from leads.actions import chat_rooms, renderers
from leads.models import JournalEntry
from sla.actions import clocks, excuses, feasibility, moves
from sla.logic.events import DEPTH, Event
from sla.mails import digest_mail, step_mail
from sla.reports.at_work import at_work
from sla.reports.promises import promises
from sla.reports.rules import rules_of
from sla.rooms import address_of, room_digest, room_message

_DECISIONS = {
    "accepted": Event.ACCEPTED,
    "rejected": Event.REJECTED,
    "returned": Event.RETURNED,
    "turned_back": Event.TURNED_BACK,
    "qualified": Event.QUALIFIED,
    "won": Event.WON,
    "lost": Event.LOST,
    "expired": Event.EXPIRED,
    "recalled": Event.RECALLED,
}
_SILENT = frozenset({"seen", "raised", "identified"})


def connect() -> None:
    """Listen, and hand the promise panel and the reps' hours down to feedback; called once, when the app starts."""
    handoff_changed.connect(keep_clocks, dispatch_uid="sla.keep_clocks")
    attempt_logged.connect(count_attempt, dispatch_uid="sla.count_attempt")
    availability_changed.connect(look_again, dispatch_uid="sla.look_again")
    panels.register(promises)
    availability.register(at_work)
    renderers.register("sla.step", step_mail)
    renderers.register("sla.digest", digest_mail)
    renderers.register("sla.room", room_message)
    renderers.register_together("sla.room", room_digest)
    chat_rooms.register(address_of)


def keep_clocks(
    handoffs: list[Handoff], change: str, at: dt.datetime | None, data: Mapping[str, Any] | None = None, **_: Any
) -> None:
    """Start, stop, cancel, hold, move or reopen clocks as the change asks."""
    if change in _SILENT:
        return
    if change == "offered":
        clocks.start(handoffs, Event.OFFERED, at=None)
        clocks.start([one for one in handoffs if one.owner_id is None], Event.UNOWNED, at=None)
    elif at is None:
        raise ValueError(f"{change} needs an instant")
    elif change in _DECISIONS:
        clocks.end(handoffs, {_DECISIONS[change]}, at=at)
        if clocks.start(handoffs, _DECISIONS[change], at=at):
            excuses.readjust([one.pk for one in handoffs])
    else:
        _moved(handoffs, change, at=at, data=data or {})
        excuses.readjust([one.pk for one in handoffs])
    clocks.keep_due([one.pk for one in handoffs])


def count_attempt(attempt: Attempt, handoff: Handoff, **_: Any) -> None:
    """End the clocks that an attempt, a conversation, or enough attempts keep."""
    events = {Event.ATTEMPTED} | ({Event.TALKED} if attempt.is_two_way else set())
    clocks.end([handoff], events, at=attempt.attempted_at)
    for clock in clocks.open_clocks([handoff]).filter(target=DEPTH):
        tries = handoff.attempts.filter(attempted_at__gte=clock.started_at).values_list("attempted_at", "kind")
        enough_at = rules_of(clock.version_id).targets[DEPTH].enough_at(tries)
        if enough_at:
            clocks.end([handoff], {Event.TRIED_ENOUGH}, at=enough_at)
    clocks.keep_due([handoff.pk])


def look_again(rep_ids: Sequence[int], **_: Any) -> None:
    """Have the sweep check whether these reps can still answer what they own."""
    feasibility.flag(rep_ids)


def _moved(handoffs: list[Handoff], change: str, *, at: dt.datetime, data: Mapping[str, Any]) -> None:
    if change == "held":
        moves.hold(handoffs, data["owed_by"], at=at)
    elif change == "resumed":
        moves.resume(handoffs, began_at=dt.datetime.fromisoformat(data["began_at"]), at=at)
    elif change == "reassigned":
        clocks.end(handoffs, {Event.OWNED}, at=at)
        moves.follow_owner(handoffs, at=at)
        clocks.restart_breached(handoffs, at=at)
        moves.hold_again(handoffs)
    elif change == "released":
        if clocks.start(handoffs, Event.UNOWNED, at=at):
            moves.hold_again(handoffs)
    elif change == "undone":
        for handoff in handoffs:
            clocks.reopen(handoff, Event(data["was"]), decided_at=_decided_at(handoff, data["was"]), at=at)
    else:
        raise ValueError(f"clocks know no change {change!r}")


def _decided_at(handoff: Handoff, was: str) -> dt.datetime:
    """When the decision that was undone had been taken, as the journal knows it."""
    entries = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind=f"handoff.{was}").order_by("-id")
    return entries.values_list("occurred_at", flat=True)[:1].get()
