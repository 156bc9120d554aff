"""A storm of everything that can happen to clocks, in any order: afterwards each still says what its journal says."""

import random

import pytest

from feedback.actions import attempts, decisions, holds, owners, undo
from feedback.logic.holds import REASONS
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.logic.errors import LeadLoopError
from sla.actions import excuses
from sla.actions.acknowledge import acknowledge
from sla.actions.calendars import publish_calendar
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.models import AppliesTo, CalendarUse, Excuse
from tests.factories import DAYS, RepFactory, ago, as_person, calendar, manager_of, offered, policy
from tests.sla.test_verify_clocks import verified

pytestmark = pytest.mark.django_db

WEEKS = (
    {day: [["00:00", "24:00"]] for day in DAYS},
    {day: [["06:00", "11:00"], ["11:30", "22:00"]] for day in DAYS},
    {day: [["08:15", "16:45"]] for day in DAYS[:6]},
    {"mon": [["22:00", "06:00"]], "wed": [["09:00", "17:00"]], "sun": [["00:00", "24:00"]]},
)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe")
TARGETS = ("decide", "first_attempt", "depth", "qualify", "owner")
WORK = (
    *("offer", "accept", "reject", "attempt", "talk", "qualify", "undo", "reassign", "release", "hold", "resume"),
    *("answer", "sweep", "calendar", "rules", "owners_hours", "excuse", "approve", "acknowledge"),
)


class Storm:
    """One company, and one thing after the other done to it; what is refused is no part of the story."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.reps = [RepFactory()]
        self.reps += [RepFactory(team=self.reps[0].team) for _ in range(2)]
        self.bosses = [person_of(manager_of(self.reps[0].team)) for _ in range(2)]
        self.hours = [calendar(weekly=week, timezone=zone) for week, zone in zip(WEEKS, ZONES, strict=True)]
        self.policy = policy(targets=TARGETS, minutes=300, hours=self.hours[1])
        CalendarUse.objects.create(calendar=self.hours[0], rep=self.reps[1])

    def blow(self, count: int) -> int:
        done = 0
        for _ in range(count):
            try:
                getattr(self, self.dice.choice(WORK))()
                done += 1
            except LeadLoopError:
                pass
        return done

    def one(self) -> Handoff:
        found = list(Handoff.objects.order_by("pk"))
        return self.dice.choice(found) if found else self.offer()

    def somebody(self, handoff: Handoff):
        return as_person(handoff.owner) if handoff.owner else self.bosses[0]

    def offer(self):
        rep = self.dice.choice([*self.reps, None])
        at = ago(minutes=self.dice.choice([1, 50, 290, 400, 3_000]))
        return offered(rep, at=at) if rep else offered(team=self.reps[0].team, at=at)

    def accept(self):
        handoff = self.one()
        decisions.accept(handoff.uid, by=self.somebody(handoff))

    def reject(self):
        handoff = self.one()
        decisions.turn_back(handoff.uid, by=self.somebody(handoff))

    def attempt(self, *, is_two_way=False):
        handoff = self.one()
        kind = self.dice.choice(["call", "mail"])
        attempts.log_attempt(handoff.uid, by=self.somebody(handoff), kind=kind, is_two_way=is_two_way)

    def talk(self):
        self.attempt(is_two_way=True)

    def qualify(self):
        handoff = self.one()
        decisions.qualify(handoff.uid, by=self.somebody(handoff))

    def undo(self):
        handoff = self.one()
        undo.undo(handoff.uid, by=self.somebody(handoff))

    def reassign(self):
        owners.reassign(self.one().uid, by=self.bosses[0], to=self.dice.choice(self.reps).uid)

    def release(self):
        owners.release(self.one().uid, by=self.bosses[0], cause="manager")

    def hold(self):
        handoff = self.one()
        reason = REASONS[self.dice.choice(list(REASONS))]
        at = self.dice.choice([None, None, ago(seconds=self.dice.randrange(60))])
        holds.hold(
            handoff.uid,
            by=self.somebody(handoff),
            reason=reason.key,
            question="Whose is it?" if reason.asks else "",
            at=at,
        )

    def resume(self):
        handoff = self.one()
        holds.release_hold(handoff.uid, by=self.somebody(handoff))

    def answer(self):
        holds.answer(self.one().uid, by=self.bosses[0], text="Hers.")

    def sweep(self):
        sweep()

    def calendar(self):
        hours = self.dice.choice(self.hours)
        hours.weekly = self.dice.choice(WEEKS)
        hours.save()
        publish_calendar(hours.pk, by=LEADLOOP, moves_running=self.dice.random() < 0.8)

    def rules(self):
        self.policy.targets.filter(key=self.dice.choice(TARGETS)).update(minutes=self.dice.choice([10, 60, 300, 2_000]))
        publish(self.policy.pk, by=LEADLOOP, applies_to=self.dice.choice([AppliesTo.NEW, AppliesTo.RUNNING]))

    def owners_hours(self):
        self.policy.targets.update(counts_in=self.dice.choice(["policy", "owner"]))
        publish(self.policy.pk, by=LEADLOOP)

    def excuse(self):
        handoff = self.one()
        begins_at = ago(seconds=self.dice.randrange(24_000))
        ends_at = ago(seconds=self.dice.randrange(-12_000, 24_000))
        excuses.request(handoff.uid, by=self.somebody(handoff), begins_at=begins_at, ends_at=ends_at, why="A strike.")

    def approve(self):
        waiting = Excuse.objects.filter(state="requested").first()
        if waiting:
            excuses.approve(waiting.uid, by=self.bosses[1])

    def acknowledge(self):
        acknowledge(self.one().uid, by=self.bosses[0])


@pytest.mark.parametrize("seed", range(6))
def test_after_a_storm_every_clock_agrees_with_its_journal(seed):
    storm = Storm(seed)
    for _ in range(5):
        assert storm.blow(25) > 5
        code, found = verified()
        assert found["differences"] == []
        assert code == 0
    assert found["checked_count"] > 10
