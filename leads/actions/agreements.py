"""The agreement from draft to history: drafted, edited, signed by both sides, published, ended by the next one.

Who may do what is decided by the app above, which knows the roles. Here is decided what holds for everybody: a
signature is a person's, under one text, for one side.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from leads.actions import contributions, journal, waking
from leads.actions.clock import database_now
from leads.logic import agreement as text
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.logic.scoring import horizon
from leads.logic.signatures import text_digest
from leads.logic.starting_point import PAGE_GROUPS, starting_point
from leads.logic.text import one_line
from leads.models import Agreement, AgreementState, EngagementKind, PageGroup, Side, SignOff

_LONGEST_NOTE = 500


@transaction.atomic
def draft(*, by: Actor) -> Agreement:
    """The one draft there is, or a new one: a copy of the agreement in force, else leads.logic.starting_point with the
    page groups that it speaks of. Journals agreement.drafted for a new one.
    """
    if (found := Agreement.objects.filter(state=AgreementState.DRAFT).first()) is not None:
        return found
    before = Agreement.objects.filter(state=AgreementState.IN_FORCE).first()
    if before is None:
        _make_page_groups()
    document = before.document if before else text.written(starting_point())
    try:
        with transaction.atomic():
            made = Agreement.objects.create(document=document, created_by_id=by.user_id)
    except IntegrityError:
        # Somebody else began one in this moment; there is but one.
        return Agreement.objects.get(state=AgreementState.DRAFT)
    _tell("drafted", made, by=by, at=database_now(), copied_from=before.number if before else None)
    return made


@transaction.atomic
def edit(uid: UUID, *, by: Actor, document: object, note: str = "", seen: str | None = None) -> Agreement:
    """The draft with this text and this note on what changes and why. Signatures under another text are void.

    `seen` is the digest of the text that was opened: StateConflict when it is another one by now. NotFound,
    StateConflict for what is published, InvalidInput(<path in the document>, note). Locks the agreement. Journals
    agreement.edited with the sides whose signature it voided.
    """
    agreement = _locked(uid)
    words = one_line(note, field="note", longest=_LONGEST_NOTE)
    contributed = contributions.collected()
    if seen is not None and seen != text_digest(agreement.document, contributed, agreement.note):
        raise StateConflict(
            "Somebody changed this draft, or the reasons or targets in it, since you opened it. "
            "Saved again, yours takes the place of theirs."
        )
    written = text.written(_read(document))
    if (written, words) == (agreement.document, agreement.note):
        return agreement
    agreement.document, agreement.note, agreement.edited_at = written, words, database_now()
    agreement.save(update_fields=["document", "note", "edited_at"])
    voided = sorted(agreement.signatures.values_list("side", flat=True))
    agreement.signatures.all().delete()
    digest = text_digest(written, contributed, words)
    _tell("edited", agreement, by=by, at=agreement.edited_at, digest=digest, voided=voided)
    return agreement


@transaction.atomic
def sign(uid: UUID, *, by: Actor, side: str, digest: str, at: dt.datetime | None = None) -> SignOff:
    """The signature of `by` for `side` (a Side) under the text with `digest`, the one that was shown.

    Again by the same person changes nothing. NotFound; NotAllowed for LeadLoop itself and for who signed the other
    side; StateConflict when the text is another one by now, somebody else has signed it for this side, or it is
    published; InvalidInput(side, <path in the document>) for a text that names what is no longer there. `at` backdates.
    Locks the agreement. Journals agreement.signed.
    """
    agreement = _locked(uid)
    if side not in Side.values:
        raise InvalidInput("Sign for marketing or for sales.", field="side")
    if by.user_id is None:
        raise NotAllowed("A signature is a person's: LeadLoop signs nothing.")
    if digest != digest_of(agreement):
        raise StateConflict("The text changed since you opened the page. Read it again before you sign.")
    _read(agreement.document)
    signed = {one.side: one for one in agreement.signatures.all()}
    own = signed.pop(side, None)
    if any(other.user_id == by.user_id for other in signed.values()):
        raise NotAllowed("You signed for the other side. Nobody signs for both.")
    if own is not None and own.digest == digest:
        if own.user_id == by.user_id:
            return own
        raise StateConflict(f"{own.label} has signed this text for {side}, at {own.signed_at:%Y-%m-%d %H:%M} UTC.")
    signed_at = _instant(at)
    made, _ = SignOff.objects.update_or_create(
        agreement=agreement,
        side=side,
        defaults={"user_id": by.user_id, "label": by.label[:200], "digest": digest, "signed_at": signed_at},
    )
    _tell("signed", agreement, by=by, at=signed_at, side=side, digest=digest)
    return made


@transaction.atomic
def unsign(uid: UUID, *, by: Actor, side: str) -> Agreement:
    """The draft without the signature that `by` gave for `side`.

    NotFound, NotAllowed for somebody else's, StateConflict where there is none or it is published, InvalidInput(side).
    Locks the agreement. Journals agreement.unsigned.
    """
    agreement = _locked(uid)
    if side not in Side.values:
        raise InvalidInput("Take back a signature for marketing or for sales.", field="side")
    signature = agreement.signatures.filter(side=side).first()
    if signature is None:
        raise StateConflict(f"Nobody has signed for {side}.")
    if signature.user_id != by.user_id:
        raise NotAllowed(f"It is the signature of {signature.label}: only they can take it back.")
    signature.delete()
    _tell("unsigned", agreement, by=by, at=database_now(), side=side, digest=signature.digest)
    return agreement


@transaction.atomic
def publish(
    uid: UUID, *, by: Actor, digest: str | None = None, looks_back: bool = False, at: dt.datetime | None = None
) -> Agreement:
    """The agreement in force from now on, with the number after the last, and what the apps above add frozen in it. The
    one before ends at the same instant.

    `digest` is that of the text that was shown. NotFound; StateConflict while a side has not signed the present text,
    when the text is another one than shown, when somebody was first; InvalidInput(<path>) for a text that names what is
    no longer there. With `looks_back` everybody whose engagements still count is judged by it in a moment; otherwise
    each is at the next thing they do. `at` backdates, not before the last publication. Locks the draft, then the one in
    force. Journals agreement.published.
    """
    agreement = _locked(uid)
    contributed = contributions.collected()
    present = text_digest(agreement.document, contributed, agreement.note)
    if digest is not None and digest != present:
        raise StateConflict("The text changed since you opened the page. Look at it again.")
    read = _read(agreement.document)
    _check_signatures(agreement, present)
    before = Agreement.objects.select_for_update().filter(state=AgreementState.IN_FORCE).first()
    published_at = _instant(at, earliest=before.published_at if before else None)
    if before is not None:
        before.state, before.ended_at = AgreementState.ENDED, published_at
        before.save(update_fields=["state", "ended_at"])
    last = Agreement.objects.aggregate(last=Max("number"))["last"] or 0
    agreement.state, agreement.number = AgreementState.IN_FORCE, last + 1
    agreement.contributed, agreement.published_at = contributed, published_at
    agreement.save(update_fields=["state", "number", "contributed", "published_at"])
    if looks_back:
        waking.wake_everybody(since=(database_now() - dt.timedelta(days=horizon(read))).date())
    _tell("published", agreement, by=by, at=published_at, digest=present)
    return agreement


@transaction.atomic
def discard(uid: UUID, *, by: Actor) -> None:
    """Nothing: the draft and its signatures are gone; what is published stays. NotFound, StateConflict. Locks the
    agreement. Journals agreement.discarded.
    """
    agreement = _locked(uid)
    _tell("discarded", agreement, by=by, at=database_now(), digest=digest_of(agreement))
    agreement.delete()


def digest_of(agreement: Agreement) -> str:
    """The digest of the text as it stands: of a draft with what the apps above say today, of a published one with what
    was frozen.
    """
    is_draft = agreement.state == AgreementState.DRAFT
    contributed = contributions.collected() if is_draft else agreement.contributed
    return text_digest(agreement.document, contributed, agreement.note)


def _locked(uid: UUID) -> Agreement:
    agreement = Agreement.objects.select_for_update().filter(uid=uid).first()
    if agreement is None:
        raise NotFound("There is no such draft.")
    if agreement.state != AgreementState.DRAFT:
        raise StateConflict(f"{agreement} is published and stays as it is. Changes begin with a new draft.")
    return agreement


def _read(document: object) -> text.Agreement:
    groups = list(PageGroup.objects.values_list("key", flat=True))
    return text.read(document, kinds=EngagementKind.values, page_groups=groups)


def _check_signatures(agreement: Agreement, digest: str) -> None:
    signed = {one.side: one for one in agreement.signatures.all()}
    for side in Side.values:
        if side not in signed:
            raise StateConflict(f"Nobody has signed for {side} yet.")
        if signed[side].digest != digest:
            raise StateConflict(
                f"{signed[side].label} signed for {side} before the text changed; it has to be signed again."
            )
    if len({one.user_id for one in signed.values()}) < len(signed):
        raise StateConflict("Both signatures are of the same person. It takes two.")


def _instant(at: dt.datetime | None, *, earliest: dt.datetime | None = None) -> dt.datetime:
    now = database_now()
    if at is None:
        return now
    if at > now or (earliest is not None and at < earliest):
        raise InvalidInput("It lies in the future, or before the last publication.", field="at")
    return at


def _make_page_groups() -> None:
    rows = [
        PageGroup(
            key=key,
            label=label,
            position=position,
            patterns=[{"operator": "prefix", "value": prefix} for prefix in prefixes],
        )
        for position, (key, (label, prefixes)) in enumerate(PAGE_GROUPS.items(), start=1)
    ]
    PageGroup.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(what: str, agreement: Agreement, *, by: Actor, at: dt.datetime, **more: Any) -> None:
    data = {"agreement": str(agreement.uid), "number": agreement.number, **more}
    journal.record(journal.Entry(kind=f"agreement.{what}", by=by, at=at, data=data))
