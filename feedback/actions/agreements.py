"""Who may write, sign and publish the agreement; what then happens is done by leads.actions.agreements."""

import datetime as dt
from uuid import UUID

from django.db import transaction

from feedback.actions.agreement_notices import tell_other_side, tell_published
from feedback.logic.rights import Person, may_agree, may_sign
from leads.actions import agreements
from leads.logic.errors import NotAllowed
from leads.models import Agreement, Side, SignOff


def draft(*, by: Person) -> Agreement:
    """The one draft; see leads.actions.agreements.draft. NotAllowed for who is neither marketer, manager nor
    operations.
    """
    _may_agree(by)
    return agreements.draft(by=by)


def edit(uid: UUID, *, by: Person, document: object, note: str = "", seen: str | None = None) -> Agreement:
    """The draft with another text; see leads.actions.agreements.edit. NotAllowed like draft."""
    _may_agree(by)
    return agreements.edit(uid, by=by, document=document, note=note, seen=seen)


@transaction.atomic
def sign(uid: UUID, *, by: Person, side: str, digest: str, at: dt.datetime | None = None) -> SignOff:
    """The signature; see leads.actions.agreements.sign. Marketers sign for marketing, managers for sales: NotAllowed
    for everybody else. The other side gets a notice.
    """
    _may_sign(by, side)
    signature = agreements.sign(uid, by=by, side=side, digest=digest, at=at)
    tell_other_side(signature)
    return signature


def unsign(uid: UUID, *, by: Person, side: str) -> Agreement:
    """The draft without one's own signature; see leads.actions.agreements.unsign. NotAllowed like sign."""
    _may_sign(by, side)
    return agreements.unsign(uid, by=by, side=side)


@transaction.atomic
def publish(
    uid: UUID, *, by: Person, digest: str | None = None, looks_back: bool = False, at: dt.datetime | None = None
) -> Agreement:
    """The agreement in force from now on; see leads.actions.agreements.publish. NotAllowed like draft. Reps, managers
    and marketers get a notice.
    """
    _may_agree(by)
    published = agreements.publish(uid, by=by, digest=digest, looks_back=looks_back, at=at)
    tell_published(published, by=by)
    return published


def discard(uid: UUID, *, by: Person) -> None:
    """Nothing: the draft is gone; see leads.actions.agreements.discard. NotAllowed like draft."""
    _may_agree(by)
    agreements.discard(uid, by=by)


def _may_agree(by: Person) -> None:
    if not may_agree(by):
        raise NotAllowed("The agreement is written by marketers, sales managers and operations. Everybody can read it.")


def _may_sign(by: Person, side: str) -> None:
    # What is no side at all is refused by the action, in its words, to whoever may sign for one.
    if not (may_sign(by, side) if side in Side.values else any(may_sign(by, one) for one in Side.values)):
        raise NotAllowed("Marketers sign for marketing, sales managers for sales.")
