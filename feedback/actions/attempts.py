"""Logging what a rep tried."""

import datetime as dt
from uuid import UUID

from django.db import transaction

from feedback.actions import holds
from feedback.actions.locking import following, locked
from feedback.logic.rights import Person
from feedback.logic.states import Verb
from feedback.models import Attempt, AttemptKind, Handoff
from feedback.signals import attempt_logged
from leads.actions import journal
from leads.actions.clock import instant
from leads.logic import text
from leads.logic.errors import InvalidInput


@transaction.atomic
def log_attempt(
    uid: UUID,
    *,
    by: Person,
    kind: str,
    is_two_way: bool = False,
    note: str = "",
    at: dt.datetime | None = None,
) -> Handoff:
    """The handoff with the attempt counted; `kind` is an AttemptKind, `is_two_way` when the lead answered.

    Who answered is waited for no longer. NotFound, NotAllowed, StateConflict, InvalidInput(kind, note, at). Locks the
    handoff. Sends handoff_changed("resumed") where a hold waited for the lead, then attempt_logged.
    """
    handoff = locked(uid, by=by, verb=Verb.LOG_ATTEMPT)
    following(handoff, Verb.LOG_ATTEMPT)
    if kind not in AttemptKind.values:
        raise InvalidInput(f"kind must be one of: {', '.join(AttemptKind.values)}.", field="kind")
    words = text.note(note)
    happened_at = instant(at, earliest=handoff.offered_at)
    if is_two_way:
        holds.end_for_prospect(handoff, by=by, acted_at=happened_at, at=happened_at)
    attempt = Attempt.objects.create(
        handoff=handoff, kind=kind, is_two_way=is_two_way, note=words, by_id=by.user_id, attempted_at=happened_at
    )
    handoff.attempt_count += 1
    handoff.first_attempt_at = min(handoff.first_attempt_at or happened_at, happened_at)
    if is_two_way:
        handoff.first_two_way_at = min(handoff.first_two_way_at or happened_at, happened_at)
    handoff.save(update_fields=["attempt_count", "first_attempt_at", "first_two_way_at"])
    journal.record(
        journal.Entry(
            kind="attempt.logged",
            by=by,
            at=happened_at,
            handoff_uid=handoff.uid,
            lead_uid=handoff.lead.uid if handoff.lead else None,
            data={"attempt": str(attempt.uid), "kind": kind, "is_two_way": is_two_way},
            note=words,
        )
    )
    attempt_logged.send(sender=Attempt, attempt=attempt, handoff=handoff, by=by)
    return handoff
