"""Putting on hold, marketing's answers, and what pages say of a handoff that waits."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.actions import decisions, holds
from feedback.logic.holds import HoldEnd
from feedback.logic.states import State
from feedback.models import Handoff, Hold
from feedback.pages import lists
from feedback.panels import Promise
from leads.models import JournalEntry, Notice
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WORDS = "Which webinar was it, and did she stay?"


@pytest.fixture
def rep():
    return RepFactory(team=TeamFactory(name="EMEA"))


@pytest.fixture
def site(rep) -> Client:
    return signed_in(rep.user)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, handoff: Handoff | None = None, **query: str) -> str:
    return reverse(f"feedback:{name}", args=[handoff.uid] if handoff else None, query=query or None)


def asked(rep, **more) -> Handoff:
    handoff = offered(rep)
    return holds.hold(handoff.uid, by=as_person(rep), reason="missing_context", question=WORDS, **more)


def typed(**more: str) -> dict[str, str]:
    return {"reason": "missing_context", "question.missing_context": WORDS, "until.missing_context": ""} | more


class TestPuttingOnHold:
    def test_the_question_says_what_will_happen_before_it_happens(self, rep, site):
        policy(minutes=60)
        page = site.get(url("handoff-hold", offered(rep))).text
        assert "The clock stops. Marketing is asked; it goes on by itself" in page
        assert "Ask marketing for context" in page
        assert "The prospect owes a reply" not in page, "nobody was tried yet"
        assert "At the longest until" in page

    def test_no_clock_is_said_to_stop_where_none_runs(self, rep, site):
        assert "The clock stops" not in site.get(url("handoff-hold", offered(rep))).text

    def test_what_is_worked_may_wait_for_a_reply(self, rep, site):
        handoff = offered(rep)
        decisions.accept(handoff.uid, by=as_person(rep))
        assert "The prospect owes a reply" in site.get(url("handoff-hold", handoff)).text

    def test_the_hold_takes_the_typed_question_and_the_next_handoff_follows(self, rep, site):
        first, second = offered(rep), offered(rep)
        answer = site.post(url("handoff-hold", first, list="queue"), typed())
        assert (answer.status_code, answer.url) == (302, url("handoff", second, list="queue"))
        assert (made := Hold.objects.get()).question == WORDS
        assert made.limit_at - made.began_at == dt.timedelta(days=1), "the usual, when nothing was said"
        assert f"{first.lead} is on hold until" in site.get(answer.url).text

    def test_until_is_read_in_the_zone_of_the_reader(self, rep, site):
        site.cookies["leadloop_tz"] = "Asia/Tokyo"
        until = (timezone.now() + dt.timedelta(days=2)).replace(second=0, microsecond=0)
        local = until.astimezone(dt.timezone(dt.timedelta(hours=9)))
        site.post(url("handoff-hold", offered(rep)), typed(**{"until.missing_context": f"{local:%Y-%m-%dT%H:%M}"}))
        assert Hold.objects.get().limit_at == until

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ({"reason": ""}, "reason must be one of"),
            ({"reason": "no_such"}, "reason must be one of"),
            ({"question.missing_context": "  "}, "Say what you ask marketing for"),
            ({"question.missing_context": "a\x00b"}, "NUL"),
            ({"until.missing_context": "soon"}, "Give a day and a time"),
            ({"until.missing_context": "2026-13-40T99:99"}, "Give a day and a time"),
            ({"until.missing_context": "0001-01-01T00:00"}, "Give a day and a time"),
            ({"until.missing_context": "9999-12-31T23:59"}, "Give a day and a time"),
            ({"until.missing_context": "2020-01-01T00:00"}, "must lie in the future"),
            ({"until.missing_context": "2190-01-01T00:00"}, "5 days at most"),
        ],
    )
    def test_a_refused_hold_keeps_the_words_and_changes_nothing(self, rep, site, more, says):
        handoff = offered(rep)
        before = JournalEntry.objects.count()
        answer = site.post(url("handoff-hold", handoff), typed(**more))
        assert answer.status_code == 400
        assert says in answer.text
        if "reason" not in more and "question.missing_context" not in more:
            assert WORDS in answer.text
        assert not Hold.objects.exists()
        assert JournalEntry.objects.count() == before

    def test_htmx_gets_a_refused_question_back_into_the_dialog(self, rep, site):
        handoff = offered(rep)
        answer = site.post(url("handoff-hold", handoff), typed(**{"question.missing_context": ""}), headers=HTMX)
        assert (answer.status_code, answer["HX-Retarget"]) == (400, "#dialog")
        assert "<html" not in answer.text

    def test_who_comes_second_is_told_that_it_waits_already(self, rep, site):
        handoff = asked(rep)
        for answer in (site.get(url("handoff-hold", handoff)), site.post(url("handoff-hold", handoff), typed())):
            assert answer.status_code == 409
        assert Hold.objects.count() == 1

    def test_a_waiting_handoff_says_so_in_the_list_and_beside_it(self, rep, site):
        policy(minutes=60)
        handoff = asked(rep)
        page = site.get(url("handoff", handoff, list="queue")).text
        assert page.count("on hold until tomorrow") == 1
        assert "On hold since today" in page
        assert "marketing is asked for context, until tomorrow" in page
        assert "A decision ends the hold." in page
        assert "Take off hold" in page
        assert "left when it goes on" in page
        assert "Decide: on hold" in page
        assert WORDS in page
        assert "You put it on hold: marketing is asked for context" in page

    def test_the_list_can_be_narrowed_to_what_waits(self, rep, site):
        handoff, other = asked(rep), offered(rep)
        page = site.get(url("queue", show="held")).text
        assert str(handoff.lead) in page
        assert str(other.lead) not in page
        assert "Nothing is on hold" in signed_in(RepFactory().user).get(url("queue", show="held")).text

    def test_taken_off_hold_it_goes_on(self, rep, site):
        handoff = asked(rep)
        answer = site.post(url("handoff-resume", handoff), follow=True)
        assert f"{handoff.lead} is off hold" in answer.text
        assert Hold.objects.get().ended_because == HoldEnd.RELEASED
        assert site.post(url("handoff-resume", handoff)).status_code == 409

    def test_deciding_ends_the_hold_and_says_so_before_and_after(self, rep, site):
        first, second, third = asked(rep), asked(rep), asked(rep)
        assert "It is on hold; this ends the hold." in site.get(url("handoff-reject", first)).text
        assert "It is on hold; this ends the hold." in site.get(url("handoff-turn-back", first)).text
        assert "its hold has ended" in site.post(url("handoff-accept", first), follow=True).text
        form = {"reason": "fit.company_size", "evidence.employee_count": "38", "note": ""}
        assert "its hold has ended" in site.post(url("handoff-reject", second), form, follow=True).text
        assert "its hold has ended" in site.post(url("handoff-turn-back", third), {"to": ""}, follow=True).text
        assert set(Hold.objects.values_list("ended_because", flat=True)) == {HoldEnd.DECIDED}
        first.refresh_from_db()
        assert first.state == State.ACCEPTED

    def test_nothing_is_said_of_a_hold_where_there_is_none(self, rep, site):
        handoff = offered(rep)
        assert "ends the hold" not in site.get(url("handoff-reject", handoff)).text
        assert "hold has ended" not in site.post(url("handoff-accept", handoff), follow=True).text

    def test_without_a_promise_the_row_still_says_that_it_waits(self, rep, site):
        asked(rep)
        assert "on hold until tomorrow" in site.get(url("queue")).text


class TestQuestions:
    @pytest.fixture
    def mia(self):
        return UserFactory(first_name="Mia", roles=("marketer",))

    def test_marketing_reads_what_is_asked_the_first_to_run_out_on_top(self, rep, mia):
        later, sooner = asked(rep), asked(rep, until=timezone.now() + dt.timedelta(hours=3))
        page = signed_in(mia).get(url("questions")).text
        assert page.index(str(sooner.lead)) < page.index(str(later.lead))
        assert WORDS in page
        assert f"{rep}, EMEA, asked today" in page
        assert "campaign “Routing 101”" in page

    def test_an_answer_ends_the_hold_and_reaches_the_rep(self, rep, mia):
        handoff = asked(rep)
        client = signed_in(mia)
        answer = client.post(url("handoff-answer", handoff, **{"from": "questions"}), {"text": "She stayed."})
        assert (answer.status_code, answer.url) == (302, url("questions"))
        page = client.get(answer.url).text
        assert "Nobody waits for marketing" in page
        assert "She stayed." in page
        assert Hold.objects.get().ended_because == HoldEnd.ANSWERED
        told = signed_in(rep.user)
        assert "Marketing answered your question" in told.get(reverse("leads:notices")).text
        page = told.get(url("handoff", handoff)).text
        assert "She stayed." in page
        assert "Mia answered today" in page

    def test_an_empty_answer_is_asked_again_and_changes_nothing(self, rep, mia):
        handoff = asked(rep)
        answer = signed_in(mia).post(url("handoff-answer", handoff), {"text": " "})
        assert answer.status_code == 400
        assert "Write an answer" in answer.text
        assert Hold.objects.get().ended_at is None

    def test_a_question_that_is_settled_is_a_conflict(self, rep, mia):
        handoff = asked(rep)
        holds.release_hold(handoff.uid, by=as_person(rep))
        client = signed_in(mia)
        assert client.get(url("handoff-answer", handoff)).status_code == 409
        assert client.post(url("handoff-answer", handoff), {"text": "Too late."}).status_code == 409
        assert Hold.objects.get().answer == ""

    def test_marketing_is_told_that_it_is_asked(self, rep, mia):
        asked(rep)
        assert Notice.objects.filter(user=mia, kind="hold.asked").exists()
        page = signed_in(mia).get(reverse("leads:notices")).text
        assert "Sales asks marketing something" in page
        assert 'id="count-questions">1<' in page

    def test_a_manager_sees_the_questions_of_their_teams_alone(self, rep):
        handoff, other = asked(rep), asked(RepFactory(team=TeamFactory()))
        page = signed_in(manager_of(rep.team)).get(url("questions")).text
        assert str(handoff.lead) in page
        assert str(other.lead) not in page

    def test_reps_have_no_such_page(self, site):
        assert site.get(url("questions")).status_code == 403

    def test_what_only_waits_for_the_prospect_is_no_question(self, rep, mia):
        handoff = offered(rep)
        holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away")
        assert "Nobody waits for marketing" in signed_in(mia).get(url("questions")).text

    def test_the_list_goes_on_where_its_page_ended(self, rep, mia):
        client = signed_in(mia)
        same = timezone.now() + dt.timedelta(days=1)
        for number in range(53):
            asked(rep, until=same + dt.timedelta(minutes=number // 4))
        first = client.get(url("questions"))
        page = first.context["page"]
        rest = client.get(page.more_url).context["page"]
        names = [card.name for card in (*page.cards, *rest.cards)]
        assert (len(page.cards), len(rest.cards), len(set(names))) == (50, 3, 53)
        assert rest.more_url == ""

    @pytest.mark.parametrize(
        "cursor", ["x", "~", "2026-01-01~1", "2026-01-01T00:00+00:00~x", "2026-01-01T00:00+00:00~-1"]
    )
    def test_a_cursor_that_makes_no_sense_is_refused(self, mia, cursor: str):
        assert signed_in(mia).get(url("questions", after=cursor)).status_code == 400

    @pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
    def test_a_cursor_at_the_end_of_time_is_no_mishap(self, rep, mia, instant: str):
        asked(rep)
        assert signed_in(mia).get(url("questions", after=f"{instant}~1")).status_code in (200, 400)


def test_a_promise_that_runs_on_through_the_hold_is_what_the_row_says(rep):
    handoff = asked(rep)
    now = timezone.now()
    promise = Promise(
        target="Decide", due_at=now + dt.timedelta(minutes=18), left=dt.timedelta(minutes=18), share=0.5, state="soon",
        words="", then="",
    )  # fmt: skip
    hold = Hold.objects.get(handoff=handoff)
    assert lists.due_of(None, promise, hold=hold, now=now).words == "18 min left"
    assert lists.due_of(None, None, hold=hold, now=now).state == "held"


def test_a_late_answer_is_still_taken(rep):
    handoff = asked(rep)
    Hold.objects.update(began_at=ago(days=2), limit_at=ago(days=1))
    holds.end_due()
    client = signed_in(UserFactory(roles=("marketer",)))
    page = client.get(url("handoff", handoff)).text
    assert "Nobody answered; its limit passed" in page
    assert client.get(url("handoff-answer", handoff)).status_code == 200
    client.post(url("handoff-answer", handoff), {"text": "Better late."})
    assert Hold.objects.get().answer == "Better late."
    assert "Answered after the hold had ended." in client.get(url("handoff", handoff)).text
