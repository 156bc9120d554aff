"""What can be done with a handoff, as buttons with keys."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from feedback import panels
from feedback.logic.rights import Person, Subject, may, may_uphold
from feedback.logic.states import WITH_REASON, State, Verb, next_state
from feedback.models import Handoff, Hold, RecyclePlan
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


@dataclass(frozen=True, kw_only=True)
class _Bar:
    """The buttons of one handoff for one reader. `holds` are all of the handoff, latest first."""

    handoff: Handoff
    holds: Sequence[Hold]
    reader: Reader
    is_acknowledged: bool
    upheld_by: int | None
    now: dt.datetime

    @property
    def state(self) -> State:
        return State(self.handoff.state)

    @property
    def subject(self) -> Subject:
        return Subject(team_id=self.handoff.team_id, owner_id=self.handoff.owner_id)

    @property
    def is_led(self) -> bool:
        """Whether the reader leads whose work it is, rather than does it."""
        owner_id = self.handoff.owner_id
        return self.can(Verb.REASSIGN) and (owner_id is None or owner_id != self.reader.person.rep_id)

    def can(self, verb: Verb) -> bool:
        """Whether the reader may do it, in the state the handoff is in."""
        return may(self.reader.person, verb, self.subject) and next_state(verb, self.state) is not None

    def action(self, label: str, key: str, name: str, look: str = "", kind: str = "dialog") -> Action:
        """A button that is posted to, or opens, the page of that name."""
        return Action(label=label, key=key, url=self.reader.place.address(name, self.handoff.uid), look=look, kind=kind)

    def deciding(self, likely: str) -> Iterable[Action]:
        """What decides about the lead; `likely` is the look of the first."""
        hold = next((hold for hold in self.holds if hold.ended_at is None), None)
        is_pending, is_worked = self.state == State.PENDING, self.state in {State.ACCEPTED, State.QUALIFIED}
        if unanswered(self.holds) and self.can(Verb.ANSWER):
            is_more = self.can(Verb.ACCEPT) or self.can(Verb.RETURN)
            yield self.action("Answer", "w", "handoff-answer", "" if is_more else likely)
        if self.can(Verb.ACCEPT):
            yield self.action("Accept", "a", "handoff-accept", likely, "post")
        if is_worked and self.can(Verb.LOG_ATTEMPT):
            yield self.action("Log attempt", "l", "handoff-log", likely)
        if self.can(Verb.QUALIFY):
            yield self.action("Qualify", "q", "handoff-qualify", "strong")
        if self.can(Verb.REJECT):
            yield self.action("Reject", "r", "handoff-reject", "strong")
        if self.can(Verb.RETURN):
            yield self.action("Return", "r", "handoff-return")
        if self.can(Verb.TURN_BACK):
            yield self.action("Turn back", "t", "handoff-turn-back")
        if hold is None and self.can(Verb.HOLD):
            yield self.action("Hold", "h", "handoff-hold")
        if hold and self.can(Verb.RESUME):
            yield self.action("Take off hold", "h", "handoff-resume", "strong", "post")
        if is_pending and self.can(Verb.LOG_ATTEMPT):
            yield self.action("Log attempt", "l", "handoff-log")
        if is_worked and may(self.reader.person, Verb.RECORD_OUTCOME, self.subject):
            yield self.action("Outcome", "o", "handoff-outcome")

    def giving(self, first: str, then: str) -> Iterable[Action]:
        """To whom it goes, and what an app above lets a manager do once it is late; with the looks of both."""
        if self.can(Verb.REASSIGN):
            yield self.action("Reassign", "m", "handoff-reassign", first)
        is_late = self.handoff.due_at is not None and self.handoff.due_at < self.now
        if is_late and self.can(Verb.RAISE) and not self.is_acknowledged:
            for deed in panels.deeds():
                url = reverse(deed.url_name, args=[self.handoff.uid])
                yield Action(label=deed.label, key="", url=url, look=then, kind="post")

    def leading(self) -> Iterable[Action]:
        """What else a manager does with one handoff, as on the board with many."""
        if self.can(Verb.RELEASE) and self.handoff.owner_id is not None:
            yield self.action("Release to the queue", "", "handoff-release", kind="post")
        if self.can(Verb.RAISE) and self.handoff.priority > 1:
            yield self.action("Raise priority", "", "handoff-raise", kind="post")

    def reviewing(self) -> Iterable[Action]:
        """What marketing says to a refusal: that it was right, and for a while that it had not said so."""
        upheld_at = self.handoff.upheld_at
        if upheld_at is None:
            refusal = "rejection" if self.state == State.REJECTED else "return"
            yield self.action(f"Uphold the {refusal}", "u", "handoff-uphold", "strong", "post")
        elif self.upheld_by == self.reader.person.user_id and self.now - upheld_at <= self.reader.undo_window:
            yield self.action("Undo the uphold", "z", "handoff-unuphold", "strong", "post")


def actions(
    handoff: Handoff,
    *,
    holds: Sequence[Hold],
    reader: Reader,
    now: dt.datetime,
    is_acknowledged: bool = False,
    upheld_by: int | None = None,
) -> Iterable[Action]:
    """What this reader can do with the handoff in its state, the likeliest first, each with its key.

    `holds` are all of the handoff, latest first; `is_acknowledged` when a manager has said that they deal with it;
    `upheld_by` is the user who said last that it was rightly refused.
    """
    bar = _Bar(
        handoff=handoff, holds=holds, reader=reader, is_acknowledged=is_acknowledged, upheld_by=upheld_by, now=now
    )
    if bar.can(Verb.TAKE):
        yield bar.action("Take it", "t", "handoff-take", "primary", "post")
        return
    # Whose work it is decides first; who leads them sees first that somebody does.
    if bar.is_led:
        yield from bar.giving("primary", "strong")
        yield from bar.deciding("strong")
        yield from bar.leading()
    else:
        yield from bar.deciding("primary")
        yield from bar.giving("", "")
        yield from bar.leading()
    if handoff.state in WITH_REASON and may_uphold(reader.person):
        yield from bar.reviewing()
    if waits_for(handoff) and may(reader.person, Verb.MEET, bar.subject):
        yield bar.action("Condition is met", "", "handoff-meet", kind="post")
    if bar.can(Verb.UNDO) and _is_undoable(handoff, reader=reader, now=now):
        is_worked = bar.state in {State.ACCEPTED, State.QUALIFIED}
        yield bar.action("Undo", "z", "handoff-undo", "" if is_worked else "strong", "post")


def waits_for(handoff: Handoff) -> str:
    """The condition that somebody has to say is met before the lead may be offered again; "" for none."""
    plan: RecyclePlan | None = getattr(handoff, "recycle_plan", None)
    return plan.condition if plan and plan.met_at is None else ""


def _is_undoable(handoff: Handoff, *, reader: Reader, now: dt.datetime) -> bool:
    if handoff.decided_by_id != reader.person.user_id or handoff.decided_at is None or handoff.upheld_at:
        return False
    built_on = handoff.state == State.ACCEPTED and (handoff.attempt_count or handoff.disposed_at)
    return not built_on and now - handoff.decided_at <= reader.undo_window
