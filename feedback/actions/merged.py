"""What becomes of handoffs when leads or accounts turn out to be one; and a rep who says that they are."""

import datetime as dt
import re
from typing import Any
from uuid import UUID

from feedback.actions import holds
from feedback.actions.announce import announce
from feedback.logic.holds import HoldEnd
from feedback.logic.rights import Person
from feedback.logic.states import ACTIVE, State
from feedback.models import AccountOwner, Handoff
from leads.actions.duplicates import say_same
from leads.logic.actors import Actor
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import Account, Lead

_UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
# The further along, the more has been built on it.
_FURTHER = {State.PENDING: 0, State.ACCEPTED: 1, State.QUALIFIED: 2}


def follow_lead(kept: Lead, dropped: Lead, *, by: Actor, at: dt.datetime) -> list[Handoff]:
    """The handoffs of the dropped lead, which are the kept one's now. Where both had an open one, one goes on.

    Part of the transaction that merges, which holds both leads locked. Locks the handoffs, in their order. Sends
    handoff_changed("recalled") for the one that ends. StateConflict when both are qualified.
    """
    rows = list(_locked(lead_id__in=[kept.pk, dropped.pk]))
    _leave_one_open(rows, by=by, at=at, data={"kept": str(kept.uid), "dropped": str(dropped.uid)})
    return _moved([row for row in rows if row.lead_id == dropped.pk], lead=kept)


def follow_account(kept: Account, dropped: Account, *, by: Actor, at: dt.datetime) -> list[Handoff]:
    """The handoffs of the dropped account, which are the kept one's now; of those without a lead one goes on.

    The kept account's owner stays, else it gets the other's. Everything else as in follow_lead.
    """
    rows = list(_locked(account_id__in=[kept.pk, dropped.pk]))
    unknown = [row for row in rows if row.lead_id is None]
    _leave_one_open(unknown, by=by, at=at, data={"kept": str(kept.uid), "dropped": str(dropped.uid)})
    if not AccountOwner.objects.filter(account=kept).exists():
        AccountOwner.objects.filter(account=dropped).update(account=kept)
    AccountOwner.objects.filter(account=dropped).delete()
    return _moved([row for row in rows if row.account_id == dropped.pk], account=kept)


def ask_about(handoff: Handoff) -> None:
    """Put the handoff's lead and the one that its evidence names on the review queue.

    The evidence names it by uid, by mail address, or by the address of its page or of one of its handoffs. Words that
    name nobody are left to people.
    """
    named = _named(str(handoff.evidence.get("duplicate_of", "")))
    if handoff.lead is not None and named is not None and named.pk != handoff.lead.pk:
        say_same(handoff.lead, named)


def _locked(**of: Any) -> Any:
    rows = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("lead")
    return rows.filter(**of).order_by("pk")


def _leave_one_open(rows: list[Handoff], *, by: Actor, at: dt.datetime, data: dict[str, str]) -> None:
    """The furthest of the open handoffs goes on, of two alike the older; the others are recalled."""
    active = sorted(
        (row for row in rows if row.state in ACTIVE),
        key=lambda row: (-_FURTHER[State(row.state)], row.offered_at, row.pk),
    )
    for row in active[1:]:
        if row.state == State.QUALIFIED:
            raise StateConflict(
                "Both are with sales, qualified: record the outcome of one of the two before they are merged."
            )
        _recall(row, by=by, at=at, data={**data, "goes_on": str(active[0].uid)})


def _recall(handoff: Handoff, *, by: Actor, at: dt.datetime, data: dict[str, str]) -> None:
    """End it as if it had never been decided: the journal keeps that it was."""
    person = by if isinstance(by, Person) else Person(user_id=by.user_id, label=by.label, via=by.via)
    was = handoff.state
    holds.end_open(handoff, because=HoldEnd.DECIDED, by=person, at=at)
    handoff.state = State.RECALLED
    handoff.decided_at, handoff.decided_by, handoff.decision_note = None, None, ""
    handoff.save(update_fields=["state", "decided_at", "decided_by", "decision_note"])
    announce([handoff], "recalled", by=person, at=at, data={**data, "cause": "merged", "was": was})


def _moved(rows: list[Handoff], **to: Lead | Account) -> list[Handoff]:
    Handoff.objects.filter(pk__in=[row.pk for row in rows]).update(**to)
    return rows


def _named(text: str) -> Lead | None:
    """The lead that the words name, followed to the one it was merged into."""
    leads = Lead.objects.select_related("merged_into")
    found = None
    if uid := _UID.search(text):
        found = leads.filter(uid=UUID(uid[0])).first()
        if found is None:
            handoff = Handoff.objects.select_related("lead__merged_into").filter(uid=UUID(uid[0])).first()
            found = handoff.lead if handoff else None
    elif "@" in text:
        try:
            found = leads.filter(email=normal_email(text)).exclude(email="").first()
        except InvalidInput:
            return None
    return found.merged_into or found if found else None
