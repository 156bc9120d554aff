"""What can be done with a handoff, as buttons with keys."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from feedback import panels
from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import State, Verb, next_state
from feedback.models import Handoff, Hold
from feedback.pages.lists import Place
from feedback.reports.holds import unanswered


@dataclass(frozen=True, kw_only=True)
class Action:
    """One button, see templates/feedback/_decision_bar.html."""

    label: str
    key: str
    url: str
    look: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Reader:
    """For whom the page is: their rights, where in the lists they are, and how long they can take a decision back."""

    person: Person
    place: Place
    undo_window: dt.timedelta


def actions(handoff: Handoff, *, holds: Sequence[Hold], reader: Reader, now: dt.datetime) -> Iterable[Action]:
    """What this reader can do with the handoff in its state, the likeliest first, each with its key.

    `holds` are all of the handoff, latest first.
    """
    hold = next((hold for hold in holds if hold.ended_at is None), None)
    subject = Subject(team_id=handoff.team_id, owner_id=handoff.owner_id)
    state = State(handoff.state)

    def can(verb: Verb) -> bool:
        return may(reader.person, verb, subject) and next_state(verb, state) is not None

    def action(label: str, key: str, name: str, look: str = "", kind: str = "dialog") -> Action:
        return Action(label=label, key=key, url=reader.place.address(name, handoff.uid), look=look, kind=kind)

    if can(Verb.TAKE):
        yield action("Take it", "t", "handoff-take", "primary", "post")
        return
    if unanswered(holds) and can(Verb.ANSWER):
        yield action("Answer", "w", "handoff-answer", "" if can(Verb.ACCEPT) or can(Verb.RETURN) else "primary")
    is_pending, is_worked = state == State.PENDING, state in {State.ACCEPTED, State.QUALIFIED}
    if can(Verb.ACCEPT):
        yield action("Accept", "a", "handoff-accept", "primary", "post")
    if is_worked and can(Verb.LOG_ATTEMPT):
        yield action("Log attempt", "l", "handoff-log", "primary")
    if can(Verb.QUALIFY):
        yield action("Qualify", "q", "handoff-qualify", "strong")
    if can(Verb.REJECT):
        yield action("Reject", "r", "handoff-reject", "strong")
    if can(Verb.RETURN):
        yield action("Return", "r", "handoff-return")
    if can(Verb.TURN_BACK):
        yield action("Turn back", "t", "handoff-turn-back")
    if hold is None and can(Verb.HOLD):
        yield action("Hold", "h", "handoff-hold")
    if hold and can(Verb.RESUME):
        yield action("Take off hold", "h", "handoff-resume", "strong", "post")
    if is_pending and can(Verb.LOG_ATTEMPT):
        yield action("Log attempt", "l", "handoff-log")
    if is_worked and may(reader.person, Verb.RECORD_OUTCOME, subject):
        yield action("Outcome", "o", "handoff-outcome")
    if can(Verb.REASSIGN):
        yield action("Reassign", "m", "handoff-reassign")
    if can(Verb.RAISE) and handoff.due_at is not None and handoff.due_at < now:
        for deed in panels.deeds():
            yield Action(label=deed.label, key="", url=reverse(deed.url_name, args=[handoff.uid]), look="", kind="post")
    if can(Verb.UNDO) and _is_undoable(handoff, reader=reader, now=now):
        yield action("Undo", "z", "handoff-undo", "strong" if not is_worked else "", "post")


def _is_undoable(handoff: Handoff, *, reader: Reader, now: dt.datetime) -> bool:
    if handoff.decided_by_id != reader.person.user_id or handoff.decided_at is None:
        return False
    built_on = handoff.state == State.ACCEPTED and (handoff.attempt_count or handoff.disposed_at)
    return not built_on and now - handoff.decided_at <= reader.undo_window
