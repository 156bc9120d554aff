"""Whom real handoffs hold back in the replay of a quarter: by hand, and against what must hold of any history."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.logic import outlook
from feedback.logic.outlook import Watched, first_met, met_on, would_keep
from feedback.logic.outlook_past import Passed, Person, Seen, first_of
from feedback.logic.outlook_volume import Offered, Theirs, volume
from feedback.logic.recycling import Plan, why_not_again
from feedback.logic.states import ACTIVE, State
from leads.logic.agreement import ACCOUNT, LEAD, OPTED_IN, Agreement, Duties, read, written
from leads.logic.scoring import DayCount
from tests.feedback.logic.test_outlook import AGREEMENT, FIRST, OF_ACCOUNT, QUARTER, VISITS, did, somebody

NOON = dt.time(12)


def at(number: float) -> dt.datetime:
    """Noon of the day `number` of the quarter; a half day later at midnight."""
    return dt.datetime.combine(FIRST, NOON, dt.UTC) + dt.timedelta(days=number)


def past(state: State, offered: int, over: float | None = None, *, pk: int = 1, **more) -> Passed:
    """A handoff offered on the day `offered` of the quarter and over at noon of the day `over`."""
    usual = {
        "root": pk,
        "since_on": min(FIRST, at(offered).date()) if offered < 0 else at(offered + 1).date(),
        "qualified_at": at(offered),
        "is_given": True,
        "over_at": None if over is None else at(over),
    }
    return Passed(pk=pk, state=state, **(usual | more))


def cooling(days: int) -> Plan:
    """Not before noon of that day of the quarter."""
    return Plan(not_before_at=at(days))


EVERY_WEEK = tuple(did(number, 3) for number in range(5, 91, 7))
REFUSED = State.REJECTED


def first(agreement: Agreement, *history: Passed, days: tuple[DayCount, ...] = EVERY_WEEK, **more) -> str:
    """The day of the quarter on which somebody is offered; in brackets where they are held back; "never"."""
    met = first_met(agreement, somebody(*days, past=history, **more), QUARTER)
    if met is None:
        return "never"
    number = (met.on - FIRST).days
    return f"({number})" if met.is_held else f"{number}{' late' if met.is_late else ''}"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], "5"),
        # With sales.
        ([past(State.ACCEPTED, -10)], "(5)"),
        ([past(State.QUALIFIED, -10)], "(5)"),
        ([past(State.PENDING, 4)], "(5)"),
        # The same day: it is this offer.
        ([past(State.PENDING, 5)], "5"),
        ([past(State.PENDING, 60)], "5"),
        ([past(State.WON, -90, -80)], "(5)"),
        ([past(State.WON, -90, -80), past(State.LOST, -70, -60, pk=2)], "(5)"),
        # Turned back holds nobody once it is over; its successor does.
        ([past(State.TURNED_BACK, -10, 6)], "6"),
        ([past(State.TURNED_BACK, -10, -8), past(State.ACCEPTED, -8, pk=2)], "(5)"),
        # Refused for good, cooling off, until a condition is met.
        ([past(REFUSED, -10, -9)], "(5)"),
        ([past(REFUSED, -10, -9, plan=cooling(20))], "20"),
        ([past(REFUSED, -10, -9, plan=cooling(30))], "30"),
        ([past(REFUSED, -10, -9, plan=cooling(25)), past(REFUSED, 3, 4, plan=cooling(46), pk=2)], "46"),
        ([past(REFUSED, -10, -9, plan=cooling(300))], "(5)"),
        ([past(State.RETURNED, -10, -1, plan=cooling(12))], "12"),
        ([past(REFUSED, -10, -9, plan=Plan())], "5"),
        ([past(REFUSED, -10, -9, plan=Plan(condition="record enriched"))], "(5)"),
        ([past(REFUSED, -10, -9, plan=Plan(condition="record enriched"), met_at=at(13.25))], "13"),
        ([past(REFUSED, -10, -9, plan=Plan(condition="record enriched"), met_at=at(200))], "(5)"),
        ([past(REFUSED, -10, -9, plan=Plan(not_before_at=at(30), condition="x"), met_at=at(13))], "30"),
        # Nothing was done since the refusal, until the day 12.
        ([past(REFUSED, -10, 6, plan=Plan())], "12"),
        # An end without a reason: thirty days of patience from then.
        ([past(State.EXPIRED, -10, -9)], "21"),
        ([past(State.RECALLED, -10, 0)], "30"),
        ([past(State.LOST, -200, -100)], "5"),
        # The last one counts: the one that ended last, like one that went on when a later one was recalled.
        ([past(REFUSED, -20, -9), past(State.RECALLED, -15, -14, pk=2)], "(5)"),
        ([past(REFUSED, -90, -80), past(State.LOST, -70, -60, pk=2)], "5"),
    ],
)
def test_histories_worked_out_by_hand(history: list[Passed], expected: str):
    assert first(AGREEMENT, *history) == expected
    assert first(AGREEMENT, *reversed(history)) == expected


def test_what_ends_too_long_after_the_rule_was_met_brings_nobody_back():
    history = past(REFUSED, -10, -9, plan=cooling(20))
    assert first(AGREEMENT, history, days=(did(15, 3),)) == "20"
    assert first(AGREEMENT, history, days=(did(13, 3),)) == "(13)", "three visits in a week, but not that one"


def test_what_goes_before_an_offer_holds_from_the_day_after_its_own():
    assert first(AGREEMENT, others=(past(State.ACCEPTED, 5),)) == "5"
    assert first(AGREEMENT, others=(past(State.ACCEPTED, 4),)) == "(5)"


def test_whom_an_account_is_offered_with_did_something_lately():
    person = Person(pk=1, seen=(Seen(on=at(5).date(), last_at=at(5), count=1),))
    assert first_of([person], since=at(5).date(), on=at(20).date()) == person
    assert first_of([person], since=at(6).date(), on=at(20).date()) is None
    assert first_of([person], since=at(1).date(), on=at(4).date()) is None


def test_consent_that_is_there_today_is_met():
    history = past(REFUSED, -10, -9, plan=Plan(condition="consent recorded"))
    assert first(AGREEMENT, history) == "(5)"
    assert first(AGREEMENT, history, consent="opt_in") == "5"


def test_each_agreement_has_its_own_patience():
    patient = replace(AGREEMENT, duties=replace(AGREEMENT.duties, again_after_days=60))
    history = past(State.EXPIRED, -10, -9)
    assert (first(AGREEMENT, history), first(patient, history)) == ("21", "51")


class TestWhatARuleMade:
    """Handoffs of the quarter that an agreement's rule made, not somebody."""

    def test_it_holds_nobody_and_tells_offers_that_come_after_it(self):
        refused = past(REFUSED, 2, 3, plan=cooling(40), is_given=False)
        assert first(AGREEMENT, refused) == "5 late"
        assert first(AGREEMENT, past(State.ACCEPTED, 2, is_given=False)) == "5 late"
        assert first(AGREEMENT, past(State.ACCEPTED, 5, is_given=False)) == "5"
        assert first(AGREEMENT, past(REFUSED, 2, 3, plan=Plan(), is_given=False)) == "5"

    def test_it_is_the_other_one_that_holds(self):
        made = past(State.ACCEPTED, 2, is_given=False, pk=2)
        assert first(AGREEMENT, past(REFUSED, -10, -9, plan=cooling(20)), made) == "20 late"

    def test_a_later_one_is_kept_only_where_the_earlier_allows_it(self):
        who = somebody(did(2, 3), did(20, 3), did(60, 3))
        early = past(REFUSED, 2, 3, plan=cooling(40), is_given=False)
        second, third = (past(State.ACCEPTED, day, pk=pk, is_given=False) for day, pk in ((20, 2), (60, 3)))
        past_of = {"past": (early, second)}
        assert would_keep(AGREEMENT, [replace(who, **past_of)], early)
        assert would_keep(AGREEMENT, [replace(who, **past_of)], second) is False, "it cools off until the day 40"
        asks_more = replace(AGREEMENT, rules=(replace(VISITS, counts=(replace(VISITS.counts[0], at_least=4),)),))
        busier = replace(who, days=(did(2, 3), did(20, 4), did(60, 4)), **past_of)
        assert would_keep(asks_more, [busier], early) is False
        assert would_keep(asks_more, [busier], second), "it would never have made the one that was refused"
        assert would_keep(AGREEMENT, [replace(who, past=(early, third))], third)

    def test_each_is_asked_once_however_many_there_were(self, monkeypatch: pytest.MonkeyPatch):
        asked: list[int] = []
        monkeypatch.setattr(
            outlook, "met_on", lambda agreement, watched, on: asked.append(1) or met_on(agreement, watched, on)
        )
        many = tuple(past(State.EXPIRED, 5 + 2 * n, 6 + 2 * n, pk=n + 1, is_given=False) for n in range(40))
        who = somebody(*(did(number, 3) for number in range(3, 91)), past=many)
        hasty = replace(AGREEMENT, duties=replace(AGREEMENT.duties, again_after_days=1))
        assert would_keep(hasty, [who, who], many[-1]) is True
        assert len(asked) <= 2 * len(many)

    def test_whom_it_follows_after_a_turn_back_is_the_same_offer(self):
        who = somebody(did(2, 3))
        back = past(State.TURNED_BACK, 2, 4)
        again = past(State.ACCEPTED, 4, pk=2, root=1, qualified_at=at(2))
        for real in (back, again):
            assert would_keep(AGREEMENT, [replace(who, past=(back, again))], real)

    def test_an_open_one_from_before_leaves_out_what_somebody_offers_beside_it(self):
        old, real = past(REFUSED, -5, -4, plan=cooling(40)), past(State.ACCEPTED, 5, pk=2)
        assert would_keep(AGREEMENT, [somebody(did(5, 3), past=(old, real))], real) is False


class TestAccounts:
    def company(self, *people: Person, **more) -> Watched:
        return somebody(did(5, 3), did(12, 3), of=ACCOUNT, people=people, **more)

    def person(self, *days: int, pk: int = 1, **more) -> Person:
        return Person(pk=pk, seen=tuple(Seen(on=at(day).date(), last_at=at(day), count=1) for day in days), **more)

    def met(self, company: Watched, agreement: Agreement = OF_ACCOUNT) -> str:
        met = first_met(agreement, company, QUARTER)
        return "never" if met is None else f"{'held ' if met.is_held else ''}{(met.on - FIRST).days}"

    def test_it_waits_for_any_open_handoff_of_its_people(self):
        assert self.met(self.company(others=(past(State.ACCEPTED, -5),))) == "held 5"
        assert self.met(self.company(others=(past(REFUSED, -5, 7),))) == "7"
        assert self.met(self.company(others=(past(State.WON, -5, -2),))) == "5", "a colleague is no customer"

    def test_it_is_offered_with_who_was_there_last_and_waits_for_them(self):
        refused = past(REFUSED, -9, -8)
        there = self.person(5, past=(refused,)), self.person(4, 12, pk=2)
        assert self.met(self.company(*there)) == "12", "on the day 5 it was who is cooling off"
        assert self.met(self.company(self.person(5, 12, past=(refused,)))) == "held 5"
        assert self.met(self.company(replace(there[0], barred_from=at(5).date()), self.person(4, pk=2))) == "5"

    def test_alone_only_where_a_stranger_was_there(self):
        assert self.met(self.company(strangers=frozenset())) == "never"
        assert self.met(self.company(strangers={at(12).date()})) == "12"
        assert self.met(self.company(strangers=None)) == "5"

    def test_of_a_person_marketing_owes_what_it_owes(self):
        asked = replace(OF_ACCOUNT, duties=Duties(required=("lead_phone",), consent=OPTED_IN, context_days=0))
        assert self.met(self.company(strangers={at(5).date()}), asked) == "5"
        assert self.met(self.company(self.person(5, 12)), asked) == "never"
        assert self.met(self.company(self.person(5, 12, known={"lead_phone"}, consent="opt_in")), asked) == "5"

    def test_held_back_is_counted_once_for_an_account_and_its_people(self):
        offers = []
        for lead, company, is_held in ((1, 10, True), (2, 11, False), *((None, pk, True) for pk in (10, 11, 12))):
            who = somebody(did(5, 3), of=LEAD if lead else ACCOUNT, past=(past(State.WON, -9, -8),) if is_held else ())
            met = first_met(AGREEMENT if lead else OF_ACCOUNT, who, QUARTER)
            assert met is not None
            offers.append(Offered(lead=lead, account=company, met=met, was_seen=False))
        found = volume(offers, QUARTER, Theirs())
        assert (found.total, found.held) == (1, 2), "the lead of 10, and 12"


# -- what must hold of any history -------------------------------------------------------------------------------------
@st.composite
def histories(draw: st.DrawFn) -> tuple[Passed, ...]:
    found = []
    for pk in range(1, draw(st.integers(0, 4)) + 1):
        state, offered = draw(st.sampled_from(sorted(State))), draw(st.integers(-60, 80))
        over = None if state in ACTIVE else offered + draw(st.integers(0, 60))
        plan = draw(
            st.none()
            | st.builds(
                Plan,
                not_before_at=st.none() | st.integers(-20, 120).map(at),
                condition=st.sampled_from(("", "record enriched", "consent recorded")),
            )
        )
        met_at = draw(st.none() | st.integers(-30, 110).map(at))
        is_given = offered < 0 or draw(st.booleans())
        found.append(past(state, offered, over, pk=pk, plan=plan, met_at=met_at, is_given=is_given))
    return tuple(found)


days_of = st.lists(st.builds(did, st.integers(-10, 95), count=st.integers(1, 6)), max_size=8).map(tuple)
asked_of = st.builds(
    lambda least, patience: replace(
        AGREEMENT,
        rules=(replace(VISITS, counts=(replace(VISITS.counts[0], at_least=least),)),),
        duties=replace(AGREEMENT.duties, again_after_days=patience),
    ),
    st.integers(1, 6),
    st.integers(0, 60),
)


@settings(deadline=None)
@given(asked_of, days_of, histories())
def test_the_same_text_gives_the_same_offers(agreement: Agreement, days, history):
    same = read(written(agreement), kinds=["page_view"])
    who = somebody(*days, past=history)
    assert first_met(same, who, QUARTER) == first_met(agreement, who, QUARTER)
    for real in history:
        assert would_keep(same, [who], real) == would_keep(agreement, [who], real)


@settings(deadline=None)
@given(asked_of, days_of, histories())
def test_nobody_is_offered_while_a_given_handoff_stands_against_it(agreement: Agreement, days, history):
    met = first_met(agreement, somebody(*days, past=history), QUARTER)
    if met is None or met.is_held:
        return
    given_ones = [one for one in history if one.is_given and one.since_on <= met.on]
    # Somewhere on that day at the latest: everything before it is over, and asks for nothing more.
    end = dt.datetime.combine(met.on, dt.time.max, dt.UTC)
    assert not [one for one in given_ones if one.over_at is None or one.over_at > end or one.state == State.WON]
    over = [one for one in given_ones if one.state != State.TURNED_BACK]
    if over:
        engaged_at = max(day.last_at for day in days if day.happened_on <= met.on)
        last = max(over, key=lambda one: one.pk).ended(end)
        patience = agreement.duties.again_after_days
        assert not why_not_again(last, engaged_at=engaged_at, consent="", again_after_days=patience, now=end)


@settings(deadline=None)
@given(asked_of, days_of, histories())
def test_a_past_only_delays_and_what_a_rule_made_changes_no_offer(agreement: Agreement, days, history):
    # What was done before the quarter may bring somebody back on its first days, with nothing done on them.
    days = tuple(day for day in days if day.happened_on >= FIRST)
    bare, held = (first_met(agreement, somebody(*days, past=those), QUARTER) for those in ((), history))
    if bare:
        assert held is not None
        assert held.on >= bare.on
    without = first_met(agreement, somebody(*days, past=tuple(one for one in history if one.is_given)), QUARTER)
    assert (held and replace(held, is_late=False)) == without
