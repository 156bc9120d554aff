"""The manager's page of excused time, and of how holds are used."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from feedback.models import Handoff
from feedback.pages.handoffs import name_of
from leads.logic.words import NOTHING, rate_words
from sla.models import Excuse
from sla.pages.proofs import ExcuseLine, excuse_line
from sla.reports.dodging import RepHolds
from sla.reports.excuses import Requests

_MOST_LINKS = 5


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Some:
    """Some handoffs: how many, links to the first, and how many more there are."""

    count: int
    links: tuple[Link, ...]
    more_count: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A request with its handoff; `approve_url` is "" where this manager may not settle it."""

    handoff: Link
    line: ExcuseLine
    approve_url: str
    refuse_url: str


@dataclass(frozen=True, kw_only=True)
class HoldLine:
    """A rep's holds."""

    rep: str
    handoff_count: int
    held_count: int
    late: Some
    unanswered: Some
    repeated: Some
    held_share: str


@dataclass(frozen=True)
class ExcusesPage:
    """See templates/sla/excuses.html."""

    waiting: tuple[Waiting, ...]
    settled: tuple[Waiting, ...]
    holds: tuple[HoldLine, ...]


def excuses_page(found: Requests, lines: Sequence[RepHolds]) -> ExcusesPage:
    """The page in words, times in the reader's zone."""
    return ExcusesPage(
        waiting=tuple(_waiting(excuse, may_settle=may_settle) for excuse, may_settle in found.waiting),
        settled=tuple(_waiting(excuse, may_settle=False) for excuse in found.settled),
        holds=tuple(_line(line) for line in lines),
    )


def _waiting(excuse: Excuse, *, may_settle: bool) -> Waiting:
    return Waiting(
        handoff=_link(excuse.handoff),
        line=excuse_line(excuse),
        approve_url=reverse("sla:excuse-approve", args=[excuse.uid]) if may_settle else "",
        refuse_url=reverse("sla:excuse-refuse", args=[excuse.uid]) if may_settle else "",
    )


def _line(line: RepHolds) -> HoldLine:
    return HoldLine(
        rep=str(line.rep),
        handoff_count=line.handoff_count,
        held_count=len(line.held),
        late=_some(line.late),
        unanswered=_some(line.unanswered),
        repeated=_some(line.repeated),
        held_share=rate_words(line.held_share) if line.held_share is not None else NOTHING,
    )


def _some(handoffs: Sequence[Handoff]) -> Some:
    links = tuple(_link(handoff) for handoff in handoffs[:_MOST_LINKS])
    return Some(len(handoffs), links, len(handoffs) - len(links))


def _link(handoff: Handoff) -> Link:
    return Link(name_of(handoff), reverse("sla:proof", args=[handoff.uid]))
