"""Handoffs as chance makes them, and the figures of docs/metrics.md counted from them one by one, in plain Python."""

import datetime as dt
import random
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from feedback.logic.states import DECIDED, WITH_REASON, State
from feedback.models import Handoff, Outcome, RejectionReason, Team
from leads.models import Campaign, Lead

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
ZONE = ZoneInfo("Europe/Berlin")
CHANNELS = ("", "Search", "Content", "Öffentlich", "=SUM(A1)")
_STATES = [*State, State.REJECTED, State.REJECTED, State.ACCEPTED, State.WON]


def make_handoffs(seed: int, *, count: int = 400, teams: list[Team]) -> list[Handoff]:
    """`count` saved handoffs offered over the 300 days before NOW."""
    chance = random.Random(seed)
    reasons = list(RejectionReason.objects.all())[:9]
    campaigns = [None, *(Campaign.objects.create(name=f"Campaign {number}") for number in range(5))]
    leads = Lead.objects.bulk_create(
        Lead(name=f"Lead {number}", external_id=f"{seed}-{number}") for number in range(count)
    )
    handoffs = Handoff.objects.bulk_create(
        _handoff(chance, lead, teams=teams, campaigns=campaigns, reasons=reasons) for lead in leads
    )
    won = [one for one in handoffs if one.state == State.WON or (one.state == State.REJECTED and chance.random() < 0.2)]
    Outcome.objects.bulk_create(Outcome(handoff=one, kind="won", occurred_at=NOW) for one in won)
    for one in handoffs:
        one.has_win = one in won
    return handoffs


def _handoff(chance: random.Random, lead: Lead, *, teams, campaigns, reasons) -> Handoff:
    state = chance.choice(_STATES)
    offered_at = NOW - dt.timedelta(seconds=chance.randrange(300 * 86_400))
    if chance.random() < 0.1:
        # On the stroke of a month in Berlin, where an hour's error would show.
        offered_at = dt.datetime(2026, chance.randint(3, 11), 1, tzinfo=ZONE).astimezone(dt.UTC)
    reason = chance.choice(reasons) if state in WITH_REASON else None
    decided_at = offered_at + dt.timedelta(minutes=chance.randrange(20_000)) if state in DECIDED else None
    later = (decided_at or offered_at) + dt.timedelta(days=chance.randrange(1, 80))
    has_ended = state in (State.WON, State.LOST, State.QUALIFIED, State.RETURNED)
    closed_at = later + dt.timedelta(days=chance.choice([0, 3])) if state in (State.WON, State.LOST) else None
    return Handoff(
        lead=lead,
        team=chance.choice(teams),
        state=state,
        channel=chance.choice(CHANNELS),
        campaign=chance.choice(campaigns),
        reason=reason,
        is_void=state == State.REJECTED and not reason.counts_in_acceptance,
        offered_at=offered_at,
        decided_at=decided_at,
        disposed_at=later if has_ended else None,
        opportunity_at=later if state == State.LOST and chance.random() < 0.3 else None,
        closed_at=closed_at,
        due_at=NOW + dt.timedelta(hours=chance.choice([-1, 1])) if state == State.PENDING else None,
    )


def counts_by_hand(handoffs: Iterable[Handoff], *, now: dt.datetime = NOW) -> dict[str, int]:
    """The counts of docs/metrics.md, each from its sentence there."""
    tests: dict[str, Callable[[Handoff], bool]] = {
        "offered": lambda one: True,
        "accepted": lambda one: one.state in ("accepted", "qualified", "won", "lost", "returned"),
        "rejected": lambda one: one.state == "rejected" and one.reason.counts_in_acceptance,
        "void": lambda one: one.state == "rejected" and not one.reason.counts_in_acceptance,
        "returned": lambda one: one.state == "returned",
        "turned_back": lambda one: one.state == "turned_back",
        "decided": lambda one: one.decided_at is not None,
        "pending": lambda one: one.state == "pending",
        "expired": lambda one: one.state == "expired",
        "recalled": lambda one: one.state == "recalled",
        "silent": lambda one: one.state == "expired" or (one.state == "pending" and one.due_at < now),
        "won": lambda one: one.has_win,
        "mature": lambda one: now - one.offered_at > dt.timedelta(days=60),
        "sql": lambda one: now - one.offered_at > dt.timedelta(days=60) and _became_sql(one),
    }
    listed = list(handoffs)
    counts = {name: sum(map(test, listed)) for name, test in tests.items()}
    counts["counted"] = counts["offered"] - counts["turned_back"] - counts["void"] - counts["recalled"]
    return counts


def _became_sql(one: Handoff) -> bool:
    """Qualified, won, or lost after it had got that far; within 60 days of the offer."""
    if one.state not in ("qualified", "won", "lost"):
        return False
    if one.state == "lost" and one.opportunity_at is None and one.disposed_at == one.closed_at:
        return False
    return one.disposed_at - one.offered_at <= dt.timedelta(days=60)


def waiting_by_hand(handoffs: Iterable[Handoff], *, now: dt.datetime = NOW) -> int | None:
    """The Kaplan-Meier median in whole minutes: the first age at which half are decided; None when none is."""
    ages: list[tuple[int, bool]] = []
    for one in handoffs:
        if one.state != "recalled":
            end = one.decided_at or now
            ages.append((int((end - one.offered_at).total_seconds() // 60), one.decided_at is not None))
    left = 1.0
    for age in sorted({age for age, is_decided in ages if is_decided}):
        at_risk = sum(other >= age for other, _ in ages)
        left *= 1 - ages.count((age, True)) / at_risk
        if left <= 0.5 + 1e-12:
            return age
    return None
