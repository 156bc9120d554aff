"""What the frame of every page shows: where one can go, and what waits there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from feedback.logic.rights import MANAGER, MARKETER, OPERATIONS, REP, Person, may_merge
from feedback.reports import counts
from feedback.reports.holds import questions_for
from feedback.reports.queue import Listing, members
from leads.models import Duplicate, Notice
from leads.reports.duplicates import open_pairs

_EVERYBODY = frozenset({REP, MANAGER, MARKETER, OPERATIONS})
_ROLE_WORDS = {REP: "Rep", MANAGER: "Manager", MARKETER: "Marketer", OPERATIONS: "Operations"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    label: str
    url: str
    counted: str
    count: str
    active: str
    key: str


@dataclass(frozen=True)
class Group:
    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Me:
    name: str
    role: str


@dataclass(frozen=True)
class _Place:
    label: str
    name: str
    key: str
    roles: frozenset[str] = _EVERYBODY
    count: str = ""


# Pages of other apps are named here like any address; one that is not installed has no entry.
_GROUPS = (
    (
        "",
        (
            _Place("Queue", "feedback:queue", "g q", frozenset({REP}), "queue"),
            _Place("Working", "feedback:working", "g w", frozenset({REP}), "working"),
            _Place("Questions", "feedback:questions", "g u", frozenset({MARKETER, MANAGER, OPERATIONS}), "questions"),
            _Place("Notices", "leads:notices", "g n", _EVERYBODY, "notices"),
        ),
    ),
    (
        "Team",
        (
            _Place("Board", "feedback:board", "g b"),
            _Place("Absences", "feedback:absences", "g a", frozenset({REP, MANAGER, OPERATIONS})),
            _Place("Routing", "feedback:routing", "g o", frozenset({MANAGER, MARKETER, OPERATIONS})),
            _Place("Excused time", "sla:excuses", "g x", frozenset({MANAGER})),
        ),
    ),
    (
        "Learn",
        (
            _Place("Rejections", "feedback:report-rejections", "g r"),
            _Place("Funnel", "feedback:report-funnel", "g f"),
            _Place("Speed", "feedback:report-speed", "g s"),
            _Place("Campaigns", "feedback:report-campaigns", "g c"),
            _Place("Promises", "sla:attainment", "g p"),
            _Place("Agreement", "feedback:agreement", "g m"),
            _Place("Replays", "sla:replays", "g y", frozenset({MANAGER, OPERATIONS})),
        ),
    ),
    (
        "Marketing",
        (
            _Place("Held back", "feedback:held-back", "g h", frozenset({MARKETER, MANAGER, OPERATIONS})),
            _Place("Imports", "leads:imports", "g i", frozenset({MARKETER, OPERATIONS})),
            _Place("Duplicates", "feedback:duplicates", "g d", frozenset({MARKETER, OPERATIONS}), "duplicates"),
        ),
    ),
)

# Pages that hang below one of the menu, which stays marked while they are read.
_PARENTS = {
    "feedback:report-handoffs": "feedback:report-rejections",
    "leads:import-run": "leads:imports",
    "sla:replay": "sla:replays",
    "leads:zone": "leads:notices",
}

# Pages of other apps about one handoff.
_OF_HANDOFFS = frozenset({"sla:proof", "sla:excuse-request"})


def shell(request: HttpRequest) -> dict[str, Any]:
    """nav, me and now for base.html. Nothing is asked of the database until a template shows the frame; then one
    statement.
    """
    frame = SimpleLazyObject(lambda: _frame(request))
    return {
        "nav": SimpleLazyObject(lambda: frame["nav"]),
        "me": SimpleLazyObject(lambda: frame["me"]),
        "now": timezone.now(),
    }


def _frame(request: HttpRequest) -> dict[str, Any]:
    person: Person = getattr(request, "person", Person(user_id=None, label="", via="page"))
    if person.user_id is None:
        return {"nav": (), "me": Me("", "")}
    now = timezone.now()
    found = counts.capped(
        person.user_id,
        {
            "queue": members(person, Listing.QUEUE, "all", now=now),
            "working": members(person, Listing.WORKING, "all", now=now),
            "questions": questions_for(person),
            "duplicates": open_pairs() if may_merge(person) else Duplicate.objects.none(),
            "notices": Notice.objects.filter(user_id=person.user_id, read_at__isnull=True),
        },
        team="rep__team__name",
    )
    roles = " · ".join([*(words for role, words in _ROLE_WORDS.items() if role in person.roles), found["team"] or ""])
    groups = (Group(label, tuple(_entries(places, request, person, found))) for label, places in _GROUPS)
    return {"nav": tuple(group for group in groups if group.entries), "me": Me(person.label, roles.strip(" ·"))}


def _entries(places: Iterable[_Place], request: HttpRequest, person: Person, found: dict[str, Any]) -> Iterable[Entry]:
    match = request.resolver_match
    here = match.view_name if match else ""
    for place in places:
        if not place.roles & person.roles:
            continue
        try:
            url = reverse(place.name)
        except NoReverseMatch:
            continue
        count = counts.words(found[place.count]) if found.get(place.count) else ""
        active = "page" if place.name == here else "true" if place.name == _parent(here, request, person) else ""
        yield Entry(label=place.label, url=url, counted=place.count, count=count, active=active, key=place.key)


def _parent(here: str, request: HttpRequest, person: Person) -> str:
    """The page of the menu that the page `here` belongs to."""
    if here.startswith("feedback:agreement-"):
        return "feedback:agreement"
    if here.startswith("feedback:handoff") or here in _OF_HANDOFFS:
        if REP not in person.roles:
            return "feedback:board"
        return f"feedback:{getattr(request, 'listing', '') or request.GET.get('list') or 'queue'}"
    return _PARENTS.get(here, "")
