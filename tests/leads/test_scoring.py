"""Standings: read, written, and written anew for everybody."""

import copy
import datetime as dt
import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.actions import scoring
from leads.actions.scoring import Scored, keep, rescore_all, rescore_due
from leads.logic import agreement as text
from leads.logic import facts
from leads.logic.scoring import Score, horizon
from leads.models import Account, EngagementDay, EngagementKind, Lead, ScoringPass, Standing
from leads.reports.fits import COLUMNS
from leads.reports.scores import scored, subjects
from tests.leads.scoring_rows import DOCUMENT, account, did, in_force, lead, today

pytestmark = pytest.mark.django_db
AGREEMENT = text.read(DOCUMENT, kinds=EngagementKind.values)
NOTHING = Score(value=0, parts={})


def standing(who: Lead | Account) -> Standing:
    return Standing.objects.get(lead=who) if isinstance(who, Lead) else Standing.objects.get(account=who)


def read(**asked):
    return subjects(on=today(), within_days=30, **asked)


class TestSubjects:
    def test_a_lead_comes_with_its_account_and_its_own_days(self):
        nortex = account(industry="logistics")
        ana, bob = lead(account=nortex, title="Head of IT"), lead(account=nortex)
        did(ana, count=2)
        did(bob, count=5)
        did(nortex, count=7)
        (one,) = read(lead_ids=[ana.pk])
        assert (one.lead, one.account) == (ana, nortex)
        assert one.facts["account_industry"] == "logistics"
        assert [day.count for day in one.days] == [2]

    def test_an_account_comes_with_what_everybody_did_and_how_sure_that_is(self):
        nortex = account()
        did(lead(account=nortex), count=2)
        did(lead(account=nortex), count=3)
        did(nortex, count=7, confidence=40)
        (one,) = read(account_ids=[nortex.pk])
        assert one.lead is None
        assert sorted((day.confidence, day.count) for day in one.days) == [(40, 7), (100, 5)]

    def test_nothing_beyond_the_window_is_read(self):
        ana = lead()
        for ago in (-1, 0, 30, 31):
            did(ana, ago=ago, count=10 + ago)
        (one,) = read(lead_ids=[ana.pk])
        assert [day.count for day in one.days] == [10, 40]

    def test_what_was_merged_into_another_is_left_out(self):
        kept, kept_account = lead(), account()
        dropped, dropped_account = lead(merged_into=kept), account(merged_into=kept_account)
        found = read(lead_ids=[kept.pk, dropped.pk], account_ids=[kept_account.pk, dropped_account.pk])
        assert [(one.lead, one.account) for one in found] == [(kept, None), (None, kept_account)]

    def test_the_number_of_statements_is_the_same_for_many(self, django_assert_num_queries):
        people = [lead(account=account()) for _ in range(5)]
        for one in people:
            did(one)
        for many in (people[:1], people):
            with django_assert_num_queries(4):
                read(lead_ids=[one.pk for one in many], account_ids=[one.account_id for one in many])

    def test_an_account_is_scored_by_the_visitors_that_are_sure_enough(self):
        nortex = account(industry="logistics")
        did(nortex, count=1, confidence=60)
        did(nortex, count=5, confidence=59)
        (one,) = read(account_ids=[nortex.pk])
        fit, intent = scored(one, AGREEMENT, on=today())
        assert fit.parts == {"Industry is logistics": 40}
        assert intent.parts == {"Pricing page": 10}


class TestKeep:
    def test_a_standing_is_written_once_and_then_over(self, django_assert_num_queries):
        agreement, ana, nortex, at = in_force(), lead(), account(), timezone.now()
        first = Score(value=50, parts={"Head of": 50.0})
        with django_assert_num_queries(2):
            keep(
                [
                    Scored(lead_id=ana.pk, account_id=None, fit=first, intent=NOTHING),
                    Scored(lead_id=None, account_id=nortex.pk, fit=NOTHING, intent=first),
                ],
                agreement_pk=agreement.pk,
                at=at,
            )
        assert (standing(ana).fit, standing(ana).parts) == (50, {"fit": {"Head of": 50}, "intent": {}})
        assert standing(nortex).intent == 50
        keep(
            [Scored(lead_id=ana.pk, account_id=None, fit=NOTHING, intent=first)],
            agreement_pk=agreement.pk,
            at=timezone.now(),
        )
        assert (standing(ana).fit, standing(ana).intent, Standing.objects.count()) == (0, 50, 2)

    def test_since_when_a_rule_is_met_stays_while_it_is_met(self):
        agreement, ana = in_force(), lead()
        early, late = timezone.now() - dt.timedelta(days=3), timezone.now()

        def kept(rule: str, at: dt.datetime) -> Standing:
            row = Scored(
                lead_id=ana.pk, account_id=None, fit=NOTHING, intent=NOTHING, rule=rule, met_at=at if rule else None
            )
            keep([row], agreement_pk=agreement.pk, at=at)
            return standing(ana)

        assert kept("ready", early).met_at == early
        assert kept("ready", late).met_at == early
        assert kept("other", late).met_at == late
        assert kept("", late).met_at is None

    def test_long_sentences_are_cut_to_what_is_kept(self):
        agreement, ana = in_force(), lead()
        row = Scored(
            lead_id=ana.pk, account_id=None, fit=NOTHING, intent=NOTHING, rule="ready", why="w" * 900,
            held_back="h" * 900, met_at=timezone.now(),
        )  # fmt: skip
        keep([row], agreement_pk=agreement.pk, at=timezone.now())
        assert (len(standing(ana).why), len(standing(ana).held_back)) == (500, 300)


class TestRescore:
    def test_scores_fade_by_themselves(self):
        in_force()
        ana = lead(account=account(industry="logistics"), title="Head of IT")
        did(ana, count=4)
        assert rescore_all() == 2
        assert (standing(ana).fit, standing(ana).intent) == (70, 40)
        assert standing(ana.account).intent == 40
        assert rescore_all(at=timezone.now() + dt.timedelta(days=7)) == 2
        assert standing(ana).intent == 20
        assert standing(ana).parts["intent"] == {"Pricing page": 20}

    def test_what_does_not_change_is_not_written(self):
        in_force()
        did(lead())
        assert rescore_all() == 1
        before = list(Standing.objects.values())
        assert rescore_all() == 0
        assert list(Standing.objects.values()) == before

    def test_without_an_agreement_nobody_is_scored(self):
        did(lead())
        assert (rescore_all(), rescore_due()) == (0, 0)
        assert not Standing.objects.exists()
        assert not ScoringPass.objects.exists()

    def test_who_did_nothing_that_counts_and_stands_nowhere_is_left_alone(self):
        in_force()
        lead()
        did(lead(), ago=2000)
        assert rescore_all() == 0

    def test_the_merged_are_left_out(self):
        in_force()
        dropped = lead(merged_into=lead())
        did(dropped)
        rescore_all()
        assert not Standing.objects.exists()

    def test_a_standing_loses_the_rule_that_is_no_longer_met(self):
        agreement = in_force()
        ana, nortex = lead(account=account(industry="logistics")), account(is_target=True)
        did(ana, count=4)
        did(nortex, count=3)
        at = timezone.now() - dt.timedelta(minutes=5)
        for who in ({"lead_id": ana.pk, "account_id": None}, {"lead_id": None, "account_id": nortex.pk}):
            rule = "ready" if who["lead_id"] else "target"
            row = Scored(fit=NOTHING, intent=NOTHING, rule=rule, why="Old words.", held_back="Held.", met_at=at, **who)
            keep([row], agreement_pk=agreement.pk, at=at)
        rescore_all()
        for who, rule in ((ana, "ready"), (nortex, "target")):
            assert (standing(who).rule, standing(who).held_back, standing(who).met_at) == (rule, "Held.", at)
            assert standing(who).why not in ("", "Old words.")
        rescore_all(at=timezone.now() + dt.timedelta(days=8))
        for who in (ana, nortex):
            assert (standing(who).rule, standing(who).why, standing(who).held_back) == ("", "", "")
            assert standing(who).met_at is None

    def test_nobody_gains_a_rule_or_an_offer_by_it(self):
        in_force()
        ana = lead(account=account(industry="logistics"))
        did(ana, count=6)
        rescore_all()
        assert standing(ana).intent == 60
        assert standing(ana).rule == ""

    def test_who_was_scored_meanwhile_is_left_alone(self, monkeypatch):
        agreement, ana = in_force(), lead()
        did(ana)
        inner = scoring._judged

        def interrupted(*args, **kwargs):
            row = Scored(lead_id=ana.pk, account_id=None, fit=NOTHING, intent=Score(value=77, parts={"x": 77.0}))
            keep([row], agreement_pk=agreement.pk, at=timezone.now() + dt.timedelta(seconds=1))
            return inner(*args, **kwargs)

        monkeypatch.setattr(scoring, "_judged", interrupted)
        assert rescore_all() == 0
        assert standing(ana).intent == 77

    def test_a_chunk_takes_the_same_statements_whatever_its_size(self, monkeypatch):
        in_force()
        did(lead(account=account()))
        rescore_all()
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as asked:
                rescore_all(at=timezone.now() + dt.timedelta(days=1))
            counts.append(len(asked))
            for _ in range(20):
                did(lead(account=account()))
        assert counts[0] == counts[1]

    def test_many_chunks_make_one_pass(self, monkeypatch):
        monkeypatch.setattr(scoring, "_CHUNK", 2)
        in_force()
        people = [lead(account=account()) for _ in range(5)]
        for one in people:
            did(one)
        assert rescore_all() == 10
        assert {one.intent for one in Standing.objects.all()} == {10}

    def test_the_command_says_what_changed(self, capsys):
        in_force()
        did(lead())
        call_command("rescore")
        assert capsys.readouterr().out == "1 standings changed\n"

    def test_every_fact_is_made_from_known_columns(self):
        assert set(COLUMNS) == set(facts.ICP.fields)


class TestDailyPass:
    def test_it_is_done_once_a_day(self):
        in_force()
        did(lead())
        assert rescore_due() == 1
        done = ScoringPass.objects.get()
        assert done.finished_at is not None
        did(lead())
        assert rescore_due() == 0
        assert ScoringPass.objects.get() == done

    def test_a_new_agreement_is_followed_by_a_pass_of_its_own(self):
        in_force()
        did(ana := lead())
        rescore_due()
        changed = copy.deepcopy(DOCUMENT)
        changed["intent"]["terms"][0]["points"] = 25
        later = in_force(changed, number=2)
        assert rescore_due() == 1
        assert (standing(ana).intent, standing(ana).agreement) == (25, later)

    def test_it_goes_on_where_it_stopped(self, monkeypatch):
        monkeypatch.setattr(scoring, "_CHUNK", 2)
        in_force()
        for _ in range(5):
            did(lead(account=account()))
        steps = [rescore_due(seconds=0) for _ in range(7)]
        assert steps == [2, 2, 1, 2, 2, 1, 0]
        assert ScoringPass.objects.get().finished_at

    def test_what_another_has_claimed_is_left_to_it_until_its_time_is_up(self):
        agreement = in_force()
        did(lead())
        claimed = ScoringPass.objects.create(
            scored_on=today(), agreement=agreement, claimed_until=timezone.now() + dt.timedelta(minutes=1)
        )
        assert rescore_due() == 0
        assert not Standing.objects.exists()
        ScoringPass.objects.filter(pk=claimed.pk).update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
        assert rescore_due() == 1


@pytest.mark.django_db(transaction=True)
def test_two_passes_at_once_give_what_one_gives(monkeypatch):
    monkeypatch.setattr(scoring, "_CHUNK", 3)
    in_force()
    for number in range(12):
        did(lead(account=account()), count=1 + number % 3)
    errors = []

    def work(function):
        try:
            function()
        except Exception as error:  # noqa: BLE001 - whatever it is, it fails the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[one]) for one in (rescore_all, rescore_due, rescore_all)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not errors
    assert Standing.objects.count() == 24
    found = read(
        lead_ids=Lead.objects.values_list("pk", flat=True), account_ids=Account.objects.values_list("pk", flat=True)
    )
    for one in found:
        assert standing(one.lead or one.account).intent == scored(one, AGREEMENT, on=today())[1].value


KINDS, GROUPS = ("page_view", "form", "email_open"), ("", "pricing", "careers")
_days = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(KINDS),
        st.sampled_from(GROUPS),
        st.integers(-2, 120),
        st.integers(1, 30),
        st.sampled_from((30, 60, 100)),
    ),
    max_size=20,
    unique_by=lambda one: one[:4] + one[5:],
)
_terms = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "page_group": st.sampled_from(GROUPS),
            "points": st.integers(-100, 100).filter(bool),
            "half_life_days": st.integers(1, 90),
            "cap": st.integers(1, 100),
        }
    ),
    max_size=5,
)
_asked = {
    "account_employees": ("ge", "200"), "account_is_target": ("eq", "yes"), "lead_title": ("contains", "head"),
    "lead_mail_is_free": ("eq", "yes"), "lead_country": ("in", "de, at"), "region": ("ne", "de"),
    "account_industry": ("is_set", ""), "lead_consent": ("eq", "opt_in"), "account_relation": ("eq", "competitor"),
}  # fmt: skip


class TestSumsOfTheDatabase(TestCase):
    """Scoring everybody gives what scoring each alone gives."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        days=_days,
        terms=_terms,
        fields=st.lists(st.sampled_from(sorted(_asked)), unique=True),
        title=st.sampled_from(("", "Head of IT", "Student")),
        country=st.sampled_from(("", "DE", "FR")),
        employees=st.sampled_from((None, 10, 200)),
    )
    def test_it_equals_the_scores_of_each(self, days, terms, fields, title, country, employees):
        document = {
            "icp": {
                "terms": [
                    {"label": one, "field": one, "operator": _asked[one][0], "value": _asked[one][1], "points": 7 + n}
                    for n, one in enumerate(fields)
                ]
            },
            "intent": {"terms": [{"label": f"Term {n}", **one} for n, one in enumerate(terms)]},
        }
        agreement = text.read(document, kinds=EngagementKind.values)
        in_force(document)
        nortex = account(employee_count=employees, country=country, is_target=True)
        people = [
            lead(account=nortex, title=title),
            Lead.objects.create(name="No company", email="nobody@gmail.com", country=country, consent="opt_in"),
        ]
        subjects_of = [*people, nortex, account(relation="competitor")]
        for who, kind, page_group, ago, count, confidence in days:
            subject = subjects_of[who]
            sure = 100 if isinstance(subject, Lead) else confidence
            if not EngagementDay.objects.filter(
                lead=subject if isinstance(subject, Lead) else None,
                account=subject.account if isinstance(subject, Lead) else subject,
                kind=kind, page_group=page_group, confidence=sure, happened_on=today() - dt.timedelta(days=ago),
            ).exists():  # fmt: skip
                did(subject, page_group, ago=ago, count=count, kind=kind, confidence=sure)
        rescore_all()
        found = subjects(
            lead_ids=[one.pk for one in people],
            account_ids=[one.pk for one in subjects_of[2:]],
            on=today(),
            within_days=horizon(agreement) + 50,
        )
        for one in found:
            who = one.lead or one.account
            row = Standing.objects.filter(**{"lead" if one.lead else "account": who}).first()
            fit, intent = scored(one, agreement, on=today())
            if row is None:
                assert not intent.parts
                continue
            assert (row.fit, row.parts["fit"]) == (fit.value, fit.parts)
            assert row.parts["intent"].keys() == intent.parts.keys()
            for label, points in intent.parts.items():
                assert abs(row.parts["intent"][label] - points) <= 0.1001
            assert abs(row.intent - intent.value) <= 1
