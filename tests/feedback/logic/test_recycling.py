"""When somebody whom sales had before may be offered again."""

import datetime as dt

import pytest

from feedback.logic.recycling import Ended, Plan, again_at, plan_of, why_not_again
from feedback.logic.states import State

AT = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def plan(cool_off_days=None, condition="", evidence=None, next_state="recycle"):
    return plan_of(
        next_state=next_state, cool_off_days=cool_off_days, condition=condition, evidence=evidence or {}, at=AT
    )


def why(last, *, engaged_at=AT + 400 * DAY, now=AT + 400 * DAY, consent="unknown", again_after_days=30):
    return why_not_again(last, engaged_at=engaged_at, consent=consent, again_after_days=again_after_days, now=now)


def refused(**plan):
    return Ended(state=State.REJECTED, ended_at=AT, reason="No budget", plan=Plan(**plan))


@pytest.mark.parametrize("next_state", ["disqualify_lead", "suppress_lead", "merge", "reroute", "recoded"])
def test_only_a_reason_that_recycles_lets_somebody_come_back(next_state):
    assert plan(cool_off_days=30, next_state=next_state) is None
    assert why(Ended(state=State.REJECTED, ended_at=AT, reason="No influence")) == "Refused for good: No influence."


def test_a_cool_off_lasts_its_days_to_the_second():
    found = plan(cool_off_days=60)
    assert found == Plan(not_before_at=AT + 60 * DAY)
    last = Ended(state=State.RETURNED, ended_at=AT, reason="Research only", plan=found)
    second = dt.timedelta(seconds=1)
    assert why(last, now=AT + 60 * DAY - second) == "Cooling off until 2026-05-01: Research only."
    assert why(last, now=AT + 60 * DAY) == ""


def test_a_reason_that_only_names_the_cool_off_has_a_usual_one():
    assert plan(condition="cool-off over") == Plan(not_before_at=AT + 30 * DAY)


@pytest.mark.parametrize(
    ("condition", "evidence", "reached"),
    [
        ("date reached", {"budget_date": "2026-09-01"}, dt.datetime(2026, 9, 1, tzinfo=dt.UTC)),
        ("date reached", {"project_date": "2027-01-04"}, dt.datetime(2027, 1, 4, tzinfo=dt.UTC)),
        ("120 days before renewal", {"renewal_date": "2026-12-31"}, dt.datetime(2026, 9, 2, tzinfo=dt.UTC)),
    ],
)
def test_a_date_given_as_evidence_becomes_an_instant(condition, evidence, reached):
    assert plan(condition=condition, evidence=evidence) == Plan(not_before_at=reached)


def test_a_date_that_nobody_gave_stays_a_condition():
    assert plan(condition="date reached") == Plan(condition="date reached")


def test_a_condition_waits_until_somebody_says_it_is_met():
    last = refused(condition="contact repaired")
    assert why(last) == "Waits for “contact repaired”: No budget."
    met = Ended(state=last.state, ended_at=AT, reason="No budget", plan=last.plan, is_met=True)
    assert why(met) == ""


def test_consent_is_a_condition_that_is_seen():
    last = refused(condition="consent recorded")
    assert why(last, consent="unknown") != ""
    assert why(last, consent="opt_in") == ""


def test_who_did_nothing_since_is_not_offered_again():
    assert why(refused(), engaged_at=AT) == "Nothing was done since the refusal: No budget."
    assert why(refused(), engaged_at=AT + dt.timedelta(seconds=1)) == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.EXPIRED, "expired"), (State.RECALLED, "was recalled"), (State.LOST, "was lost")],
)
def test_after_an_end_without_a_reason_they_are_left_alone_for_a_while(state, words):
    last = Ended(state=state, ended_at=AT)
    assert why(last, now=AT + 30 * DAY - DAY) == f"Left alone until 2026-04-01: the last handoff {words}."
    assert why(last, now=AT + 30 * DAY) == ""
    assert why(last, now=AT + DAY, again_after_days=0) == ""
    silent = why(last, engaged_at=AT, now=AT + DAY, again_after_days=0)
    assert silent == f"Nothing was done since the last handoff {words}."
    # Whom nobody answered is not forgotten.
    later = why(last, engaged_at=AT, now=AT + DAY, again_after_days=1)
    assert later == ("" if state == State.EXPIRED else silent)


def test_a_customer_is_never_offered_as_a_lead():
    assert why(Ended(state=State.WON, ended_at=AT)) == "A customer already: the last handoff was won."


def test_nobody_s_first_time_and_a_wrong_owner_hold_nothing_back():
    assert why(None) == ""
    assert why(Ended(state=State.TURNED_BACK, ended_at=AT), now=AT) == ""


def test_when_somebody_may_be_offered_again():
    for state in (State.TURNED_BACK, State.WON):
        assert again_at(Ended(state=state, ended_at=AT), again_after_days=30) is None, "no instant says so"
    assert again_at(Ended(state=State.LOST, ended_at=AT), again_after_days=30) == AT + 30 * DAY
    for plan in (None, Plan(condition="contact repaired")):
        assert again_at(Ended(state=State.REJECTED, ended_at=AT, plan=plan), again_after_days=30) is None
    cooling = Plan(not_before_at=AT + DAY)
    assert again_at(Ended(state=State.RETURNED, ended_at=AT, plan=cooling), again_after_days=30) == AT + DAY
