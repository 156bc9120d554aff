"""A calendar published anew moves the clocks that run, all at once, exactly as each would be moved by itself."""

import datetime as dt
import random

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff
from leads.logic.errors import InvalidInput
from sla.actions.calendars import catch_up, publish_calendar
from sla.logic.business_time import Calendar
from sla.logic.shifts import Shift
from sla.models import CalendarException, CalendarVersion, Clock
from tests.sla.clock_rows import (
    HOUR,
    OFFICE,
    calendar_row,
    clock_row,
    handoff_row,
    hold_row,
    policy_version_row,
    version_row,
)
from tests.sla.logic.documents import apart, hours
from tests.sla.logic.stepper import DAY_NAMES

LATER = {day: [["12:00", "20:00"]] for day in OFFICE}


def now():
    return dt.datetime.now(dt.UTC)


def one_by_one(clock, *, new, published_at, began_at=None):
    """What the clock must look like afterwards, from the definition alone."""
    old = Calendar.from_dict(clock.calendar_version.hours)
    pivot = began_at if clock.state == "held" else max(published_at, clock.started_at)
    if clock.state not in ("running", "held") or clock.due_at < pivot:
        return clock.calendar_version_id, clock.due_at, clock.adjusted_due_at, clock.step_ats, clock.next_action_at

    shift = Shift(pivot, pivot, old, Calendar.from_dict(new.hours))

    def moved(at):
        return at and shift(at)

    steps = [moved(at) if place >= clock.next_step else at for place, at in enumerate(clock.step_ats)]
    following = clock.next_action_at
    if following and following == clock.step_ats[clock.next_step]:
        following = steps[clock.next_step]
    return new.pk, moved(clock.due_at), moved(clock.adjusted_due_at), steps, following


def seen(clock):
    clock = Clock.objects.get(pk=clock.pk)
    return clock.calendar_version_id, clock.due_at, clock.adjusted_due_at, clock.step_ats, clock.next_action_at


@pytest.mark.django_db
class TestOneClock:
    @pytest.fixture(autouse=True)
    def _rows(self):
        self.calendar = calendar_row(weekly={day: [["00:00", "24:00"]] for day in DAY_NAMES})
        self.first = version_row(self.calendar)
        self.policy_version = policy_version_row(self.calendar)

    def clock(self, **more):
        return clock_row(self.first, self.policy_version, **{"due_at": now() + dt.timedelta(days=2), **more})

    def close(self, *days):
        for day in days:
            CalendarException.objects.create(calendar=self.calendar, on=now().date() + dt.timedelta(days=day))

    def publish(self, **more):
        return publish_calendar(self.calendar.pk, by=LEADLOOP, **more)

    def test_a_holiday_moves_deadline_and_steps_later_by_what_was_lost(self):
        clock = self.clock()
        self.close(1)
        version = self.publish()
        moved = Clock.objects.get(pk=clock.pk)
        day = dt.timedelta(days=1)
        assert moved.due_at == clock.due_at + day
        assert moved.step_ats == [at + day for at in clock.step_ats]
        assert moved.next_action_at == clock.next_action_at + day
        assert moved.calendar_version == version
        assert Handoff.objects.get(pk=clock.handoff_id).due_at == moved.due_at

    def test_a_holiday_taken_away_never_makes_a_breach(self):
        self.close(0, 1, 2, 3)
        closed = self.publish()
        clock = clock_row(closed, self.policy_version, due_at=now() + dt.timedelta(days=4, minutes=30))
        CalendarException.objects.all().delete()
        version = self.publish()
        moved = Clock.objects.get(pk=clock.pk)
        assert version.published_at <= moved.due_at < clock.due_at
        assert seen(clock) == one_by_one(clock, new=version, published_at=version.published_at)

    def test_what_is_late_or_over_stays(self):
        late = self.clock(due_at=now() - HOUR, steps=[now() - HOUR, now() + HOUR], next_step=1)
        over = self.clock(state="stopped", stopped_at=now())
        before = seen(late), seen(over)
        self.close(0, 1)
        self.publish()
        assert (seen(late), seen(over)) == before
        assert Handoff.objects.get(pk=late.handoff_id).due_at == late.due_at

    def test_steps_that_were_taken_or_are_past_stay(self):
        steps = [now() - 2 * HOUR, now() - HOUR, now() + 40 * HOUR]
        clock = self.clock(steps=steps, next_step=1, due_at=steps[2])
        self.close(1)
        self.publish()
        moved = Clock.objects.get(pk=clock.pk)
        assert moved.step_ats[:2] == steps[:2]
        assert moved.step_ats[2] == steps[2] + dt.timedelta(days=1)
        assert moved.next_action_at == steps[1]

    def test_a_taken_step_stays_even_where_its_instant_lies_ahead(self):
        clock = self.clock(next_step=1)
        self.close(1)
        self.publish()
        moved = Clock.objects.get(pk=clock.pk)
        assert moved.step_ats[0] == clock.step_ats[0]
        assert moved.step_ats[1] > clock.step_ats[1]

    def test_a_step_that_was_pushed_away_stays_pushed_away(self):
        away = now() + 3 * HOUR
        clock = self.clock(next_action_at=away, failure_count=3)
        self.close(1)
        self.publish()
        assert Clock.objects.get(pk=clock.pk).next_action_at == away

    def test_a_held_clock_counts_the_new_hours_from_the_beginning_of_its_hold(self):
        began = now() - dt.timedelta(days=2)
        clock = self.clock(state="held", due_at=began + 5 * HOUR, steps=[began + 5 * HOUR])
        hold_row(clock.handoff, began_at=began)
        self.close(-2, -1)
        version = self.publish()
        assert seen(clock) == one_by_one(clock, new=version, published_at=version.published_at, began_at=began)
        assert Clock.objects.get(pk=clock.pk).due_at > clock.due_at
        assert Handoff.objects.get(pk=clock.handoff_id).due_at is None

    def test_a_clock_that_began_on_hold_counts_the_new_hours_from_its_own_beginning(self):
        began = now() - dt.timedelta(days=2)
        started = now() - dt.timedelta(hours=1)
        clock = self.clock(state="held", started_at=started, due_at=started + 5 * HOUR, steps=[started + 5 * HOUR])
        hold_row(clock.handoff, began_at=began)
        self.close(-2)
        version = self.publish()
        moved = Clock.objects.get(pk=clock.pk)
        assert (moved.calendar_version, moved.due_at) == (version, clock.due_at)

    def test_the_deadline_without_excused_time_moves_too(self):
        clock = self.clock(adjusted_due_at=now() + dt.timedelta(days=3))
        self.close(1)
        self.publish()
        assert Clock.objects.get(pk=clock.pk).adjusted_due_at == clock.adjusted_due_at + dt.timedelta(days=1)

    def test_a_handoff_is_due_with_its_earliest_clock_whatever_calendar_that_counts_in(self):
        elsewhere = version_row(calendar_row())
        handoff = handoff_row()
        moves = self.clock(handoff=handoff, target="decide")
        stays = clock_row(
            elsewhere, self.policy_version, handoff=handoff, target="qualify", due_at=now() + dt.timedelta(days=2.5)
        )
        before = seen(stays)
        self.close(1)
        self.publish()
        assert seen(stays) == before
        assert Clock.objects.get(pk=moves.pk).due_at > stays.due_at
        assert Handoff.objects.get(pk=handoff.pk).due_at == stays.due_at

    def test_clocks_may_keep_their_hours_and_follow_a_later_change(self):
        clock = self.clock()
        before = seen(clock)
        self.close(1)
        kept = self.publish(moves_running=False)
        assert (seen(clock), kept.moves_running) == (before, False)
        self.close(2)
        self.publish()
        assert Clock.objects.get(pk=clock.pk).due_at == clock.due_at + dt.timedelta(days=2)

    def test_hours_that_never_reach_a_deadline_are_refused_and_nothing_changed(self):
        clock = self.clock(due_at=now() + dt.timedelta(days=30))
        before = seen(clock)
        self.calendar.weekly = {}
        self.calendar.save()
        CalendarException.objects.create(
            calendar=self.calendar, on=now().date() + dt.timedelta(days=1), intervals=[["09:00", "10:00"]]
        )
        with pytest.raises(InvalidInput, match="does not open for that long"):
            self.publish()
        assert seen(clock) == before
        assert CalendarVersion.objects.get() == self.first

    def test_a_clock_that_began_while_its_calendar_was_published_is_caught_up(self):
        self.close(1)
        version = self.publish()
        clock = self.clock(started_at=version.published_at - HOUR)
        later = self.clock(started_at=version.published_at + dt.timedelta(milliseconds=1))
        late = self.clock(due_at=version.published_at - HOUR)
        expected = [one_by_one(one, new=version, published_at=version.published_at) for one in (clock, later, late)]
        assert catch_up() == 2
        assert [seen(one) for one in (clock, later, late)] == expected
        assert catch_up() == 0

    def test_the_number_of_statements_does_not_follow_the_number_of_clocks(self):
        counts = []
        for day, more in ((1, 2), (2, 30)):
            latest = CalendarVersion.objects.latest("number")
            for _ in range(more):
                clock_row(latest, self.policy_version, due_at=now() + 50 * HOUR)
            self.close(day)
            with CaptureQueriesContext(connection) as asked:
                self.publish()
            counts.append(len(asked))
        assert counts[0] == counts[1] < 30
        assert not Clock.objects.exclude(calendar_version__number=3).exists()

    def test_two_calendars_in_one_transaction(self):
        other = calendar_row(weekly={day: [["00:00", "24:00"]] for day in DAY_NAMES})
        elsewhere = clock_row(version_row(other), self.policy_version, due_at=now() + dt.timedelta(days=2))
        clock = self.clock()
        self.close(1)
        CalendarException.objects.create(calendar=other, on=now().date() + dt.timedelta(days=1))
        with transaction.atomic():
            self.publish()
            publish_calendar(other.pk, by=LEADLOOP)
        for one in (clock, elsewhere):
            assert Clock.objects.get(pk=one.pk).due_at == one.due_at + dt.timedelta(days=1)


@st.composite
def weeks(draw):
    weekly = apart({day: draw(st.just([]) | hours()) for day in DAY_NAMES})
    if sum(len(pairs) for pairs in weekly.values()) < 2:
        weekly |= {"wed": [["09:00", "17:00"]]}
    return weekly


class TestAllAtOnce(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(
        first=weeks(),
        second=weeks(),
        third=weeks(),
        zones=st.tuples(*[st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York"])] * 3),
        closed=st.lists(st.integers(-5, 40), max_size=5, unique=True),
        seed=st.integers(0, 10**6),
    )
    def test_equals_one_by_one(self, first, second, third, zones, closed, seed):
        calendar = calendar_row(weekly=first, timezone=zones[0])
        versions = [version_row(calendar)]
        calendar.weekly, calendar.timezone = second, zones[1]
        versions.append(version_row(calendar, number=2))
        policy_version = policy_version_row(calendar)
        chance = random.Random(seed)
        clocks = [self.random_clock(chance, versions, policy_version) for _ in range(12)]
        began = {clock.pk: at for clock, at in clocks}
        calendar.weekly, calendar.timezone = third, zones[2]
        calendar.save()
        for day in {*closed, 500}:
            CalendarException.objects.create(calendar=calendar, on=now().date() + dt.timedelta(days=day))
        version = publish_calendar(calendar.pk, by=LEADLOOP)
        for clock, _ in clocks:
            expected = one_by_one(clock, new=version, published_at=version.published_at, began_at=began[clock.pk])
            assert seen(clock) == expected

    def random_clock(self, chance, versions, policy_version):
        def around(low, high):
            return now() + dt.timedelta(microseconds=chance.randrange(int(low * 3.6e9), int(high * 3.6e9)))

        state = chance.choice(["running", "running", "held", "stopped", "cancelled"])
        steps = sorted(around(-60, 500) for _ in range(chance.randrange(6)))
        clock = clock_row(
            chance.choice(versions),
            policy_version,
            due_at=around(-20, 400),
            steps=steps,
            next_step=chance.randrange(len(steps) + 1),
            state=state,
            adjusted_due_at=chance.choice([None, around(-20, 500)]),
            stopped_at=None if state in ("running", "held") else now(),
        )
        began_at = around(-60, -1)
        if state == "held":
            hold_row(clock.handoff, began_at=began_at)
        return clock, began_at
