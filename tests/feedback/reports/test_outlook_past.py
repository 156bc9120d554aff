"""The replay of a quarter and the handoffs that were there: it holds back whom the real thing holds back."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.actions import decisions, owners, recycling
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.actions.qualified import offer_qualified
from feedback.logic.outlook import quarter
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, RecyclePlan, RoutingRule
from feedback.pages.outlook import words_of
from feedback.reports.outlook import outlook
from leads.models import Agreement, Consent, Lead
from leads.signals import Qualified
from tests.factories import RepFactory, agreement, as_person, marketer, policy
from tests.feedback.reports.test_outlook import BOTH, TARGET, accept, days_ago, document, found, read, real, visited
from tests.leads.scoring_rows import account, lead, today

pytestmark = pytest.mark.django_db
End = Callable[..., None]


@pytest.fixture
def rep():
    policy(minutes=60, weekly=None)
    made = RepFactory(capacity=500)
    RoutingRule.objects.create(name="Everybody", team=made.team)
    return made


def day(number: int) -> dt.datetime:
    return dt.datetime.combine(today(), dt.time(15), dt.UTC) - dt.timedelta(days=days_ago(number))


def refused(key: str, evidence: dict | None = None) -> End:
    def ends(rep, handoff: Handoff) -> None:
        at = handoff.offered_at + dt.timedelta(hours=1)
        decisions.reject(handoff.uid, by=as_person(rep), reason=key, evidence=evidence or {}, note="No.", at=at)

    return ends


def returned(key: str, field: str, *, number: int) -> End:
    """For a date: that of the day `number` of the quarter."""

    def ends(rep, handoff: Handoff) -> None:
        evidence = {field: day(number).date().isoformat()}
        accept(rep, handoff)
        Handoff.objects.filter(pk=handoff.pk).update(first_two_way_at=handoff.offered_at)
        at, by = handoff.offered_at + dt.timedelta(hours=2), as_person(rep)
        decisions.return_after_work(handoff.uid, by=by, reason=key, evidence=evidence, note="No.", at=at)

    return ends


def closed(kind: str) -> End:
    def ends(rep, handoff: Handoff) -> None:
        accept(rep, handoff)
        record_outcome(handoff.uid, OutcomeInput(kind=kind), by=LEADLOOP, at=handoff.offered_at + dt.timedelta(hours=3))

    return ends


def met(rep, handoff: Handoff) -> None:
    refused("data.insufficient", {"missing_fields": "the size"})(rep, handoff)
    recycling.meet(handoff.uid, by=marketer())
    RecyclePlan.objects.update(met_at=handoff.offered_at + dt.timedelta(days=3))


def turned_back(rep, handoff: Handoff) -> None:
    decisions.turn_back(handoff.uid, by=as_person(rep), to=RepFactory().uid, at=handoff.offered_at)


def expired(rep, handoff: Handoff) -> None:
    owners.expire(handoff.uid, by=LEADLOOP, at=handoff.offered_at + dt.timedelta(days=2))


def nothing(rep, handoff: Handoff) -> None: ...


ENDS: dict[str, End] = {
    "pending": nothing,
    "accepted": accept,
    "won": closed("won"),
    "lost": closed("lost"),
    "expired": expired,
    "turned back": turned_back,
    "for good": refused("fit.company_size", {"employee_count": 3}),
    "thirty days": refused("intent.below_bar"),
    "a condition": refused("data.insufficient", {"missing_fields": "the size"}),
    "a condition that is met": met,
    "a date in the quarter": returned("time.no_budget", "budget_date", number=30),
    "a date behind it": returned("time.later_project", "project_date", number=200),
}


def asked(who: Lead, signed: Agreement, at: dt.datetime) -> Qualified:
    return Qualified(
        lead=who,
        account=who.account,
        fit=0,
        intent=0,
        parts={"fit": {}, "intent": {}},
        rule="visits",
        why="Visits",
        engaged_at=at,
        qualified_at=at,
        agreement_id=signed.pk,
    )


@pytest.mark.parametrize("number", [8, 15, 45])
@pytest.mark.parametrize("name", ENDS)
def test_it_holds_back_whom_the_real_thing_holds_back(rep, name: str, number: int):
    signed = agreement(at=timezone.now() - dt.timedelta(days=200), **document())
    handoff = real(rep, -5)
    ENDS[name](rep, handoff)
    who = Lead.objects.get(pk=handoff.lead_id)
    Lead.objects.update(disqualified_at=None, suppressed_at=None)
    type(who.account).objects.update(disqualified_at=None)
    visit = visited(who, number, 3)
    mine = found().draft.volume
    one = asked(Lead.objects.get(pk=who.pk), signed, visit.last_at)
    offer_qualified([one], at=visit.last_at)
    assert (mine.total, mine.held) == ((0, 1) if one.held_back else (1, 0)), one.held_back


def test_the_day_on_which_a_condition_is_met_brings_them_back(rep):
    handoff = real(rep, -5)
    ENDS["a condition"](rep, handoff)
    visited(handoff.lead, 6, 3)
    assert (found().draft.volume.total, found().draft.volume.held) == (0, 1)
    RecyclePlan.objects.update(met_at=day(8))
    assert found().draft.volume.by_week == (0, 1, *[0] * 11)
    RecyclePlan.objects.update(met_at=day(30))
    assert found().draft.volume.total == 0, "its visits are too old by then"


class TestInTheQuarter:
    def test_what_somebody_offered_by_hand_holds_from_the_next_day(self, rep):
        handoff = real(rep, 10)
        ENDS["thirty days"](rep, handoff)
        for number in (10, 20, 50):
            visited(handoff.lead, number, 3)
        assert found().draft.volume.by_week[1] == 1, "the same day: it is this offer"
        stricter = found(read(4), read(3))
        assert stricter.before is not None
        assert (stricter.draft.volume.total, stricter.before.volume.total) == (0, 1)
        visited(handoff.lead, 30, 4)
        assert (found(read(4)).draft.volume.total, found(read(4)).draft.volume.held) == (0, 1)
        visited(handoff.lead, 52, 4)
        mine = found(read(4)).draft.volume
        assert (mine.by_week[7], mine.late, mine.held) == (1, 0, 0)

    def test_what_a_rule_made_holds_nobody_and_makes_the_range_wider(self, rep):
        handoff = real(rep, 10, 3)
        ENDS["thirty days"](rep, handoff)
        Handoff.objects.update(mql_rule="visits")
        visited(handoff.lead, 20, 4)
        mine = found(read(4), read(3))
        assert mine.before is not None
        assert (mine.draft.volume.total, mine.draft.volume.late) == (1, 1)
        assert (mine.before.volume.total, mine.before.volume.late) == (1, 0)
        words = words_of(mine, read(4), ("Agreement 1", read(3)))
        assert words.rows[0].cells == (("Draft", "1 (0 to 6)"), ("Agreement 1", "1 (0 to 6)"))
        assert any("would have come only after a real handoff" in one for one in words.sentences)
        many = words_of(_wide(), read(4), None).rows[0].cells[0][1]
        assert many == "40 (14 to 54)", "from the low end of 22 to the high end of 40"

    def test_what_follows_a_handoff_from_before_was_there_anyway(self, rep):
        handoff = real(rep, -5)
        Handoff.objects.update(mql_rule="visits")
        at = day(10)
        decisions.turn_back(handoff.uid, by=as_person(rep), to=RepFactory().uid, at=at)
        visited(handoff.lead, 12, 3)
        assert (found().draft.volume.total, found().draft.volume.held) == (0, 1)

    def test_what_somebody_offers_beside_a_cool_off_is_left_out(self, rep):
        first = real(rep, -5)
        ENDS["thirty days"](rep, first)
        second = real(rep, 10, 3)
        Handoff.objects.filter(pk=second.pk).update(lead=first.lead)
        visited(first.lead, 10, 3)
        mine = found(read(3), read(3))
        assert mine.before == mine.draft
        assert (mine.draft.kept.offered, mine.draft.left_out.offered) == (0, 1)
        RecyclePlan.objects.update(not_before_at=day(9))
        assert found().draft.kept.offered == 1


class TestAccounts:
    def test_an_open_handoff_of_the_account_alone_keeps_its_people_waiting(self, rep):
        company = account(is_target=True)
        alone = real(rep, -5)
        Handoff.objects.filter(pk=alone.pk).update(lead=None, account=company)
        visited(lead(account=company), 20, 3)
        assert (found().draft.volume.total, found().draft.volume.held) == (0, 1)

    def test_an_account_is_offered_with_who_was_there_last(self, rep):
        company = account(is_target=True)
        handoff = real(rep, -5)
        accept(rep, handoff)
        Handoff.objects.filter(pk=handoff.pk).update(account=company)
        Lead.objects.filter(pk=handoff.lead_id).update(account=company)
        visited(company, 20, 3)
        only = read(rules=[TARGET])
        assert (found(only).draft.volume.total, found(only).draft.volume.held) == (0, 1), "a colleague is with sales"
        at = handoff.offered_at + dt.timedelta(days=1)
        Handoff.objects.filter(pk=handoff.pk).update(state="won", closed_at=at, disposed_at=at)
        assert (found(only).draft.volume.total, found(only).draft.volume.held) == (1, 0), "a colleague is a customer"
        visited(Lead.objects.get(pk=handoff.lead_id), 20, 1)
        assert (found(only).draft.volume.total, found(only).draft.volume.held) == (0, 1), "they were there last"

    def test_an_account_where_nobody_may_be_contacted_is_not_offered(self, rep):
        company = account(is_target=True)
        person = lead(account=company, consent=Consent.OPT_OUT)
        visited(person, 20, 3)
        only = read(rules=[TARGET])
        assert found(only).draft.volume.total == 0
        visited(company, 20, 1)
        assert found(only).draft.volume.total == 1, "a stranger was there too"


def test_statements_do_not_grow_with_the_past(rep):
    counts = []
    for _ in range(2):
        for name in ENDS:
            handoff = real(rep, -5)
            ENDS[name](rep, handoff)
            visited(handoff.lead, 40, 3)
            handoff = real(rep, 40, 3)
            ENDS[name](rep, handoff)
        visited(account(is_target=True), 40, 3)
        with CaptureQueriesContext(connection) as queries:
            both = read(rules=BOTH)
            mine = outlook(both, both, quarter=quarter(today(), zone=dt.UTC), now=timezone.now())
        counts.append(len(queries))
        assert mine.draft == mine.before
        assert mine.draft.volume.held > 3
        assert mine.lost.offered == 0
    assert counts[0] == counts[1] <= 19


def _wide():
    """An outlook on forty would-be offers, of which eighteen are late."""
    bare = found()
    volume = replace(bare.draft.volume, total=40, late=18)
    return replace(bare, draft=replace(bare.draft, volume=volume))
