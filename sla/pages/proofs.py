"""How the clocks of a handoff were counted, in words and as a strip of time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from feedback.logic.holds import REASONS
from feedback.pages.handoffs import name_of
from leads.logic.words import NOTHING
from sla.logic.durations import in_words
from sla.logic.proof import Holder, Interval, Kind
from sla.models import ClockState, Excuse, ExcuseState, TargetKey
from sla.pages.proof_words import at_words, business_words, exact_words, promise_words, span_words, until_words
from sla.reports.proofs import ClockProof, HandoffProof, TermNamed

_VERBS = {
    TargetKey.DECIDE: "Decide",
    TargetKey.FIRST_ATTEMPT: "Make the first attempt",
    TargetKey.DEPTH: "Try often enough",
    TargetKey.QUALIFY: "Qualify or return",
    TargetKey.OWNER: "Find an owner",
}
_BECAUSE = {
    "started": "From its start",
    "policy": "Since the rules changed",
    "owner": "Since the owner changed",
    "calendar": "Since the calendar changed",
}
_HOLDERS = {Holder.SYSTEM: "nobody yet", Holder.MARKETING: "marketing", Holder.PROSPECT: "the prospect"}
_NOTHING = dt.timedelta()
MOST_ROWS = 300
WIDTH = 1000
"""The width of a strip, in its own units."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One interval: `kind` names its colour, `open_time` is exact to the second."""

    kind: str
    begins: str
    ends: str
    what: str
    open_time: str
    holder: str


@dataclass(frozen=True)
class Piece:
    """One piece of the strip."""

    kind: str
    x: int
    width: int


@dataclass(frozen=True)
class Pair:
    label: str
    value: str


@dataclass(frozen=True)
class Result:
    """A result in words, and its tone: kept, late, soon, held or later."""

    words: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ClockPage:
    """See templates/sla/_proof_clock.html."""

    title: str
    promise: str
    due: str
    raw: Result
    adjusted: Result
    sums: tuple[Pair, ...]
    terms: tuple[Pair, ...]
    strip: tuple[Piece, ...]
    deadline_x: int | None
    kinds: tuple[Pair, ...]
    rows: tuple[Row, ...]
    left_out: str
    warning: str


@dataclass(frozen=True, kw_only=True)
class ExcuseLine:
    """One request for excused time."""

    span: str
    why: str
    asked: str
    state: str
    tone: str
    settled: str


@dataclass(frozen=True, kw_only=True)
class ProofPage:
    """See templates/sla/proof.html."""

    name: str
    handoff_url: str
    request_url: str
    clocks: tuple[ClockPage, ...]
    excuses: tuple[ExcuseLine, ...]
    may_request: bool
    zone: str


def proof_page(found: HandoffProof) -> ProofPage:
    """The page of a handoff's clocks, times in the reader's zone."""
    uid = found.handoff.uid
    return ProofPage(
        name=name_of(found.handoff),
        handoff_url=reverse("feedback:handoff", args=[uid]),
        request_url=reverse("sla:excuse-request", args=[uid]),
        clocks=tuple(_clock(one, reps=found.reps) for one in found.clocks),
        excuses=tuple(excuse_line(one) for one in found.excuses),
        may_request=found.may_request,
        zone=timezone.get_current_timezone_name(),
    )


def excuse_line(excuse: Excuse) -> ExcuseLine:
    """A request for excused time in words; reads who asked and who settled it."""
    state = ExcuseState(excuse.state)
    who = excuse.settled_by.get_full_name() or excuse.settled_by.get_username() if excuse.settled_by else ""
    settled = f"by {who}, {at_words(excuse.settled_at)}" if excuse.settled_at else ""
    return ExcuseLine(
        span=span_words(excuse.begins_at, excuse.ends_at),
        why=excuse.why,
        asked=f"{excuse.requested_by.get_full_name() or excuse.requested_by.get_username()}, "
        f"{at_words(excuse.requested_at)}",
        state={"requested": "waits for a manager"}.get(state.value, state.value),
        tone={"requested": "soon", "approved": "kept", "refused": ""}[state.value],
        settled=f"{settled}: {excuse.settled_note}" if settled and excuse.settled_note else settled,
    )


def _clock(one: ClockProof, *, reps: Mapping[str, str]) -> ClockPage:
    clock, proof = one.clock, one.proof
    intervals = proof.intervals[-MOST_ROWS:]
    verb = _VERBS[TargetKey(clock.target)]
    due = f"due {at_words(clock.due_at)}, {in_words(clock.due_at - clock.started_at)} after it began"
    kinds = sorted({interval.kind for interval in intervals}, key=list(Kind).index)
    return ClockPage(
        title=f"{verb}{f', round {clock.cycle + 1}' if clock.cycle else ''}",
        promise=f"{promise_words(clock.amount, days=one.days)}, {due}",
        due=at_words(clock.due_at),
        raw=_result(one, left=one.left, is_late=one.is_late),
        adjusted=_result(one, left=one.left_adjusted, is_late=one.is_late_adjusted),
        sums=_sums(one),
        terms=tuple(_term(term) for term in one.terms),
        strip=_strip(intervals),
        deadline_x=_place(clock.due_at, intervals),
        kinds=tuple(Pair(kind.value, _KIND_WORDS[kind]) for kind in kinds),
        rows=tuple(_row(interval, reps=reps) for interval in intervals),
        left_out=_left_out(proof.intervals[:-MOST_ROWS]),
        warning=_warning(one),
    )


_KIND_WORDS = {
    Kind.OPEN: "counted",
    Kind.CLOSED: "closed",
    Kind.HELD: "on hold",
    Kind.EXCUSED: "excused",
}


def _result(one: ClockProof, *, left: dt.timedelta, is_late: bool) -> Result:
    """What became of the promise, or how it stands."""
    size, state = business_words(left), one.clock.state
    if state == ClockState.CANCELLED:
        return Result("Late when the question was dropped" if is_late else "Not needed any more", "later")
    if state == ClockState.STOPPED:
        return Result(f"Late by {size}", "late") if is_late else Result(f"Kept, with {size} to spare", "kept")
    if is_late:
        return Result(f"Late by {size} so far", "late")
    if state == ClockState.HELD:
        return Result(f"On hold, with {size} left", "held")
    return Result(f"Running, with {size} left", "later")


def _sums(one: ClockProof) -> tuple[Pair, ...]:
    proof, amount = one.proof, one.clock.amount
    pairs = [
        ("Promised", amount),
        ("Counted", proof.counted),
        ("Excused, counted only in the raw result", proof.excused),
        ("On hold, not counted", proof.held),
        ("In the hands of marketing", proof.in_hands_of(Holder.MARKETING)),
        ("In the hands of the prospect", proof.in_hands_of(Holder.PROSPECT)),
        ("With nobody yet", proof.in_hands_of(Holder.SYSTEM)),
    ]
    return tuple(Pair(label, exact_words(length)) for label, length in pairs if length or label in _ALWAYS)


_ALWAYS = frozenset({"Promised", "Counted"})


def _term(term: TermNamed) -> Pair:
    words = f"{term.policy}, in the hours of {term.calendar} ({term.timezone})"
    return Pair(f"{_BECAUSE[term.because]}, {at_words(term.since)}", words)


def _row(interval: Interval, *, reps: Mapping[str, str]) -> Row:
    holder = reps.get(interval.rep, "a rep") if interval.holder is Holder.REP else _HOLDERS[interval.holder]
    return Row(
        kind=interval.kind.value,
        begins=at_words(interval.begins_at),
        ends=until_words(interval.ends_at, interval.begins_at),
        what=_what(interval),
        open_time=exact_words(interval.open_time) if interval.kind is not Kind.CLOSED else NOTHING,
        holder=holder,
    )


def _what(interval: Interval) -> str:
    hold, excuse = interval.hold, interval.excuse
    held = f"{REASONS[hold.reason].words} ({hold.by})" if hold else ""
    if interval.kind is Kind.HELD:
        return f"On hold: {held}"
    if interval.kind is Kind.EXCUSED and excuse:
        return f"Excused, approved by {excuse.approved_by}: {excuse.why}"
    words = "Counted" if interval.kind is Kind.OPEN else "Closed"
    return f"{words}; {held}, which does not pause this promise" if held else words


def _strip(intervals: Sequence[Interval]) -> tuple[Piece, ...]:
    """The intervals side by side, each as wide as it was long, none invisible."""
    pieces = []
    for interval in intervals:
        x, end = _place(interval.begins_at, intervals), _place(interval.ends_at, intervals)
        pieces.append(Piece(interval.kind.value, x or 0, max(1, (end or 0) - (x or 0))))
    return tuple(pieces)


def _place(at: dt.datetime, intervals: Sequence[Interval]) -> int | None:
    """Where an instant lies on the strip; None outside it."""
    if not intervals or not intervals[0].begins_at <= at <= intervals[-1].ends_at:
        return None
    begins_at, ends_at = intervals[0].begins_at, intervals[-1].ends_at
    return round(WIDTH * ((at - begins_at) / (ends_at - begins_at)))


def _left_out(intervals: Sequence[Interval]) -> str:
    if not intervals:
        return ""
    counted = sum((one.open_time for one in intervals if one.kind in (Kind.OPEN, Kind.EXCUSED)), _NOTHING)
    return f"{len(intervals):,} earlier intervals are not shown; {exact_words(counted)} counted in them."


def _warning(one: ClockProof) -> str:
    if one.is_older:
        return "This promise began before the journal told of promises: it is shown as counted in the hours it has now."
    if one.disagreements:
        return f"Its journal says otherwise on: {', '.join(one.disagreements)}. Tell operations."
    return ""
