"""Where the steps of a clock fall, and which ladders are refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.logic.errors import InvalidInput
from sla.logic.business_time import Calendar
from sla.logic.ladder import MOST_STEPS, THE_BREACH, Plan, PlannedStep, StepRule, check, going_on, plan

CALENDAR = Calendar.from_dict(
    {"timezone": "Europe/Paris", "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
HOUR = timedelta(hours=1)


def paris(*parts):
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Paris"))


FRIDAY_AT_THREE = paris(2026, 5, 8, 15)


def placed(steps, amount=4 * HOUR, **more):
    made = plan(FRIDAY_AT_THREE, amount, steps, CALENDAR, **more)
    return [(step.action, step.at) for step in made.steps]


def test_a_plan_without_steps_is_the_deadline_and_its_breach():
    due_at = datetime(2026, 5, 11, 9, tzinfo=UTC)
    assert plan(FRIDAY_AT_THREE, 4 * HOUR, [], CALENDAR) == Plan(due_at, (PlannedStep("breach", due_at, THE_BREACH),))


def test_steps_fall_in_business_time_on_both_sides_of_the_deadline():
    ladder = [
        StepRule("reassign", minutes_after=420),
        StepRule("notify_manager", minutes_after=0),
        StepRule("warn", percent=75),
        StepRule("notify_owner", percent=50),
    ]
    assert placed(ladder) == [
        ("notify_owner", paris(2026, 5, 8, 17)),
        ("warn", paris(2026, 5, 11, 10)),
        ("breach", paris(2026, 5, 11, 11)),
        ("notify_manager", paris(2026, 5, 11, 11)),
        ("reassign", paris(2026, 5, 12, 10)),
    ]


def test_at_one_instant_the_breach_is_first_expire_last_and_the_rest_as_given():
    ladder = [
        StepRule("expire", minutes_after=0),
        StepRule("notify_owner", minutes_after=0),
        StepRule("notify_manager", minutes_after=0),
    ]
    assert [action for action, _ in placed(ladder)] == ["breach", "notify_owner", "notify_manager", "expire"]


def test_a_pause_moves_what_lies_after_it():
    pause = (paris(2026, 5, 11, 9), paris(2026, 5, 11, 10))
    ladder = [StepRule("warn", percent=75), StepRule("notify_manager", minutes_after=60)]
    assert placed(ladder, pauses=iter([pause])) == [
        ("warn", paris(2026, 5, 11, 11)),
        ("breach", paris(2026, 5, 11, 12)),
        ("notify_manager", paris(2026, 5, 11, 13)),
    ]
    during = (paris(2026, 5, 11, 11), paris(2026, 5, 11, 12))
    assert placed(ladder[1:], pauses=[during]) == [
        ("breach", paris(2026, 5, 11, 11)),
        ("notify_manager", paris(2026, 5, 11, 13)),
    ]


REFUSED = {
    "unknown action": ([StepRule("warn", percent=50), StepRule("shout", percent=60)], "steps[1].action"),
    "a breach of one's own": ([StepRule("breach", minutes_after=0)], "steps[0].action"),
    "neither": ([StepRule("warn")], "steps[0].percent"),
    "both": ([StepRule("warn", percent=50, minutes_after=5)], "steps[0].percent"),
    "0 percent": ([StepRule("warn", percent=0)], "steps[0].percent"),
    "100 percent": ([StepRule("warn", percent=100)], "steps[0].percent"),
    "before it started": ([StepRule("warn", percent=-5)], "steps[0].percent"),
    "minutes before": ([StepRule("warn", minutes_after=-1)], "steps[0].minutes_after"),
    "more than a year after": ([StepRule("notify_owner", minutes_after=525_601)], "steps[0].minutes_after"),
    "too many": ([StepRule("warn", percent=50)] * 51, "steps"),
    "before and after": ([StepRule("warn", minutes_before=5, minutes_after=5)], "steps[0].percent"),
    "no time before": ([StepRule("warn", minutes_before=0)], "steps[0].minutes_before"),
    "bench early": ([StepRule("bench", minutes_before=5)], "steps[0].percent"),
    "no channel to tell": ([StepRule("notify_channel", minutes_after=5)], "steps[0].channel"),
    "a channel nobody tells": ([StepRule("warn", percent=5, channel="a")], "steps[0].channel"),
    "a template without a mail": ([StepRule("reassign", minutes_after=5, template="a")], "steps[0].template"),
    "two ends": (
        [StepRule("expire", minutes_after=5), StepRule("return_to_marketing", minutes_after=5)],
        "steps[1].action",
    ),
    "reassign early": ([StepRule("reassign", percent=99)], "steps[0].percent"),
    "expire early": ([StepRule("expire", percent=99)], "steps[0].percent"),
    "expire twice": ([StepRule("expire", minutes_after=5), StepRule("expire", minutes_after=5)], "steps[1].action"),
    "after the end": (
        [StepRule("expire", minutes_after=5), StepRule("notify_manager", minutes_after=6)],
        "steps[1].minutes_after",
    ),
}


@pytest.mark.parametrize(("steps", "field"), REFUSED.values(), ids=REFUSED)
def test_refused(steps, field):
    with pytest.raises(InvalidInput) as refused:
        check(steps)
    assert refused.value.field == field
    with pytest.raises(InvalidInput):
        plan(FRIDAY_AT_THREE, HOUR, steps, CALENDAR)


def test_as_many_steps_as_anybody_needs_are_taken():
    assert len(placed([StepRule("warn", percent=50)] * MOST_STEPS)) == MOST_STEPS + 1


def test_a_step_can_stand_business_minutes_before_the_deadline():
    assert placed([StepRule("raise_priority", minutes_before=90)])[0] == ("raise_priority", paris(2026, 5, 11, 9, 30))


def test_a_step_knows_its_place_in_the_rule():
    ladder = [StepRule("notify_owner", minutes_after=60), StepRule("warn", percent=50)]
    assert [(step.action, step.ref) for step in plan(FRIDAY_AT_THREE, HOUR, ladder, CALENDAR).steps] == [
        ("warn", 1),
        ("breach", THE_BREACH),
        ("notify_owner", 0),
    ]


def test_going_on_leaves_out_what_is_used_up_and_is_never_due_before_now():
    ladder = [StepRule("warn", percent=50), StepRule("notify_owner", minutes_after=30)]
    ahead = going_on(FRIDAY_AT_THREE, HOUR, 4 * HOUR, ladder, CALENDAR)
    assert [(step.action, step.at) for step in ahead.steps] == [
        ("warn", paris(2026, 5, 8, 16)),
        ("breach", paris(2026, 5, 11, 10)),
        ("notify_owner", paris(2026, 5, 11, 10, 30)),
    ]
    used_up = going_on(FRIDAY_AT_THREE, 3 * HOUR, 2 * HOUR, ladder, CALENDAR)
    assert used_up.due_at == FRIDAY_AT_THREE
    assert [step.action for step in used_up.steps] == ["breach", "notify_owner"]


early = st.builds(StepRule, st.sampled_from(["warn", "notify_owner", "raise_priority"]), percent=st.integers(1, 99))
late = st.builds(StepRule, st.sampled_from(["notify_manager", "reassign", "bench"]), minutes_after=st.integers(0, 5000))


@given(steps=st.lists(early | late, max_size=9), minutes=st.integers(1, 5000), expires=st.booleans())
@settings(deadline=None, database=None, max_examples=80)
def test_every_plan_is_in_order_and_loses_nothing(steps, minutes, expires):
    ladder = [*([StepRule("expire", minutes_after=5000)] if expires else []), *steps]
    made = plan(FRIDAY_AT_THREE, timedelta(minutes=minutes), ladder, CALENDAR)
    actions = [step.action for step in made.steps]
    assert [step.at for step in made.steps] == sorted(step.at for step in made.steps)
    assert sorted(actions) == sorted(["breach", *(step.action for step in ladder)])
    assert made.steps[actions.index("breach")].at == made.due_at
    assert actions.index("breach") == sum(step.percent is not None for step in steps)
    assert not expires or actions[-1] == "expire"
