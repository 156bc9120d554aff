"""Giving a reason: found, fitting the moment, with the evidence it asks for, and what it does to lead and account."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from feedback.actions import merged, recycling
from feedback.logic.evidence import QUESTIONS, Kind, answers
from feedback.models import Handoff, Moment, NextState, RejectionReason
from leads.logic import text
from leads.logic.errors import InvalidInput
from leads.models import Account, Lead

REASONING = ("reason", "evidence")
"""The columns of a handoff that give_reason sets."""


@dataclass(frozen=True)
class Given:
    """A reason as given: `data` (keys, numbers, days) for the journal, `words` for the note that can be erased."""

    reason: RejectionReason
    data: dict[str, Any]
    words: str


def give_reason(handoff: Handoff, key: object, *, moment: Moment, evidence: dict[str, object], note: str) -> Given:
    """Set reason and evidence on the (locked, unsaved) handoff. InvalidInput(reason, evidence.<key>, note).

    A reason whose evidence is words takes the note for it, so that nobody types the same thing twice.
    """
    reason = _found(key, moment=moment)
    if reason.evidence_field == "note" and not evidence.get("note"):
        evidence = {**evidence, "note": note}
    handoff.reason = reason
    handoff.evidence = answers(asked=reason.evidence_field, required=reason.evidence_required, given=evidence)
    kept = {name: value for name, value in handoff.evidence.items() if QUESTIONS[name].kind is not Kind.TEXT}
    typed = [f"{QUESTIONS[name].label} {value}" for name, value in handoff.evidence.items() if name not in kept]
    words = text.note(note)
    if "note" not in handoff.evidence:
        words = "\n".join(part for part in (*typed, words) if part)
    data = {
        "reason": reason.key,
        "evidence": kept,
        "counts_in_acceptance": reason.counts_in_acceptance,
        "next_state": reason.next_state,
    }
    return Given(reason, data, words or str(handoff.evidence.get("note", "")))


def apply_consequence(handoff: Handoff, *, at: dt.datetime) -> None:
    """Do to lead and account (locked) what the handoff's reason says follows from it, and note when they may return."""
    next_state = handoff.reason.next_state if handoff.reason else None
    recycling.plan(handoff, at=at)
    if next_state == NextState.SUPPRESS_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id).update(suppressed_at=at)
    elif next_state == NextState.DISQUALIFY_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id).update(disqualified_at=at)
    elif next_state == NextState.DISQUALIFY_ACCOUNT and handoff.account_id:
        facts = {key: handoff.evidence[key] for key in ("employee_count", "industry") if key in handoff.evidence}
        if "industry" in facts:
            facts["industry"] = str(facts["industry"])[:100]
        Account.objects.filter(pk=handoff.account_id).update(disqualified_at=at, **facts)
    elif next_state == NextState.MERGE:
        merged.ask_about(handoff)


def lift_consequence(handoff: Handoff) -> None:
    """Take back what the handoff's rejection had set. A size or industry the rep corrected stays: it is a fact."""
    recycling.drop(handoff)
    at, next_state = handoff.decided_at, handoff.reason.next_state if handoff.reason else None
    if next_state == NextState.SUPPRESS_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id, suppressed_at=at).update(suppressed_at=None)
    elif next_state == NextState.DISQUALIFY_LEAD and handoff.lead_id:
        Lead.objects.filter(pk=handoff.lead_id, disqualified_at=at).update(disqualified_at=None)
    elif next_state == NextState.DISQUALIFY_ACCOUNT and handoff.account_id:
        Account.objects.filter(pk=handoff.account_id, disqualified_at=at).update(disqualified_at=None)


def _found(key: object, *, moment: Moment) -> RejectionReason:
    if not isinstance(key, str) or not key:
        raise InvalidInput("Choose a reason.", field="reason")
    reason = RejectionReason.objects.filter(key=text.one_line(key, field="reason", longest=50), is_live=True).first()
    if reason is None:
        raise InvalidInput(f"There is no reason “{key[:50]}” in use.", field="reason")
    if not reason.fits(moment):
        raise InvalidInput(f"“{reason.label}” cannot be given {moment.label}.", field="reason")
    return reason
