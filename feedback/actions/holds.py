"""A handoff waits: the rep asks marketing, or the prospect is away. Every hold ends by itself."""

import datetime as dt
import logging
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from feedback.actions.announce import announce
from feedback.actions.hold_input import answer_words, beginning, limit_of, question_words, reason_of
from feedback.actions.hold_notices import tell_asked, tell_ended
from feedback.actions.locking import following, keep_lead_known, locked
from feedback.logic.holds import HoldEnd, OwedBy
from feedback.logic.rights import LEADLOOP, Person
from feedback.logic.states import Verb
from feedback.models import Handoff, Hold
from leads.actions import journal
from leads.actions.clock import database_now, instant
from leads.actions.prepared import prepared_cursor
from leads.logic.errors import InvalidInput, StateConflict

log = logging.getLogger(__name__)


@transaction.atomic
def hold(
    uid: UUID,
    *,
    by: Person,
    reason: str,
    question: str = "",
    until: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Handoff:
    """The handoff, on hold for the reason with this key until somebody answers or acts, at the latest `until`.

    `until` is aware, in the future, and at most the reason's longest after the hold began; left out it is the reason's
    usual length. `at` backdates (not before the offer, the acceptance, the end of the hold before, or what the
    prospect did since). NotFound, NotAllowed, StateConflict when it is on hold already, InvalidInput(reason, question,
    until, at). Locks account and lead where the prospect is waited for, then the handoff. Tells marketing when asked.
    Sends handoff_changed("held").
    """
    why = reason_of(reason)
    handoff = locked(uid, by=by, verb=Verb.HOLD, with_lead=why.owed_by is OwedBy.PROSPECT)
    state = following(handoff, Verb.HOLD)
    if state not in why.states:
        raise InvalidInput("A handoff waits for a reply only once it is accepted.", field="reason")
    asked = question_words(question, why=why)
    now = database_now()
    if before := _open(handoff):
        if before.limit_at > now:
            raise StateConflict("It is on hold already; end that hold first.")
        _end(handoff, before, because=HoldEnd.LIMIT, by=LEADLOOP, at=before.limit_at)
    began_at = now if at is None else beginning(handoff, why, at=at)
    made = Hold.objects.create(
        handoff=handoff,
        reason=why.key,
        owed_by=why.owed_by,
        question=asked,
        by_id=by.user_id,
        began_at=began_at,
        limit_at=limit_of(why, began_at=began_at, until=until, by=by, now=now),
    )
    data = {
        "hold": str(made.uid),
        "reason": why.key,
        "owed_by": why.owed_by.value,
        "limit_at": made.limit_at.isoformat(),
    }
    announce([handoff], "held", by=by, at=began_at, data=data, note=asked)
    if why.owed_by is OwedBy.MARKETING:
        tell_asked(handoff, made, by=by)
    return handoff


@transaction.atomic
def answer(uid: UUID, *, by: Person, text: str, at: dt.datetime | None = None) -> Handoff:
    """The handoff, with marketing's answer to what it was on hold for; the hold ends with it.

    An answer that comes after the limit is kept all the same, while the handoff is open and unanswered. NotFound,
    NotAllowed, StateConflict when nothing is asked, InvalidInput(text, at). Locks the handoff. Tells the rep. Sends
    handoff_changed("resumed") when the hold was open.
    """
    handoff = locked(uid, by=by, verb=Verb.ANSWER)
    following(handoff, Verb.ANSWER)
    words = answer_words(text)
    asked = Hold.objects.filter(handoff=handoff).order_by("-id").first()
    if asked is None or asked.owed_by != OwedBy.MARKETING:
        raise StateConflict("Nobody asks marketing anything about this handoff.")
    answered_at = instant(at, earliest=asked.began_at)
    if asked.ended_at is None and answered_at < asked.limit_at:
        asked.answer = words
        _end(handoff, asked, because=HoldEnd.ANSWERED, by=by, at=answered_at)
        return handoff
    _end_where_passed(handoff, now=answered_at)
    asked.refresh_from_db()
    if asked.ended_because != HoldEnd.LIMIT or asked.answer:
        raise StateConflict("The question is settled already: the hold has ended.")
    asked.answer = words
    asked.save(update_fields=["answer"])
    _record_late(handoff, asked, by=by, at=answered_at)
    return handoff


@transaction.atomic
def release_hold(uid: UUID, *, by: Person, at: dt.datetime | None = None) -> Handoff:
    """The handoff, no longer on hold. NotFound, NotAllowed, StateConflict when it is not, InvalidInput(at). Locks it.

    Sends handoff_changed("resumed").
    """
    handoff = locked(uid, by=by, verb=Verb.RESUME)
    following(handoff, Verb.RESUME)
    found = _open(handoff)
    if found is None:
        raise StateConflict("It is not on hold.")
    end_open(handoff, because=HoldEnd.RELEASED, by=by, at=instant(at, earliest=found.began_at))
    return handoff


def end_open(handoff: Handoff, *, because: HoldEnd, by: Person, at: dt.datetime) -> Hold | None:
    """The hold that this ended, None when the (locked) handoff was not on hold. Belongs in a caller's transaction.

    A hold whose limit lies before `at` ended there and then, by itself; one that began after `at` ends as it began.
    Sends handoff_changed("resumed").
    """
    found = _open(handoff)
    if found is not None:
        _end(handoff, found, because=because, by=by, at=at)
    return found


def end_for_prospect(handoff: Handoff, *, by: Person, acted_at: dt.datetime, at: dt.datetime) -> Hold | None:
    """The hold that ended at `at` because the prospect acted, at `acted_at`; None when none waited for that.

    As end_open: the handoff is locked, the transaction is the caller's.
    """
    found = _open(handoff)
    if found is None or found.owed_by != OwedBy.PROSPECT or acted_at < found.began_at:
        return None
    _end(handoff, found, because=HoldEnd.PROSPECT_ACTED, by=by, at=at)
    return found


_WAITING_FOR = """
SELECT hold.handoff_id FROM feedback_hold AS hold JOIN feedback_handoff AS handoff ON handoff.id = hold.handoff_id
WHERE hold.ended_at IS NULL AND hold.owed_by = %s
    AND (handoff.lead_id = ANY(%s) OR (handoff.lead_id IS NULL AND handoff.account_id = ANY(%s)))
"""


def end_for_engaged(
    leads: Mapping[int, dt.datetime], accounts: Mapping[int, dt.datetime], *, by: Person
) -> list[Handoff]:
    """The handoffs that waited for one of these leads, or without a lead for one of these accounts, who have acted.

    Instants by primary key: what was done last. A hold that began later goes on. The others end now, when it is known,
    so that nobody is late before they could see it. One statement when nobody waits; belongs in the transaction that
    took the news in, which holds leads and accounts locked. Locks the handoffs, in their order. Sends
    handoff_changed("resumed") for each.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_WAITING_FOR, [OwedBy.PROSPECT, list(leads), list(accounts)])
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return []
    rows = Handoff.objects.select_for_update(no_key=True, of=("self",)).select_related("lead", "account")
    now, ended = database_now(), []
    for handoff in rows.filter(pk__in=ids).order_by("pk"):
        keep_lead_known(handoff)
        acted_at = leads.get(handoff.lead_id) if handoff.lead_id else accounts.get(handoff.account_id or 0)
        if acted_at and end_for_prospect(handoff, by=by, acted_at=acted_at, at=now):
            ended.append(handoff)
    return ended


def end_due(limit: int = 500) -> int:
    """How many holds ended because their limit passed, at most `limit`; each in its own transaction, as of its limit.

    What somebody else holds locked is left to the next call; one that fails is logged, the rest goes on.
    """
    due = Hold.objects.filter(ended_at=None, limit_at__lte=database_now()).order_by("limit_at")
    ended = 0
    for handoff_id in list(due.values_list("handoff_id", flat=True)[:limit]):
        try:
            ended += _end_at_limit(handoff_id)
        except Exception:
            log.exception("the hold of handoff %s could not be ended", handoff_id)
    return ended


@transaction.atomic
def _end_at_limit(handoff_id: int) -> bool:
    rows = Handoff.objects.select_for_update(no_key=True, of=("self",), skip_locked=True).select_related("lead")
    handoff = rows.filter(pk=handoff_id).first()
    if handoff is None:
        return False
    keep_lead_known(handoff)
    return _end_where_passed(handoff, now=database_now())


def _end_where_passed(handoff: Handoff, *, now: dt.datetime) -> bool:
    """Whether the handoff was on hold past the limit, which is written down here."""
    found = _open(handoff)
    if found is None or found.limit_at > now:
        return False
    _end(handoff, found, because=HoldEnd.LIMIT, by=LEADLOOP, at=found.limit_at)
    return True


def _end(handoff: Handoff, found: Hold, *, because: HoldEnd, by: Person, at: dt.datetime) -> None:
    caller = by
    if found.limit_at <= at:
        because, by, at = HoldEnd.LIMIT, LEADLOOP, found.limit_at
    found.ended_at, found.ended_because, found.ended_by_id = max(at, found.began_at), because, by.user_id
    found.save(update_fields=["ended_at", "ended_because", "ended_by", "answer"])
    data = {
        "hold": str(found.uid),
        "because": because.value,
        "owed_by": found.owed_by,
        "began_at": found.began_at.isoformat(),
    }
    announce([handoff], "resumed", by=by, at=found.ended_at, data=data, note=found.answer)
    if because in {HoldEnd.ANSWERED, HoldEnd.LIMIT, HoldEnd.PROSPECT_ACTED}:
        tell_ended(handoff, found, by=caller)


def _record_late(handoff: Handoff, asked: Hold, *, by: Person, at: dt.datetime) -> None:
    journal.record(
        journal.Entry(
            kind="hold.answered",
            by=by,
            at=at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"hold": str(asked.uid)},
            note=asked.answer,
        )
    )
    tell_ended(handoff, asked, by=by)


def _open(handoff: Handoff) -> Hold | None:
    return Hold.objects.filter(handoff=handoff, ended_at=None).first()
