"""What the page of one handoff says."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from feedback.logic.evidence import evidence_words
from feedback.logic.rights import Person
from feedback.logic.states import OPEN, WORDS, State
from feedback.models import Handoff, RecyclePlan
from feedback.pages.around import Item, Pair, around, history_items, latest_sights
from feedback.pages.buttons import Action, Reader, actions, waits_for
from feedback.pages.held import Answered, answers, held_sentence
from feedback.pages.lists import raised_words
from feedback.pages.routing import routed_panel
from feedback.pages.scores import Score, pinned, scores_of
from feedback.panels import Promise, proof_url
from feedback.reports.detail import Detail
from leads.logic.why_now import Part, why_now
from leads.logic.words import when_words

_NOW = dt.timedelta(minutes=30)
_TONES = {State.ACCEPTED: "good", State.QUALIFIED: "good", State.WON: "good"}


@dataclass(frozen=True, kw_only=True)
class PromiseLine:
    """See templates/feedback/_promise.html."""

    headline: str
    state: str
    sentence: str
    share: int | None


@dataclass(frozen=True, kw_only=True)
class HandoffPage:
    """See templates/feedback/_handoff.html."""

    uid: UUID
    name: str
    has_lead: bool
    account: str
    job: str
    facts: tuple[str, ...]
    offered_at: dt.datetime
    back_url: str
    back_label: str
    state_words: str
    state_tone: str
    raised: str
    held_words: str
    promise: PromiseLine | None
    proof_url: str
    actions: tuple[Action, ...]
    why: tuple[Part, ...]
    why_more: tuple[str, ...]
    fit: Score | None
    intent: Score | None
    timeline: tuple[Item, ...]
    timeline_url: str
    around: tuple[Pair, ...]
    history: tuple[Item, ...]
    questions: tuple[Answered, ...]
    rule: str = ""
    account_url: str = ""
    agreement: str = ""
    agreement_url: str = ""
    crm_url: str = ""
    icp: None = None
    panels: tuple[Any, ...] = field(default_factory=tuple)


def name_of(handoff: Handoff) -> str:
    """The lead's name, or what is said of a visitor nobody knows."""
    return str(handoff.lead) if handoff.lead else "Unknown visitor"


def handoff_page(found: Detail, *, reader: Reader, promise: Promise | None, now: dt.datetime) -> HandoffPage:
    """Everything the page of a handoff says to this reader; times in the active zone."""
    handoff = found.handoff
    account, lead, hold = handoff.account, handoff.lead, found.hold
    (fit, intent), pin = scores_of(handoff), pinned(handoff)
    why = why_now([*found.own, *found.others], now=now)
    place = [part for part in (account.city, account.country) if part] if account else []
    facts = (account.industry, _people(account.employee_count), ", ".join(place)) if account else ()
    return HandoffPage(
        uid=handoff.uid,
        name=name_of(handoff),
        has_lead=lead is not None,
        account=account.name if account else "",
        job=lead.title if lead else "",
        facts=tuple(fact for fact in facts if fact),
        offered_at=handoff.offered_at,
        back_url=_back_url(handoff, reader=reader),
        back_label="Back to the list" if reader.place.listing else "Back to the board",
        state_words=_state_words(handoff, person=reader.person, now=now),
        state_tone=_TONES.get(State(handoff.state), ""),
        raised=raised_words(handoff.priority) if handoff.state in OPEN else "",
        held_words=f"{held_sentence(hold, now=now)} A decision ends the hold." if hold else "",
        promise=promise_line(promise, is_own=handoff.owner_id == reader.person.rep_id, now=now),
        proof_url=proof_url(handoff.uid),
        actions=tuple(
            actions(
                handoff,
                holds=found.holds,
                reader=reader,
                now=now,
                is_acknowledged=promise is not None and promise.is_acknowledged,
                upheld_by=next((one.actor_id for one in found.history if one.kind == "rejection.upheld"), None),
            )
        ),
        why=why.parts or ((Part(handoff.why),) if handoff.why else ()),
        why_more=tuple(_why_more(found, is_rule_told=not why.parts)),
        fit=fit,
        intent=intent,
        rule=pin.rule,
        agreement=pin.agreement,
        agreement_url=pin.agreement_url,
        account_url=reverse("feedback:account", args=[account.uid]) if account else "",
        timeline=tuple(latest_sights([*found.own, *found.others])),
        timeline_url=reverse("feedback:lead", args=[lead.uid]) if lead else "",
        around=tuple(around(found, now=now)),
        history=tuple(history_items(found.history, person=reader.person)),
        questions=answers(found.holds, person=reader.person, now=now),
        panels=(routed_panel(found.trace),) if found.trace else (),
    )


def promise_line(promise: Promise | None, *, is_own: bool, now: dt.datetime) -> PromiseLine | None:
    """The promise in one line: what, until when, what is left of it, and what happens then: to its owner, to others."""
    if promise is None:
        return None
    then = promise.then if is_own else promise.then_to_others
    if promise.state == "held":
        return PromiseLine(headline=f"{promise.target}: on hold", state="held", sentence=then, share=None)
    zone = timezone.get_current_timezone()
    local = promise.due_at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    by = f"{local:%H:%M}" if is_today else when_words(promise.due_at, now=now, zone=zone)
    state = "now" if promise.state == "soon" and promise.left <= _NOW else promise.state
    return PromiseLine(
        headline=f"{promise.target}: was due {_past(local, by=by, now=now)}"
        if state == "late"
        else f"{promise.target} by {by}",
        state=state,
        sentence=f"{promise.words} · {then}" if then else promise.words,
        share=None if state == "late" else round(promise.share * 100),
    )


def _past(local: dt.datetime, *, by: str, now: dt.datetime) -> str:
    """With its date once it is further back than yesterday: the sentence beside it speaks of weekdays to come."""
    days = (now.astimezone(local.tzinfo).date() - local.date()).days
    return by if days < 2 else f"{local:%a} {local.day} {local:%b, %H:%M}"


def _back_url(handoff: Handoff, *, reader: Reader) -> str:
    if reader.place.listing:
        return reader.place.address(reader.place.listing)
    team = f"?{urlencode({'team': handoff.team.uid})}" if handoff.team.is_active else ""
    return f"{reverse('feedback:board')}{team}"


def _people(count: int | None) -> str:
    return f"{count:,} people" if count is not None else ""


def _why_more(found: Detail, *, is_rule_told: bool) -> Iterable[str]:
    account = found.handoff.account
    if found.handoff.mql_rule and found.handoff.why and not is_rule_told:
        yield found.handoff.why
    talked = [past.first_two_way_at for past in found.past if past.first_two_way_at]
    if talked and account:
        yield f"Sales last talked with {account.name} in {timezone.localtime(max(talked)):%B %Y}."


def _state_words(handoff: Handoff, *, person: Person, now: dt.datetime) -> str:
    state = State(handoff.state)
    if state == State.PENDING:
        if handoff.owner is None:
            return "Nobody has this yet: it waits in the team's queue."
        return "" if handoff.owner_id == person.rep_id else f"Waits for {handoff.owner}."
    at = handoff.closed_at or handoff.disposed_at or handoff.decided_at
    when = f" {when_words(at, now=now, zone=timezone.get_current_timezone())}" if at else ""
    if state in {State.EXPIRED, State.RECALLED, State.WON, State.LOST, State.QUALIFIED}:
        return f"This was {WORDS[state]}{when}."
    again = _again(handoff, now=now)
    by = handoff.decided_by
    who = "You" if by and by.pk == person.user_id else (by.get_full_name() or by.get_username()) if by else "Somebody"
    did = {State.ACCEPTED: "accepted", State.REJECTED: "rejected", State.TURNED_BACK: "turned back"}.get(state)
    if did is None:
        return f"This was {WORDS[state]}{when}{_because(handoff)}.{again}"
    return f"{who} {did} this{when}{_because(handoff)}.{again}"


def _again(handoff: Handoff, *, now: dt.datetime) -> str:
    """When somebody who was refused may be offered again, as a sentence with a space before it; "" where it is open."""
    plan: RecyclePlan | None = getattr(handoff, "recycle_plan", None)
    if plan is None:
        return ""
    if plan.not_before_at and plan.not_before_at > now:
        local = timezone.localtime(plan.not_before_at)
        return f" May be offered again from {local.day} {local:%b %Y} on."
    return f" May be offered again once this is so: {waiting}." if (waiting := waits_for(handoff)) else ""


def _because(handoff: Handoff) -> str:
    if handoff.reason is None:
        return ""
    said = evidence_words(handoff.evidence)
    return f": {handoff.reason.label}{f' ({said})' if said else ''}"
