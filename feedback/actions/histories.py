"""Taking a past in: handoffs as they went elsewhere, with every change at its own instant."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from django.db import transaction

from feedback.actions.rosters import Roster, roster_of
from feedback.logic.histories import History, Keys, Step, history_of
from feedback.logic.holds import REASONS
from feedback.logic.states import ACTIVE
from feedback.models import Handoff, Hold, Outcome
from leads.actions import journal
from leads.actions.bulk import insert_rows
from leads.actions.clock import database_now
from leads.actions.upsert import Wanted, settled, upsert
from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput, LeadLoopError, StateConflict
from leads.logic.text import one_line
from leads.models import Lead


@dataclass(frozen=True)
class HistoryInput:
    """One case: its key, what it is counted under, and its events in order of time; at least one."""

    external_id: str
    channel: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class HistoryResult:
    """What became of a case: made, there already (`is_new` False), or refused because of the step at place `at`."""

    is_new: bool = False
    error: LeadLoopError | None = None
    at: int = 0


@dataclass
class _Case:
    """A case on its way in."""

    given: HistoryInput
    result: HistoryResult | None = None
    told: History | None = None
    lead: Lead | None = None


@transaction.atomic
def keep_histories(
    given: Sequence[HistoryInput], *, system: str, by: Actor, new_teams_zone: str = ""
) -> list[HistoryResult]:
    """One result per case, in order: its handoff as its last event leaves it, with holds, outcome and journal, and a
    lead called by the case's key where that key names none.

    This is the past, so nobody is told: no clock starts, no mail or notice leaves, and handoff_changed is NOT sent.
    A case whose key is known stays as it is. What cannot be taken in is refused (InvalidInput: at, team, person,
    external_id, channel; StateConflict) and leaves no handoff behind. At most 35 statements, whatever the number of
    cases. Locks the leads. The journal names the person of each event, `via` is that of `by`.
    """
    cases = [_Case(one) for one in given]
    _settle_known(cases, system)
    now = database_now()
    for case in _open(cases):
        case.result = _refusal(case.given, now=now)
    roster = _roster(_open(cases), system=system, new_teams_zone=new_teams_zone)
    for case in _open(cases):
        case.result = _refused_name(case.given, roster)
    keys = Keys(
        reps={name: rep.uid for name, rep in roster.reps.items()},
        teams={name: team.uid for name, team in roster.teams.items()},
        new=uuid.uuid4,
    )
    for case in _open(cases):
        case.told = history_of(case.given.steps, keys)
    _find_leads(_open(cases), system)
    # Somebody may have taken the same cases in while this one waited for their leads.
    _settle_known(_open(cases), system)
    _refuse_busy(_open(cases))
    _write(_open(cases), roster, system=system, by=by)
    return [case.result or HistoryResult(is_new=True) for case in cases]


def _open(cases: Iterable[_Case]) -> list[_Case]:
    return [case for case in cases if case.result is None]


def _settle_known(cases: Sequence[_Case], system: str) -> None:
    keys = [case.given.external_id for case in cases]
    found = Handoff.objects.filter(external_system=system, external_id__in=keys).exclude(external_id="")
    known = set(found.values_list("external_id", flat=True))
    for case in cases:
        if case.given.external_id in known:
            case.result = HistoryResult()


def _refusal(one: HistoryInput, *, now: dt.datetime) -> HistoryResult | None:
    try:
        one_line(one.external_id, field="external_id", longest=200, required=True)
        one_line(one.channel, field="channel", longest=50)
    except InvalidInput as error:
        return HistoryResult(error=error)
    for at, (before, step) in enumerate(pairwise(one.steps), start=1):
        if step.at < before.at:
            return HistoryResult(error=InvalidInput("at lies before the row above; sort by time.", field="at"), at=at)
    if one.steps[-1].at > now:
        return HistoryResult(error=InvalidInput("at lies in the future.", field="at"), at=len(one.steps) - 1)
    return None


def _roster(cases: Sequence[_Case], *, system: str, new_teams_zone: str) -> Roster:
    steps = [step for case in cases for step in case.given.steps]
    people: dict[str, str] = {}
    for step in steps:
        people.setdefault(step.person, step.team)
    teams = dict.fromkeys(step.team for step in steps)
    return roster_of(teams, people, system=system, new_teams_zone=new_teams_zone)


def _refused_name(one: HistoryInput, roster: Roster) -> HistoryResult | None:
    for at, step in enumerate(one.steps):
        for known, name in ((roster.teams, step.team), (roster.reps, step.person)):
            if name not in known:
                return HistoryResult(error=roster.errors[name], at=at)
    return None


def _find_leads(cases: Sequence[_Case], system: str) -> None:
    wanted = [_wanted(case.given.external_id, system) for case in cases]
    for case, kept in zip(cases, settled(upsert)(Lead, wanted), strict=True):
        case.lead = kept.row


def _wanted(key: str, system: str) -> Wanted:
    values = {"external_system": system, "external_id": key}
    return Wanted(keys=(("external", system, key),), values=values, if_new={"name": key})


def _refuse_busy(cases: Sequence[_Case]) -> None:
    """A case that is still open, of a lead that sales has by another handoff. Asked while the leads are locked."""
    open_leads = [case.lead for case in cases if case.lead and case.told and case.told.state in ACTIVE]
    busy = set(Handoff.objects.filter(lead__in=open_leads, state__in=sorted(ACTIVE)).values_list("lead_id", flat=True))
    for case in cases:
        if case.lead in open_leads and case.lead.pk in busy:
            refusal = StateConflict(f"{case.lead} is with sales already; one open handoff at a time.")
            case.result = HistoryResult(error=refusal)


def _write(cases: Sequence[_Case], roster: Roster, *, system: str, by: Actor) -> None:
    handoffs: list[Handoff] = []
    entries: list[journal.Entry] = []
    actors = {
        name: replace(by, user_id=rep.user_id, label=rep.user.get_full_name() or rep.user.get_username())
        for name, rep in roster.reps.items()
    }
    for case in cases:
        assert case.told
        assert case.lead
        handoff = _handoff(case.given, case.told, case.lead, roster=roster, system=system)
        handoffs.append(handoff)
        entries += (
            journal.Entry(
                kind=fact.kind,
                by=actors[fact.person],
                at=fact.at,
                handoff_uid=handoff.uid,
                lead_uid=case.lead.uid,
                data=fact.data,
            )
            for fact in case.told.entries
        )
    insert_rows(Handoff, handoffs)
    told = [(handoff, case.told) for handoff, case in zip(handoffs, cases, strict=True) if case.told]
    insert_rows(Hold, [hold for handoff, history in told for hold in _holds(handoff, history, roster)])
    insert_rows(Outcome, [one for handoff, history in told for one in _outcomes(handoff, history)])
    journal.record_many(entries)


def _handoff(given: HistoryInput, told: History, lead: Lead, *, roster: Roster, system: str) -> Handoff:
    return Handoff(
        lead=lead,
        account_id=lead.account_id,
        team=roster.teams[told.team],
        owner=roster.reps[told.owner] if told.owner else None,
        state=told.state,
        channel=given.channel,
        offered_at=told.offered_at,
        decided_at=told.decided_at,
        decided_by_id=roster.reps[told.decided_by].user_id if told.decided_by else None,
        disposed_at=told.closed_at,
        closed_at=told.closed_at,
        external_system=system,
        external_id=given.external_id,
    )


def _holds(handoff: Handoff, told: History, roster: Roster) -> Iterator[Hold]:
    for hold in told.holds:
        yield Hold(
            uid=hold.uid,
            handoff=handoff,
            reason=hold.reason,
            owed_by=REASONS[hold.reason].owed_by,
            by_id=roster.reps[hold.by].user_id,
            ended_by_id=roster.reps[hold.ended_by].user_id if hold.ended_by else None,
            began_at=hold.began_at,
            limit_at=hold.limit_at,
            ended_at=hold.ended_at,
            ended_because=hold.ended_because,
        )


def _outcomes(handoff: Handoff, told: History) -> Iterator[Outcome]:
    if told.outcome and told.outcome_uid and told.closed_at:
        yield Outcome(uid=told.outcome_uid, handoff=handoff, kind=told.outcome.value, occurred_at=told.closed_at)
