"""Of whom a preview is: a lead that is known, or facts that somebody made up; nothing is written."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from feedback.logic.rights import Person
from feedback.models import Handoff
from feedback.reports.routing import Asked
from leads.logic.errors import NotFound
from leads.models import Account, Lead


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is said of a lead and its account, by column; what is empty is not said."""

    lead: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""
    campaign: str = ""
    fit: int | None = None
    intent: int | None = None


def known_lead(text: str, *, person: Person) -> Lead:
    """The lead with this mail address or uid, with its account. NotFound also where the person may not know of it."""
    rows = Lead.objects.select_related("account", "merged_into__account")
    uid = _uid(text)
    found = rows.filter(uid=uid).first() if uid else rows.filter(email=text.strip().lower()).order_by("pk").first()
    found = (found.merged_into or found) if found else None
    if found is None or not (person.sees_all or Handoff.objects.visible_to(person).filter(lead=found).exists()):
        raise NotFound("There is no such lead, or it is not yours to see.")
    return found


def asked_for(told: Told, *, lead: Lead | None = None) -> Asked:
    """What routing is asked: of `lead`, or of the one that is told of if it is known, with what is told in place of
    what is on file. At most two statements.
    """
    if lead is None and told.lead:
        lead = _known(Lead.objects.select_related("account"), told.lead, "email")
    account = _known(Account.objects.all(), told.account, "domain", "name") if told.account else None
    account = account or (lead.account if lead else None)
    return Asked(
        lead=_said(lead, Lead, told.lead),
        account=_said(account, Account, told.account),
        channel=told.channel,
        campaign=told.campaign,
        fit=told.fit,
        intent=told.intent,
    )


Row = TypeVar("Row", bound=Model)


def _said(row: Row | None, model: type[Row], said: Mapping[str, Any]) -> Row | None:
    """A copy of the row that says what is said; a new one, unsaved, when there is none to copy."""
    values = {name: value for name, value in said.items() if value not in ("", None)}
    if row is None and not values:
        return None
    shown = copy(row) if row else model()
    for name, value in values.items():
        setattr(shown, name, value)
    return shown


def _known(rows: QuerySet[Row], said: Mapping[str, Any], *names: str) -> Row | None:
    """The row as an offer would find it: by external id, else by the first of the names that is said."""
    rows = rows.filter(merged_into=None).order_by("pk")
    if said.get("external_id"):
        by_key = rows.filter(external_system=said.get("external_system", ""), external_id=said["external_id"])
        if found := by_key.first():
            return found
    name = next((name for name in names if said.get(name)), "")
    return rows.filter(**{name: said[name]}).first() if name else None


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
