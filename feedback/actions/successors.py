"""The handoff that follows one which was turned back."""

import datetime as dt

from feedback.actions.announce import announce
from feedback.actions.offer_rows import Agreements, routed, trace
from feedback.logic.rights import Person
from feedback.models import Handoff, Rep
from feedback.reports.routing import is_routed
from leads.actions import journal
from leads.actions.clock import database_now

_CARRIED = (
    *("lead_id", "account_id", "campaign_id", "channel"),
    *("fit", "intent", "score_parts", "why", "engaged_at", "qualified_at"),
)


def offer_again(previous: Handoff, *, owner: Rep | None, by: Person, at: dt.datetime) -> Handoff:
    """The successor of a turned back handoff: same lead and origin, offered at `at` to `owner`; without one, to whom
    routing gives it, those who refused it left out, else to the team's queue.

    Called inside the operation that ended `previous`. Locks reps and turns unless `owner` is given. Sends
    handoff_changed("offered").
    """
    kept = {name: getattr(previous, name) for name in _CARRIED}
    handoff = Handoff(**kept, previous=previous, owner=owner, offered_at=at)
    handoff.lead, handoff.team = previous.lead, owner.team if owner else previous.team
    handoff.agreement_id = Agreements.read().at(at)
    # A rule is a rule of its agreement: under another one nobody asked it.
    handoff.mql_rule = previous.mql_rule if handoff.agreement_id == previous.agreement_id else ""
    routes = {} if owner or not is_routed() else routed({0: handoff}, at=database_now())
    handoff.save(force_insert=True)
    to = handoff.owner
    announce(
        [handoff], "offered", by=by, at=at, data={"previous": str(previous.uid), "owner": str(to.uid) if to else None}
    )
    journal.record_many(trace(handoff, route) for route in routes.values())
    return handoff
