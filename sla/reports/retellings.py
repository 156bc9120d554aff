"""Reading the journal of handoffs as far as it tells of their clocks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from leads.models import JournalEntry
from sla.logic.business_time import Calendar
from sla.logic.retold import HEARD, Retelling
from sla.logic.rules import Rules
from sla.logic.told import Books, Said
from sla.models import CalendarVersion, PolicyVersion

_STEPS = ("owner.warned", "owner.notified", "manager.notified", "channel.notified", "step.skipped")
_KINDS = sorted({*HEARD, *_STEPS})
_COLUMNS = ("kind", "handoff_uid", "occurred_at", "data", "actor_label", "note__text")


class Library:
    """Published versions as they were asked for; they never change, so one library serves many questions."""

    def __init__(self) -> None:
        self._rules: dict[str, Rules] = {}
        self._hours: dict[str, tuple[str, Calendar]] = {}

    def books(self, entries: Sequence[Mapping[str, Any]]) -> Books:
        """The versions that the data of these entries name; a statement for each kind that is not here yet."""
        self._fetch_rules({str(data["version"]) for data in entries if "amount_us" in data} - self._rules.keys())
        hours = {str(data["calendar"]) for data in entries if "amount_us" in data}
        hours |= {str(data["version"]) for data in entries if "moves_running" in data}
        self._fetch_hours(hours - self._hours.keys())
        return Books(self._rules, self._hours)

    def _fetch_rules(self, uids: set[str]) -> None:
        if uids:
            found = PolicyVersion.objects.filter(uid__in=uids).values_list("uid", "rules")
            self._rules.update({str(uid): Rules.from_dict(rules) for uid, rules in found})

    def _fetch_hours(self, uids: set[str]) -> None:
        if uids:
            found = CalendarVersion.objects.filter(uid__in=uids).values_list("uid", "calendar__uid", "hours")
            self._hours.update({str(uid): (str(calendar), Calendar.from_dict(raw)) for uid, calendar, raw in found})


def retellings(uids: Sequence[UUID], library: Library) -> dict[UUID, Retelling]:
    """What the journal tells of the clocks of each of these handoffs; four statements at most, whatever the number.

    Calendars that were published count for every handoff, in the place where they stand among its own entries.
    """
    own = list(
        JournalEntry.objects.filter(handoff_uid__in=list(uids), kind__in=_KINDS).order_by("id").values("id", *_COLUMNS)
    )
    first = min((row["id"] for row in own if row["kind"] == "clock.started"), default=None)
    if first is None:
        books = library.books([])
        return {uid: Retelling(books) for uid in uids}
    asked = Q(handoff_uid=None, kind="calendar.published", id__gt=first)
    published = list(JournalEntry.objects.filter(asked).order_by("id").values("id", *_COLUMNS))
    books = library.books([row["data"] for row in (*own, *published)])
    rows_of: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for row in own:
        rows_of[row["handoff_uid"]].append(row)
    found = {}
    for uid in uids:
        found[uid] = retelling = Retelling(books)
        for row in sorted((*rows_of[uid], *published), key=lambda row: row["id"]):
            retelling.hear(_said(row))
    return found


def _said(row: Mapping[str, Any]) -> Said:
    return Said(
        kind=row["kind"],
        at=row["occurred_at"],
        data=row["data"],
        who=row["actor_label"],
        note=row["note__text"] or "",
    )
