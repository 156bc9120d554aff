"""What the list half of the split view says."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from feedback.models import Hold
from feedback.pages.held import held_words
from feedback.panels import Promise
from feedback.reports import counts
from feedback.reports.queue import CHIPS, Asked, Listing, Page, Row
from leads.logic.words import due_words, duration_words, left_words

_TITLES = {Listing.QUEUE: "Due next", Listing.WORKING: "Working"}
_LABELS = {
    "late": "Late", "today": "Today", "held": "On hold", "new": "New", "team": "Unassigned",
    "untried": "Not tried", "talking": "Talking", "qualified": "Qualified",
}  # fmt: skip
_WHOLE = {Listing.QUEUE: "All", Listing.WORKING: "Accepted"}
_PRIORITY_WORDS = {1: "first of all", 2: "raised"}
_EVEN = dt.timedelta(minutes=2)
_COUNTS_DOWN = dt.timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the lists a person is, carried in every address, so that the next handoff comes from the same list."""

    listing: Listing | None
    chip: str = "all"
    query: str = ""

    def address(self, name: str, uid: UUID | None = None) -> str:
        """The address called `name` (of a handoff when `uid` is given), with this place kept in it."""
        kept = {"list": self.listing or "", "show": "" if self.chip == "all" else self.chip, "q": self.query}
        words = urlencode({key: value for key, value in kept.items() if value})
        url = reverse(f"feedback:{name}", args=[uid] if uid else None)
        return f"{url}?{words}" if words else url


@dataclass(frozen=True, kw_only=True)
class DueWords:
    """The state of a promise in a row; `at` only when it may count down by itself."""

    words: str = ""
    state: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How handoffs stand, by primary key: the promise that runs on each, and the hold it is under."""

    promises: Mapping[int, Promise]
    holds: Mapping[int, Hold]


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """See templates/feedback/_queue_row.html."""

    uid: UUID
    name: str
    raised: str
    account: str
    why: str
    url: str
    active: bool
    due_words: str
    due_state: str
    due_at: dt.datetime | None
    fit: int | None
    intent: int | None


@dataclass(frozen=True, kw_only=True)
class Chip:
    label: str
    count: str
    url: str
    active: bool


@dataclass(frozen=True, kw_only=True)
class Empty:
    headline: str
    sentence: str
    link_url: str = ""
    link_label: str = ""


@dataclass(frozen=True, kw_only=True)
class QueueList:
    """See templates/feedback/_queue_list.html. `digest` changes when something in the list does."""

    title: str
    url: str
    query: str
    rows: tuple[ListRow, ...]
    chips: tuple[Chip, ...]
    more_url: str
    poll_url: str
    empty: Empty
    digest: str


def raised_words(priority: int) -> str:
    """The mark of a row that stands above what is merely due: "raised", "first of all", "" for the usual."""
    return _PRIORITY_WORDS.get(priority, "")


def due_of(due_at: dt.datetime | None, promise: Promise | None, *, hold: Hold | None, now: dt.datetime) -> DueWords:
    """What a row says of its promise: "18 min left", "by 17:00", "on hold until …"; nothing when nothing was promised.

    Counts down by itself only while all the time until the deadline is open time.
    """
    zone = timezone.get_current_timezone()
    # A promise that runs on through the hold is what counts.
    if hold is not None and (promise is None or promise.state == "held"):
        return DueWords(words=held_words(hold, now=now), state="held")
    if promise is None:
        if due_at is None:
            return DueWords()
        due = due_words(due_at, now=now, zone=zone)
        return DueWords(words=due.words, state=due.state, at=due_at)
    elapsed = promise.due_at - now
    due = due_words(promise.due_at, now=now, zone=zone)
    if abs(elapsed - promise.left) <= _EVEN:
        return DueWords(words=due.words, state=due.state, at=promise.due_at if abs(elapsed) < _COUNTS_DOWN else None)
    if due.state == "late":
        return DueWords(words=left_words(promise.left), state="late")
    if due.state in {"now", "soon"}:
        return DueWords(words=duration_words(promise.left), state=due.state)
    return DueWords(words=due.words, state=due.state)


def list_rows(
    page: Page, *, place: Place, standing: Standing, active: UUID | None, now: dt.datetime
) -> tuple[ListRow, ...]:
    """The rows in words; `active` is the one shown beside the list."""
    return tuple(_row(row, place=place, standing=standing, active=active, now=now) for row in page.rows)


def more_url(page: Page, *, place: Place) -> str:
    """The address of the rows after these, "" at the end."""
    if not page.has_more:
        return ""
    base = _list_url(place, place.chip, query=place.query)
    return f"{base}{'&' if '?' in base else '?'}{urlencode({'after': page.rows[-1].cursor})}"


def queue_list(page: Page, *, asked: Asked, chip_counts: Mapping[str, int], rows: tuple[ListRow, ...]) -> QueueList:
    """The whole list pane."""
    place = Place(listing=asked.listing, chip=asked.chip, query=asked.query)
    chips = tuple(
        Chip(
            label=_LABELS.get(chip) or _WHOLE[asked.listing],
            count=counts.words(chip_counts[chip]),
            url=_list_url(place, chip, query=asked.query),
            active=chip == asked.chip,
        )
        for chip in CHIPS[asked.listing]
    )
    said = ((row.uid, row.raised, row.due_state, row.due_at or row.due_words) for row in rows)
    digest = _digest([*said, *chips, page.has_more])
    here = _list_url(place, asked.chip, query=asked.query)
    return QueueList(
        title=_TITLES[asked.listing],
        url=reverse(f"feedback:{asked.listing}"),
        query=asked.query,
        rows=rows,
        chips=chips,
        more_url=more_url(page, place=place),
        poll_url=f"{here}{'&' if '?' in here else '?'}{urlencode({'known': digest})}",
        empty=_empty(asked, team_count=chip_counts.get("team", 0)),
        digest=digest,
    )


def _row(row: Row, *, place: Place, standing: Standing, active: UUID | None, now: dt.datetime) -> ListRow:
    due = due_of(row.due_at, standing.promises.get(row.pk), hold=standing.holds.get(row.pk), now=now)
    return ListRow(
        uid=row.uid,
        name=row.name,
        raised=raised_words(row.priority),
        account=row.account,
        why=row.why,
        url=place.address("handoff", row.uid),
        active=row.uid == active,
        due_words=due.words,
        due_state=due.state,
        due_at=due.at,
        fit=row.fit,
        intent=row.intent,
    )


def _list_url(place: Place, chip: str, *, query: str) -> str:
    kept = {key: value for key, value in (("show", "" if chip == "all" else chip), ("q", query)) if value}
    url = reverse(f"feedback:{place.listing}")
    return f"{url}?{urlencode(kept)}" if kept else url


def _digest(facts: list[Any]) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _empty(asked: Asked, *, team_count: int) -> Empty:
    if asked.query:
        url = reverse(f"feedback:{asked.listing}")
        sentence = f"No name, company or mail address here has “{asked.query}” in it."
        return Empty(headline="Nothing found", sentence=sentence, link_url=url, link_label="Show all")
    if asked.listing is Listing.WORKING:
        return Empty(
            headline="Nothing here",
            sentence="What you accept waits here until you qualify it or return it.",
            link_url=reverse("feedback:queue"),
            link_label="To the queue",
        )
    if asked.chip == "team":
        return Empty(
            headline="Nobody is waiting", sentence="Every lead of your team has somebody. New ones appear here."
        )
    if asked.chip != "all":
        return Empty(
            headline={
                "late": "Nothing is late",
                "today": "Nothing is due today",
                "held": "Nothing is on hold",
                "new": "Nothing new",
            }[asked.chip],
            sentence="All of your queue is under All.",
            link_url=reverse("feedback:queue"),
            link_label="Show all",
        )
    if team_count:
        return Empty(
            headline="Your queue is clear",
            sentence=f"{counts.words(team_count)} of your team's leads have nobody yet.",
            link_url=f"{reverse('feedback:queue')}?show=team",
            link_label="See them",
        )
    return Empty(
        headline="Your queue is clear", sentence="The next lead appears here by itself when marketing offers it."
    )
