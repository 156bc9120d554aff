"""A quarter too large for a page: worked out by the worker, once, to the same figures."""

import datetime as dt
import json

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback.actions import outlooks
from feedback.logic.outlook import Quarter, quarter
from feedback.logic.outlook_progress import Progress
from feedback.models import OutlookRun, OutlookState
from feedback.pages.outlook import words_of
from feedback.reports import outlook as reading
from feedback.reports import outlook_pieces
from feedback.reports.outlook import Outlook, from_dict, outlook
from feedback.tasks import work_out_outlooks
from leads.actions import agreements as acting
from leads.logic.errors import NotAllowed, NotFound
from leads.models import Agreement, EngagementDay
from leads.reports.agreements import the_draft, versions
from tests.calling import rows
from tests.factories import RepFactory, agreement, as_person, marketer, policy
from tests.feedback.reports.test_outlook import BOTH, client_of, document, read, visited, world
from tests.leads.scoring_rows import account, lead, today

pytestmark = pytest.mark.django_db
DRAFT, PART = reverse("feedback:agreement-draft"), reverse("feedback:agreement-outlook")
COMPUTING = "Computing last quarter"


@pytest.fixture
def rep():
    policy(minutes=60, weekly=None)
    return RepFactory(capacity=500)


@pytest.fixture
def draft(rep, monkeypatch) -> Agreement:
    """An agreement in force and a draft, over a quarter that is too much for a page and takes many pieces."""
    monkeypatch.setattr(reading, "MOST_HANDOFFS", 3)
    monkeypatch.setattr(outlook_pieces, "CHUNK", 5)
    agreement(at=timezone.now() - dt.timedelta(days=200), **document(rules=BOTH))
    world(rep, 12)
    for number in range(14):
        company = account(is_target=True)
        visited(company, number, 5)
        if number % 2:
            visited(lead(account=company), number, 5)
    mia = marketer()
    made = acting.draft(by=mia)
    return acting.edit(made.uid, by=mia, document={**made.document, **document(4, rules=None)})


def the_quarter() -> Quarter:
    return quarter(today(), zone=dt.UTC)


def ask() -> OutlookRun:
    found = the_draft()
    assert found is not None
    return outlooks.ask(found, versions()[0], quarter=the_quarter(), by=marketer())


def direct(run: OutlookRun) -> Outlook:
    made = outlook(read(4), read(rules=BOTH), quarter=the_quarter(), now=run.asked_at)
    assert made.draft.volume.total > 3
    assert made.before is not None
    assert made.before.volume.by_rule["target"] == 7
    assert made.lost.offered
    return made


def told(run: OutlookRun) -> Outlook:
    run.refresh_from_db()
    assert (run.state, run.share, run.claimed_at, run.progress) == (OutlookState.DONE, 100, None, None)
    return from_dict(run.result, quarter=outlooks.quarter_of(run), now=run.asked_at)


def slices(most: int = 50) -> list[int]:
    """Works one piece at a time; the share after each, while it runs."""
    shares = []
    while outlooks.work(seconds=0) and len(shares) < most:
        shares += OutlookRun.objects.filter(state=OutlookState.RUNNING).values_list("share", flat=True)
    return shares


class TestWorking:
    def test_the_result_read_back_is_the_direct_one(self, draft):
        run = ask()
        assert outlooks.work(seconds=20) == 1
        assert told(run) == direct(run)

    def test_a_piece_at_a_time_makes_the_same_and_only_goes_forward(self, draft):
        run = ask()
        shares = slices()
        assert told(run) == direct(run)
        assert len(shares) > 5
        assert shares == sorted(shares)
        assert 0 < shares[0] < shares[-1] < 100

    def test_progress_is_plain_values(self, draft):
        run, seen = ask(), set()
        while outlooks.work(seconds=0):
            run.refresh_from_db()
            if run.progress:
                progress = Progress.from_dict(run.progress)
                assert json.loads(json.dumps(progress.to_dict())) == run.progress
                seen.add(progress.stage)
        assert seen == {"handoffs", "lead", "account"}

    def test_without_one_in_force_there_is_one_side(self, draft):
        found = the_draft()
        assert found is not None
        run = outlooks.ask(found, None, quarter=the_quarter(), by=marketer())
        outlooks.work(seconds=20)
        assert told(run) == outlook(read(4), None, quarter=the_quarter(), now=run.asked_at)
        assert told(run).before is None

    def test_a_dead_worker_is_followed_by_another_after_its_lease(self, draft, monkeypatch):
        run = ask()
        pieces = iter(range(4))

        def dies(*args, **more):
            if next(pieces, None) is None:
                raise KeyboardInterrupt
            return outlook_pieces.go_on(*args, **more)

        monkeypatch.setattr(outlooks, "go_on", dies)
        with pytest.raises(KeyboardInterrupt):
            outlooks.work(seconds=20)
        run.refresh_from_db()
        assert (run.state, run.share > 0, run.claimed_at is None) == (OutlookState.RUNNING, True, False)
        assert outlooks.work(seconds=20) == 0, "it is still the dead one's"
        OutlookRun.objects.update(claimed_at=run.claimed_at - outlooks.LEASE - dt.timedelta(seconds=1))
        count = 0

        def counts(*args, **more):
            nonlocal count
            count += 1
            return outlook_pieces.go_on(*args, **more)

        monkeypatch.setattr(outlooks, "go_on", counts)
        assert outlooks.work(seconds=20) == 1
        assert told(run) == direct(run)
        resumed = count
        OutlookRun.objects.all().delete()
        count, _ = 0, ask()
        outlooks.work(seconds=20)
        assert resumed == count - 4, "what was done before was not done again"

    def test_a_second_worker_keeps_away_and_a_late_one_changes_nothing(self, draft, monkeypatch):
        run, found = ask(), []

        def taken_over(*args, **more):
            if not found:
                found.append(outlooks.work(seconds=20))
                OutlookRun.objects.update(claimed_at=timezone.now() - outlooks.LEASE * 2)
                found.append(outlooks.work(seconds=20))
            return outlook_pieces.go_on(*args, **more)

        monkeypatch.setattr(outlooks, "go_on", taken_over)
        assert outlooks.work(seconds=20) == 1
        assert found == [0, 1]
        finished_at = OutlookRun.objects.get().finished_at
        assert told(run) == direct(run)
        assert outlooks.work(seconds=20) == 0
        assert OutlookRun.objects.get().finished_at == finished_at

    def test_statements_of_a_piece_do_not_grow(self, draft, rep, monkeypatch):
        monkeypatch.undo()
        counts = []
        for size in (5, 40):
            world(rep, size)
            OutlookRun.objects.all().delete()
            ask()
            with CaptureQueriesContext(connection) as queries:
                outlooks.work(seconds=20)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 40

    def test_the_database_away_is_not_a_failure(self, draft, monkeypatch):
        run = ask()
        with monkeypatch.context() as patch:
            patch.setattr(outlooks, "go_on", _raise(OperationalError("gone")))
            assert outlooks.work(seconds=20) == 1
        run.refresh_from_db()
        assert run.state == OutlookState.RUNNING
        OutlookRun.objects.update(claimed_at=timezone.now() - outlooks.LEASE * 2)
        outlooks.work(seconds=20)
        assert told(run) == direct(run)

    def test_the_tick_works(self, draft):
        run = ask()
        work_out_outlooks()
        assert told(run) == direct(run)


class TestAsking:
    def test_the_same_text_is_asked_for_once(self, draft):
        assert ask() == ask()
        assert OutlookRun.objects.count() == 1

    def test_an_edited_draft_asks_anew_and_drops_the_old_one_in_the_middle_of_it(self, draft):
        old = ask()
        outlooks.work(seconds=0)
        acting.edit(draft.uid, by=marketer(), document={**draft.document, **document(5)})
        new = ask()
        assert [*OutlookRun.objects.all()] == [new] != [old]
        outlooks.work(seconds=20)
        assert told(new).draft != direct(new).draft
        assert told(new).before == direct(new).before

    def test_a_note_alone_asks_for_nothing_new(self, draft):
        run = ask()
        acting.edit(draft.uid, by=marketer(), document=draft.document, note="Now with a note")
        assert ask() == run

    def test_weeks_of_another_zone_are_others_and_stay_beside(self, draft):
        found, berlin = the_draft(), timezone.get_fixed_timezone(120)
        assert found is not None
        ask()
        outlooks.ask(found, versions()[0], quarter=quarter(today(), zone=berlin), by=marketer())
        assert OutlookRun.objects.count() == 2

    def test_who_may_not_agree_asks_for_nothing(self, draft, rep):
        found, before = the_draft(), rows()
        assert found is not None
        for action in (outlooks.ask, outlooks.again):
            with pytest.raises(NotAllowed):
                action(found, None, quarter=the_quarter(), by=as_person(rep))
        assert rows() == before

    def test_a_discarded_draft_takes_its_runs_with_it(self, draft):
        found = the_draft()
        assert found is not None
        ask()
        acting.discard(draft.uid, by=marketer())
        assert not OutlookRun.objects.exists()
        with pytest.raises(NotFound):
            outlooks.ask(found, None, quarter=the_quarter(), by=marketer())

    def test_old_figures_are_forgotten_and_what_waits_is_not(self, draft):
        run = ask()
        outlooks.work(seconds=20)
        OutlookRun.objects.update(finished_at=timezone.now() - outlooks.KEPT + dt.timedelta(minutes=5))
        assert outlooks.forget() == 0
        OutlookRun.objects.update(finished_at=timezone.now() - outlooks.KEPT - dt.timedelta(minutes=5))
        outlooks.work(seconds=0)
        assert not OutlookRun.objects.exists()
        assert ask() != run
        OutlookRun.objects.update(asked_at=timezone.now() - 2 * outlooks.KEPT)
        assert outlooks.forget() == 0


class TestPage:
    @pytest.mark.parametrize("name", ["agreement-draft", "agreement-publish"])
    def test_it_says_how_far_it_is_and_then_the_same_as_a_small_one(self, draft, name: str, monkeypatch):
        mia, url = client_of("marketer"), reverse(f"feedback:{name}")
        text = mia.get(url).text
        assert f"{COMPUTING} … 0 %" in text
        assert f'hx-get="{PART}" hx-trigger="every 2s"' in text
        assert '<a href="">Look again</a>' in text
        for _ in range(3):
            outlooks.work(seconds=0)
        share = OutlookRun.objects.get().share
        assert share > 0
        assert f"{COMPUTING} … {share} %" in mia.get(url).text
        outlooks.work(seconds=20)
        done, run = mia.get(url).text, OutlookRun.objects.get()
        words = words_of(direct(run), read(4), ("Agreement 1", read(rules=BOTH)))
        for sentence in (*words.sentences, *words.how, words.caveat):
            assert sentence in done
        for row in (*words.rows, *words.rules, *words.weeks):
            for column, cell in row.cells:
                assert f'data-word="{column}">{cell}</td>' in done
        assert COMPUTING not in done
        assert "every 2s" not in done
        assert "worked out" in done
        monkeypatch.undo()
        OutlookRun.objects.all().delete()
        small = mia.get(url).text
        assert COMPUTING not in small
        assert "worked out" not in small.split('id="outlook"')[1].split("</header>")[0]
        assert not OutlookRun.objects.exists()

    def test_looking_costs_the_same_however_much_there_is(self, draft, rep):
        mia, counts = client_of("marketer"), []
        mia.get(DRAFT)
        for size in (2, 30):
            world(rep, size)
            outlooks.work(seconds=0)
            with CaptureQueriesContext(connection) as queries:
                assert COMPUTING in mia.get(DRAFT).text
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 30

    def test_htmx_gets_the_part_and_others_the_page(self, draft):
        mia = client_of("marketer")
        part = mia.get(PART, headers={"HX-Request": "true"}).text
        assert part.strip().startswith('<section class="stack" id="outlook"')
        assert COMPUTING in part
        outlooks.work(seconds=20)
        assert "Would-be offers by week" in mia.get(PART, headers={"HX-Request": "true"}).text
        assert mia.get(PART).url == f"{DRAFT}#outlook"

    def test_a_failed_one_says_why_and_can_be_tried_again(self, draft, monkeypatch):
        mia = client_of("marketer")
        mia.get(DRAFT)
        with monkeypatch.context() as patch:
            patch.setattr(outlooks, "go_on", _raise(ZeroDivisionError()))
            outlooks.work(seconds=20)
        text = mia.get(DRAFT).text
        assert "LeadLoop could not work out this quarter." in text
        assert COMPUTING not in text
        assert outlooks.work(seconds=20) == 0
        assert mia.post(PART).url == f"{DRAFT}#outlook"
        assert f"{COMPUTING} … 0 %" in mia.get(DRAFT).text
        outlooks.work(seconds=20)
        assert "Would-be offers by week" in mia.get(DRAFT).text
        run = OutlookRun.objects.get()
        mia.post(PART)
        assert OutlookRun.objects.get().finished_at == run.finished_at, "what is done is not done again"

    def test_nothing_in_it_says_so(self, draft, monkeypatch):
        EngagementDay.objects.all().delete()
        with time_machine.travel(timezone.now() + dt.timedelta(days=400), tick=False):
            monkeypatch.setattr(reading, "MOST_HANDOFFS", -1)
            later = client_of("marketer")
            assert COMPUTING in later.get(DRAFT).text
            outlooks.work(seconds=20)
            assert "there is no quarter to look at yet" in later.get(DRAFT).text

    def test_who_may_not_agree_sees_and_asks_nothing(self, draft):
        sam: Client = client_of("rep")
        before = rows()
        assert COMPUTING not in sam.get(DRAFT).text
        for answer in (sam.get(PART), sam.post(PART)):
            assert answer.status_code == 403
        assert rows() == before


def _raise(error: Exception):
    def raising(*args, **more):
        raise error

    return raising
