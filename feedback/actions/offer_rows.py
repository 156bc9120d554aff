"""Writing new handoffs: where they go, under which agreement they are made, and what is said of it."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.actions.announce import announce
from feedback.actions.routing import route_many
from feedback.logic.rights import LEADLOOP, Person
from feedback.models import Handoff
from feedback.reports.routing import ROUTED, Asked, Route
from leads.actions import journal
from leads.actions.bulk import insert_rows
from leads.models import Account, Agreement, Campaign


@dataclass(frozen=True)
class Agreements:
    """The published agreements: from when on each was in force, in order, and its row number."""

    since: Sequence[dt.datetime]
    ids: Sequence[int]

    @classmethod
    def read(cls) -> "Agreements":
        """One statement."""
        rows = Agreement.objects.filter(published_at__isnull=False).order_by("published_at", "pk")
        found = list(rows.values_list("published_at", "pk"))
        return cls([at for at, _ in found if at], [pk for _, pk in found])

    def at(self, at: dt.datetime) -> int | None:
        """The row number of the agreement that was in force at `at`; None before the first."""
        number = bisect_right(self.since, at)
        return self.ids[number - 1] if number else None


def routed(handoffs: Mapping[int, Handoff], *, at: dt.datetime) -> dict[int, Route]:
    """A route for each handoff, which is not written yet, by its key; team and owner are set where one was found.

    Locks reps and turns. Three statements besides those of route_many.
    """
    if not handoffs:
        return {}
    accounts = Account.objects.in_bulk([one.account_id for one in handoffs.values() if one.account_id])
    campaigns = Campaign.objects.in_bulk([one.campaign_id for one in handoffs.values() if one.campaign_id])
    asked = [
        Asked(
            lead=one.lead,
            account=accounts.get(one.account_id or 0),
            channel=one.channel,
            campaign=campaigns[one.campaign_id].name if one.campaign_id else "",
            fit=one.fit,
            intent=one.intent,
        )
        for one in handoffs.values()
    ]
    routes = dict(zip(handoffs, route_many(asked, at=at), strict=True))
    for key, route in routes.items():
        if route.team:
            handoffs[key].team, handoffs[key].owner = route.team, route.owner
    return routes


def write(handoffs: Mapping[int, Handoff], routes: Mapping[int, Route], *, by: Person) -> None:
    """Write the handoffs, tell of them, and leave the trace of those that were routed.

    Sends handoff_changed("offered") once for all.
    """
    if not handoffs:
        return
    insert_rows(Handoff, list(handoffs.values()))
    announce(list(handoffs.values()), "offered", by=by, at=None)
    journal.record_many(trace(handoffs[key], route) for key, route in routes.items() if key in handoffs)


def trace(handoff: Handoff, route: Route) -> journal.Entry:
    """How the handoff came to its owner, for the journal."""
    return journal.Entry(
        kind=ROUTED,
        by=LEADLOOP,
        at=handoff.offered_at,
        handoff_uid=handoff.uid,
        lead_uid=handoff.lead.uid if handoff.lead else None,
        data={
            "team": str(route.team.uid) if route.team else None,
            "owner": str(route.owner.uid) if route.owner else None,
            "rule": route.rule,
            "steps": list(route.steps),
        },
    )
