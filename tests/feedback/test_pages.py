"""The pages as a browser without script meets them, and the fragments that htmx gets."""

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from feedback.actions import decisions
from feedback.logic.states import State
from feedback.models import Handoff, person_of
from feedback.reports import queue as lists
from feedback.reports.queue import Listing
from leads.models import Account, Engagement, JournalEntry
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


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


def due(handoff: Handoff, minutes: int) -> Handoff:
    Handoff.objects.filter(pk=handoff.pk).update(due_at=ago(minutes=-minutes))
    handoff.refresh_from_db()
    return handoff


def reject(client: Client, handoff: Handoff, **more: str):
    form = {"reason": "fit.company_size", "evidence.employee_count": "38", "note": "Far too small."} | more
    return client.post(url("handoff-reject", handoff), form)


class TestDeciding:
    def test_accepting_leads_to_the_next_handoff_with_an_undo(self, rep, site):
        first, second = due(offered(rep), 10), due(offered(rep), 20)
        answer = site.post(url("handoff-accept", first), query_params={"list": "queue"})
        assert answer.status_code == 302
        assert answer.url == url("handoff", second, list="queue")
        first.refresh_from_db()
        assert first.state == State.ACCEPTED
        shown = site.get(answer.url)
        assert f"Accepted {first.lead}" in shown.text
        assert f'action="{url("handoff-undo", first)}' in shown.text
        site.post(url("handoff-undo", first))
        first.refresh_from_db()
        assert first.state == State.PENDING

    def test_after_the_last_of_the_list_comes_its_first(self, rep, site):
        first, last = due(offered(rep), 10), due(offered(rep), 20)
        assert site.post(url("handoff-accept", last)).url == url("handoff", first, list="queue")

    def test_after_the_only_one_the_list_says_that_it_is_clear(self, rep, site):
        answer = site.post(url("handoff-accept", offered(rep)), follow=True)
        assert "Your queue is clear" in answer.text

    def test_a_rejection_writes_what_was_typed(self, rep, site):
        handoff = offered(rep)
        assert reject(site, handoff).status_code == 302
        handoff.refresh_from_db()
        assert (handoff.state, handoff.evidence) == (State.REJECTED, {"employee_count": 38})
        assert handoff.decision_note == "Far too small."

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"evidence.employee_count": "many"}, "This must be a whole number"),
            ({"evidence.employee_count": ""}, "This reason needs an answer"),
            ({"reason": ""}, "Choose a reason"),
            ({"reason": "no.such"}, "There is no reason"),
            ({"reason": "time.freeze"}, "cannot be given"),
            ({"note": "x" * 10_001}, "10001 characters"),
            ({"note": "a\x00b"}, "NUL"),
        ],
    )
    def test_a_refused_rejection_keeps_the_words_and_changes_nothing(self, rep, site, typed, says):
        handoff = offered(rep)
        answer = reject(site, handoff, **typed)
        assert answer.status_code == 400
        assert says in answer.text
        if "note" not in typed:
            assert 'value="Far too small."' in answer.text
        handoff.refresh_from_db()
        assert handoff.state == State.PENDING
        assert not JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.rejected").exists()

    def test_fields_nobody_asks_for_are_not_looked_at(self, rep, site):
        handoff, other = offered(rep), RepFactory()
        site.post(
            url("handoff-accept", handoff),
            {"owner": other.pk, "decided_by": other.user.pk, "decided_at": "2020-01-01", "due_at": "2030-01-01"},
        )
        handoff.refresh_from_db()
        assert (handoff.owner, handoff.decided_by) == (rep, rep.user)
        assert handoff.decided_at is not None
        assert handoff.decided_at > ago(minutes=5)

    def test_the_second_of_two_is_told_who_was_first(self, rep, site):
        handoff = offered(rep)
        decisions.accept(handoff.uid, by=as_person(rep))
        answer = reject(site, handoff)
        assert answer.status_code == 409
        assert f"Already accepted by {rep}" in answer.text
        assert "Far too small." in answer.text
        assert url("handoff", handoff) in answer.text
        handoff.refresh_from_db()
        assert handoff.state == State.ACCEPTED

    def test_htmx_gets_the_handoff_as_it_stands_with_a_409(self, rep, site):
        handoff = offered(rep)
        decisions.accept(handoff.uid, by=as_person(rep))
        answer = site.post(url("handoff-accept", handoff), headers=HTMX)
        assert (answer.status_code, answer["HX-Retarget"]) == (409, "#handoff")
        assert "You accepted this" in answer.text
        assert "<html" not in answer.text

    @pytest.mark.parametrize("method", ["get", "head", "options"])
    @pytest.mark.parametrize("name", ["accept", "take", "undo"])
    def test_only_a_post_decides(self, rep, site, method: str, name: str):
        handoff = offered(rep)
        before = JournalEntry.objects.count()
        assert getattr(site, method)(url(f"handoff-{name}", handoff)).status_code == 405
        assert JournalEntry.objects.count() == before

    def test_a_turned_back_lead_waits_in_the_team(self, rep, site):
        handoff = offered(rep)
        site.post(url("handoff-turn-back", handoff), {"to": "", "note": ""})
        successor = Handoff.objects.get(previous=handoff)
        assert (successor.owner, successor.team) == (None, rep.team)
        assert str(handoff.lead) in site.get(url("queue", show="team")).text

    def test_a_lead_is_turned_back_to_a_colleague_but_to_nobody_outside_the_team(self, rep, site):
        colleague, stranger = RepFactory(team=rep.team), RepFactory()
        handoff = offered(rep)
        assert site.post(url("handoff-turn-back", handoff), {"to": str(stranger.uid)}).status_code == 400
        site.post(url("handoff-turn-back", handoff), {"to": str(colleague.uid)})
        assert Handoff.objects.get(previous=handoff).owner == colleague

    def test_work_is_logged_qualified_and_won(self, rep, site):
        handoff = offered(rep)
        site.post(url("handoff-accept", handoff))
        site.post(url("handoff-log", handoff), {"kind": "call", "is_two_way": "on", "note": "Wants a demo."})
        assert "Wants a demo." in site.get(url("handoff", handoff)).text
        site.post(url("handoff-qualify", handoff), {"note": ""})
        site.post(url("handoff-outcome", handoff), {"kind": "won", "amount": "1200.50", "currency": "EUR"})
        handoff.refresh_from_db()
        assert (handoff.state, handoff.attempt_count) == (State.WON, 1)
        assert handoff.outcomes.get().amount == 1200.50

    def test_an_accepted_lead_goes_back_for_a_reason_of_its_moment(self, rep, site):
        handoff = offered(rep)
        site.post(url("handoff-accept", handoff))
        question = site.get(url("handoff-return", handoff)).text
        assert "reach.unreachable" in question
        assert "own.duplicate" not in question
        site.post(
            url("handoff-return", handoff), {"reason": "reach.unreachable", "evidence.attempts_made": "5", "note": ""}
        )
        handoff.refresh_from_db()
        assert handoff.state == State.RETURNED

    @pytest.mark.parametrize("name", ["log", "outcome", "turn-back", "qualify"])
    def test_a_question_without_script_is_a_whole_page(self, rep, site, name: str):
        handoff = offered(rep)
        if name == "qualify":
            decisions.accept(handoff.uid, by=as_person(rep))
        answer = site.get(url(f"handoff-{name}", handoff))
        assert "<html" in answer.text
        assert "<html" not in site.get(url(f"handoff-{name}", handoff), headers=HTMX).text


class TestReject:
    def test_what_the_team_uses_most_has_the_first_digit(self, rep, site):
        for _ in range(2):
            reject(site, offered(rep), **{"reason": "fit.industry", "evidence.industry": "toys"})
        reject(site, offered(rep))
        text = site.get(url("handoff-reject", offered(rep))).text
        digits = dict(re.findall(r'value="([a-z_.]+)"[^>]* data-key="(\d)"', text))
        assert (digits["fit.industry"], digits["fit.company_size"]) == ("1", "2")
        assert len(digits) == 7

    def test_it_says_what_will_happen_before_it_happens(self, rep, site):
        handoff = offered(rep)
        text = site.get(url("handoff-reject", handoff)).text
        account = handoff.account.name
        assert f"{account} is disqualified; {handoff.lead} is not." in text
        assert "Goes to marketing targeting. Counts in acceptance." in text
        assert "Does not count in acceptance." in text
        reject(site, handoff)
        assert Account.objects.get(name=account).disqualified_at

    def test_only_the_question_of_the_chosen_reason_is_read(self, rep, site):
        handoff = offered(rep)
        reject(site, handoff, **{"evidence.industry": "toys", "evidence.region": "Mars"})
        handoff.refresh_from_db()
        assert handoff.evidence == {"employee_count": 38}


class TestSeeing:
    def test_opening_marks_as_seen_once(self, rep, site):
        handoff = offered(rep)
        for _ in range(2):
            site.get(url("handoff", handoff))
        assert JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.seen").count() == 1

    @pytest.mark.parametrize("header", [{"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}])
    def test_fetching_ahead_marks_nothing(self, rep, site, header):
        handoff = offered(rep)
        assert site.get(url("handoff", handoff), headers=header).status_code == 200
        site.head(url("handoff", handoff))
        site.get(url("queue"))
        handoff.refresh_from_db()
        assert handoff.seen_at is None

    def test_a_manager_who_looks_marks_nothing(self, rep):
        handoff = offered(rep)
        signed_in(manager_of(rep.team)).get(url("handoff", handoff))
        handoff.refresh_from_db()
        assert handoff.seen_at is None

    def test_what_others_write_is_shown_as_they_wrote_it(self, rep, site):
        hostile = "<img src=x onerror=alert(1)></textarea><script>{{ secret }}{% debug %}%(x)s"
        handoff = offered(rep, why=hostile)
        site.post(url("handoff-log", handoff), {"kind": "call", "note": hostile})
        text = site.get(url("handoff", handoff)).text
        assert "<img src=x" not in text
        assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 2
        assert "{{ secret }}{% debug %}%(x)s" in text

    def test_the_page_tells_what_happened_and_why_now(self, rep, site):
        handoff = offered(rep, fit=78, intent=64, score_parts={"fit": {"Industry": 25}, "intent": {"Pricing": 30}})
        for days in (1, 2, 4):
            Engagement.objects.create(
                lead=handoff.lead,
                account=handoff.account,
                kind="page_view",
                subject="Pricing",
                occurred_at=ago(days=days),
            )
        Engagement.objects.create(
            account=handoff.account, kind="page_view", subject="API docs", occurred_at=ago(days=3)
        )
        text = re.sub(r"<[^>]+>", "", site.get(url("handoff", handoff)).text)
        assert "Came back to pricing three times in three days, and an unknown visitor looked at API docs." in text
        assert "+25" in text
        assert "1 unknown visit in 30 days" in text


class TestList:
    def test_due_first_then_what_has_no_promise_across_pages(self, rep, site):
        made = [due(offered(rep), minutes) for minutes in range(70, 0, -1)] + [offered(rep) for _ in range(40)]
        # Two share an instant: the page border must neither lose nor double one.
        Handoff.objects.filter(pk__in=[made[19].pk, made[20].pk, made[21].pk]).update(due_at=made[20].due_at)
        person, after, found = as_person(rep), "", []
        while True:
            asked = lists.asked_for(Listing.QUEUE, chip="", query="", after=after)
            part = lists.page(person, asked, now=dt.datetime.now(dt.UTC))
            found += part.rows
            if not part.has_more:
                break
            after = part.rows[-1].cursor
        assert len({row.uid for row in found}) == len(found) == 110
        dues = [row.due_at for row in found]
        assert dues[:70] == sorted(dues[:70])
        assert dues[70:] == [None] * 40

    def test_the_next_rows_come_alone_to_htmx_and_as_a_page_otherwise(self, rep, site):
        for minutes in range(1, 61):
            due(offered(rep), minutes)
        text = site.get(url("queue")).text
        more = re.search(r'href="(/queue/\?after=[^"]+)"', text)[1].replace("&amp;", "&")
        rows = site.get(more, headers=HTMX).text
        assert (text.count("queue-row"), rows.count("queue-row"), "<html" in rows) == (50, 10, False)
        assert site.get(more).text.count("queue-row") == 10

    def test_chips_narrow_and_count(self, rep, site):
        late, today, seen = due(offered(rep), -10), due(offered(rep), 1), due(offered(rep), 60 * 24 * 9)
        offered(team=rep.team)
        site.get(url("handoff", seen))
        text = site.get(url("queue")).text
        for words in ("All 3", "Late 1", "New 2", "Unassigned 1"):
            assert words in text
        shown = site.get(url("queue", show="late")).text
        assert str(late.uid) in shown
        assert str(today.uid) not in shown

    def test_no_part_of_a_list_shows_what_is_not_visible(self, rep, site):
        decisions.accept(offered(rep).uid, by=as_person(rep))
        offered(rep), offered(team=rep.team), offered(RepFactory(team=rep.team)), offered(team=TeamFactory())
        people = [as_person(rep), as_person(RepFactory()), person_of(manager_of(rep.team)), person_of(UserFactory())]
        for person in people:
            visible = set(Handoff.objects.visible_to(person))
            for listing in Listing:
                for chip in lists.CHIPS[listing]:
                    assert set(lists.members(person, listing, chip, now=ago())) <= visible
        assert set(lists.members(people[0], Listing.QUEUE, "team", now=ago()))
        assert not set(lists.members(people[3], Listing.QUEUE, "all", now=ago()))

    def test_search_takes_wildcards_literally(self, rep, site):
        handoff = offered(rep)
        assert str(handoff.uid) in site.get(url("queue", q=handoff.lead.name)).text
        assert str(handoff.uid) in site.get(url("queue", q=handoff.account.name.lower())).text
        for query in ("%", "_", "<script>", "\\"):
            assert str(handoff.uid) not in site.get(url("queue", q=query)).text

    @pytest.mark.parametrize(
        "query", [{"show": "secret"}, {"q": "x" * 200}, {"q": "\x00"}, {"after": "1;drop"}, {"after": "~"}]
    )
    def test_an_address_that_makes_no_sense_is_a_400(self, site, query):
        assert site.get(url("queue", **query)).status_code == 400

    def test_the_poll_says_nothing_while_nothing_changed(self, rep, site):
        due(offered(rep), 60)
        poll = re.search(r'hx-get="(/queue/\?known=[0-9a-f]+)"', site.get(url("queue")).text)[1]
        quiet = site.get(poll, headers=HTMX)
        assert (quiet.status_code, quiet.content) == (204, b"")
        due(offered(rep), 30)
        answer = site.get(poll, headers=HTMX)
        assert answer.status_code == 200
        assert answer.text.count("queue-row") == 2
        assert site.get(poll, headers=HTMX | {"If-None-Match": answer["ETag"]}).status_code == 304

    def test_counts_of_long_lists_stop(self, rep, site):
        for _ in range(101):
            offered(rep)
        assert "All 99+" in site.get(url("queue")).text


class TestBoard:
    def test_a_manager_gives_several_to_one_rep(self, rep):
        lena, boss = RepFactory(team=rep.team), manager_of(rep.team)
        mine, foreign = [offered(rep), offered(team=rep.team)], offered(RepFactory())
        done = decisions.accept(offered(rep).uid, by=as_person(rep))
        decisions.qualify(done.uid, by=as_person(rep))
        client = signed_in(boss)
        answer = client.post(
            url("board-reassign"), {"uid": [str(h.uid) for h in [*mine, foreign, done]], "to": str(lena.uid)}
        )
        said = [str(message) for message in get_messages(answer.wsgi_request)]
        assert said[0] == f"2 given to {lena}."
        assert "1 not given: There is no such handoff." in said
        assert len(said) == 3
        assert {Handoff.objects.get(pk=handoff.pk).owner for handoff in mine} == {lena}
        foreign.refresh_from_db()
        assert foreign.owner != lena

    @pytest.mark.parametrize("form", [{}, {"uid": "x", "to": "y"}, {"to": str(uuid4())}])
    def test_nonsense_is_refused(self, rep, form):
        assert signed_in(manager_of(rep.team)).post(url("board-reassign"), form).status_code == 400

    def test_it_shows_load_and_what_nobody_has_first(self, rep):
        due(offered(rep), -5)
        unassigned = offered(team=rep.team)
        text = signed_in(manager_of(rep.team)).get(url("board")).text
        assert "1 lead has nobody." in text
        assert "1 open of 50" in text
        rows = re.findall(r"/handoffs/([0-9a-f-]{36})/", text)
        assert rows[0] == str(unassigned.uid)

    def test_a_rep_sees_the_team_without_the_tools_and_no_colleagues_leads(self, rep, site):
        colleague = RepFactory(team=rep.team)
        theirs = offered(colleague)
        text = site.get(url("board")).text
        assert str(colleague) in text
        assert str(theirs.uid) not in text
        assert "Reassign" not in text

    def test_another_teams_board_is_not_found(self, rep, site):
        other = TeamFactory()
        assert site.get(url("board", team=str(other.uid))).status_code == 404

    def test_who_belongs_nowhere_is_told_so(self):
        text = signed_in(UserFactory(roles=("rep",))).get(url("board")).text
        assert "No team is yours" in text


class TestLead:
    def test_a_rep_sees_a_lead_by_its_handoff_and_a_stranger_does_not(self, rep, site):
        handoff = offered(rep)
        address = reverse("feedback:lead", args=[handoff.lead.uid])
        assert site.get(address).status_code == 200
        assert signed_in(RepFactory().user).get(address).status_code == 404
        assert signed_in(UserFactory(roles=("marketer",))).get(address).status_code == 200


@pytest.mark.parametrize("zone", ["Mars/X", "../../etc/passwd", "x" * 8000, ""])
def test_a_zone_nobody_knows_is_ignored(rep, site, zone: str):
    site.cookies["leadloop_tz"] = zone
    assert site.get(url("queue")).status_code == 200


def test_times_are_shown_in_the_readers_zone(rep, site):
    handoff = offered(rep, at=dt.datetime(2026, 1, 15, 22, 30, tzinfo=dt.UTC))
    site.cookies["leadloop_tz"] = "Asia/Kathmandu"
    assert "Fri 16 January 2026, 04:15" in site.get(url("handoff", handoff)).text


def test_pages_are_not_kept_by_shared_caches(rep, site):
    answer = site.get(url("queue"))
    assert answer["Cache-Control"] == "no-store, private"
    assert "HX-Request" in answer["Vary"]


def test_a_decision_without_the_token_is_refused(rep):
    client = Client(enforce_csrf_checks=True)
    client.force_login(rep.user)
    handoff = offered(rep)
    for headers in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
        assert client.post(url("handoff-accept", handoff), headers=headers).status_code == 403
    handoff.refresh_from_db()
    assert handoff.state == State.PENDING


def test_who_is_switched_off_is_out_at_once(rep, site):
    handoff = offered(rep)
    assert site.get(url("queue")).status_code == 200
    rep.user.is_active = False
    rep.user.save()
    assert site.get(url("queue")).status_code == 302
    assert site.post(url("handoff-accept", handoff)).status_code == 302
    handoff.refresh_from_db()
    assert handoff.state == State.PENDING


def test_a_reassigned_handoff_is_gone_at_once(rep, site):
    handoff = offered(rep)
    Handoff.objects.filter(pk=handoff.pk).update(owner=RepFactory(team=rep.team))
    assert site.post(url("handoff-accept", handoff)).status_code == 404
