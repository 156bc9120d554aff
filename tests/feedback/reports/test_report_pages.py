"""The report as a page and as files: who sees what, what is refused, and what a spreadsheet makes of it."""

import csv
import datetime as dt
import io
import threading
from urllib.parse import quote

import pytest
from django.core import signing
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.logic.periods import Window
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, RejectionReason, Team, person_of
from feedback.reports import exports
from feedback.reports.cohorts import Cohort
from feedback.reports.snapshot import snapshot
from leads.models import Campaign
from tests.factories import RepFactory, TeamFactory, UserFactory, manager_of
from tests.feedback.reports.random_handoffs import counts_by_hand, make_handoffs

pytestmark = pytest.mark.django_db
PAGE, CSV = "/reports/rejections/", "/reports/rejections.csv"
LIST, LIST_CSV = "/reports/rejections/handoffs/", "/reports/rejections/handoffs.csv"
EVERY = (PAGE, CSV, LIST, LIST_CSV)
NUL, SCRIPT = "%00", quote('"><svg onload=alert(1)>')


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def marketing() -> Client:
    return signed_in(UserFactory(roles=("marketer",)))


@pytest.fixture
def two_teams():
    """EMEA with Alice and Bob, APAC with Charlie, and handoffs of each of them and of nobody."""
    emea, apac = TeamFactory(name="EMEA"), TeamFactory(name="APAC")
    alice, bob, charlie = RepFactory(team=emea), RepFactory(team=emea), RepFactory(team=apac)
    handoffs = make_handoffs(21, count=240, teams=[emea])
    for number, one in enumerate(handoffs):
        one.owner = [alice, bob, charlie, None][number % 4]
        one.team = one.owner.team if one.owner else emea
        Handoff.objects.filter(pk=one.pk).update(owner=one.owner, team=one.team)
    return {"alice": alice, "bob": bob, "charlie": charlie, "emea": emea, "apac": apac, "handoffs": handoffs}


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def rows_of(response) -> list[dict[str, str]]:
    text = body_of(response).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def offered_in(client: Client, **params) -> int:
    response = client.get(CSV, {"by": "channel", "period": "all", **params})
    assert response.status_code == 200
    return sum(int(row["offered"]) for row in rows_of(response))


def test_urls_are_the_named_ones():
    names = ("report-rejections", "report-rejections-csv", "report-handoffs", "report-handoffs-csv")
    assert tuple(reverse(f"feedback:{name}") for name in names) == EVERY


@pytest.mark.parametrize("url", EVERY)
def test_strangers_are_asked_to_sign_in(client, url):
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", EVERY)
def test_nothing_can_be_posted(marketing, url):
    assert marketing.post(url).status_code == 405


class TestRights:
    def test_marketing_and_operations_read_everything(self, two_teams):
        for role in ("marketer", "operations"):
            client = signed_in(UserFactory(roles=(role,)))
            assert offered_in(client) == 240
            assert offered_in(client, team=str(two_teams["apac"].uid)) == 60

    def test_a_manager_reads_the_own_teams(self, two_teams):
        client = signed_in(manager_of(two_teams["emea"]))
        assert offered_in(client) == offered_in(client, team=str(two_teams["emea"].uid)) == 180

    def test_a_rep_reads_the_own_handoffs_and_the_teams_unassigned_queue(self, two_teams):
        mine = [one for one in two_teams["handoffs"] if one.owner == two_teams["alice"]]
        waiting = [one for one in two_teams["handoffs"] if one.owner is None and one.state == "pending"]
        assert offered_in(signed_in(two_teams["alice"].user)) == len(mine) + len(waiting)

    def test_a_foreign_team_is_no_team(self, two_teams):
        clients = [signed_in(manager_of(two_teams["emea"])), signed_in(two_teams["alice"].user)]
        for client in clients:
            foreign = client.get(PAGE, {"team": str(two_teams["apac"].uid)})
            unknown = client.get(PAGE, {"team": str(RejectionReason.objects.first().uid)})
            assert foreign.status_code == unknown.status_code == 400
            assert foreign.context["message"] == unknown.context["message"]

    def test_a_campaign_one_sees_nothing_of_is_no_campaign(self, two_teams):
        unseen = Campaign.objects.create(name="Of APAC alone")
        Handoff.objects.filter(owner=two_teams["charlie"]).update(campaign=unseen)
        asked = {"campaign": str(unseen.uid), "period": "all"}
        assert signed_in(two_teams["alice"].user).get(PAGE, asked).status_code == 400
        assert offered_in(signed_in(two_teams["charlie"].user), **asked) == 60

    def test_the_lists_obey_the_same_scope(self, two_teams):
        asked = {"period": "all", "figure": "offered"}
        mine = {str(one.uid) for one in two_teams["handoffs"] if one.owner == two_teams["charlie"]}
        assert {row["handoff"] for row in rows_of(signed_in(two_teams["charlie"].user).get(LIST_CSV, asked))} == mine
        page = signed_in(two_teams["charlie"].user).get(LIST, asked).content.decode()
        assert sum(str(uid) in page for uid in Handoff.objects.values_list("uid", flat=True)) == 50

    @pytest.mark.parametrize("url", EVERY)
    def test_whoever_has_no_role_is_refused(self, two_teams, url):
        assert signed_in(UserFactory()).get(url).status_code == 403
        assert signed_in(UserFactory()).get(f"{url}?by=owner").status_code == 403

    def test_no_page_and_no_file_names_a_rep(self, two_teams, marketing):
        reps = [two_teams[name].user for name in ("alice", "bob", "charlie")]
        for rep in reps:
            rep.first_name, rep.last_name = f"Zacharias{rep.pk}", "Unmistakable"
            rep.save()
        for url in EVERY:
            response = marketing.get(url, {"period": "all"})
            assert b"Unmistakable" not in body_of(response)


@pytest.mark.parametrize("url", EVERY)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=13w", "period"),
        ("period=2026-13", "period"),
        ("from=2026-12-31&to=2026-01-01", "from"),
        ("from=2026-03-29T02:30", "from"),
        ("from=0001-01-01", "from"),
        ("to=99999-01-01", "to"),
        ("to=1e400", "to"),
        ("team=abc", "team"),
        ("team=%D9%A1", "team"),
        (f"team={NUL}", "team"),
        ("campaign=1%20OR%201=1", "campaign"),
        ("campaign=00000000-0000-0000-0000-000000000000", "campaign"),
        (f"channel={NUL}", "channel"),
        ("channel=" + "x" * 51, "channel"),
        ("channel=" + "x" * 65_000, "channel"),
        ("by=owner", "by"),
        ("by=campaign__name", "by"),
        ("by=reason&by=channel", "by"),
        ("order=?", "order"),
        ("order=id;drop", "order"),
        ("page=-1", "page"),
        ("n=-1", "n"),
        ("format=../../x", "format"),
        ("_connector=OR&is_superuser=1", "_connector"),
        ("score=1e400", "score"),
        (f"{SCRIPT}=1", "svg"),
        (f"{NUL}=1", ""),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(marketing, url, query, field):
    response = marketing.get(f"{url}?{query}")
    assert response.status_code == 400
    page = response.content.decode()
    assert field in page
    assert "<svg onload" not in page


@pytest.mark.parametrize("url", [LIST, LIST_CSV])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("figure=owner", "figure"),
        ("reason=no.such", "reason"),
        (f"reason={NUL}", "reason"),
        ("after=garbage", "after"),
        (f"until={SCRIPT}", "until"),
        ("after=x&until=y", "until"),
    ],
)
def test_what_cannot_be_listed_is_refused_by_name(marketing, url, query, field):
    response = marketing.get(f"{url}?{query}")
    assert response.status_code == 400
    assert field in response.content.decode()


@pytest.mark.parametrize("url", EVERY)
def test_two_thousand_parameters_are_refused(marketing, url):
    assert marketing.get(url + "?" + "&".join(f"p{number}=1" for number in range(2000))).status_code == 400


@pytest.mark.parametrize("url", EVERY)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "period=all&by=month&team=&channel=&campaign=",
        "channel=%25%25%25_%5C",
        f"channel={SCRIPT}",
        "channel=%F0%9F%98%80%E2%80%AE",
        "channel=(none)&campaign=(none)",
        "from=2026-03-29&to=2026-03-30&by=month",
        "from=2011-12-30&to=2011-12-31",
    ],
)
def test_what_is_odd_but_sound_is_answered(marketing, url, query):
    make_handoffs(3, count=30, teams=[TeamFactory()])
    for zone in ("Europe/Berlin", "Pacific/Apia", "no/zone", "../../etc/passwd"):
        marketing.cookies["leadloop_tz"] = zone
        response = marketing.get(f"{url}?{query}", headers={"accept": "*/*;q=…", "accept-language": "x" * 10_000})
        assert response.status_code == 200
        assert response.streaming or b"<svg onload" not in response.content
        assert body_of(response) or url == CSV


class TestPlaces:
    @pytest.fixture
    def listed(self, marketing):
        make_handoffs(9, count=120, teams=[TeamFactory()])
        return marketing.get(LIST, {"period": "all"}).context["report"]

    def test_lead_through_the_whole_list(self, marketing, listed):
        seen, url = [row.uid for row in listed.rows], listed.next_url
        while url:
            part = marketing.get(url).context["report"]
            seen += [row.uid for row in part.rows]
            url = part.next_url
        assert len(seen) == len(set(seen)) == 120
        assert marketing.get(part.previous_url).context["report"].previous_url

    def test_of_somebody_else_or_tampered_are_refused(self, marketing, listed):
        other = signed_in(UserFactory(roles=("marketer",)))
        assert other.get(listed.next_url).status_code == 400
        assert marketing.get(listed.next_url[:-1] + "_").status_code == 400
        forged = signing.dumps([dt.datetime.now(dt.UTC).isoformat(), "x"], salt="report-place")
        assert marketing.get(LIST, {"after": forged}).status_code == 400

    def test_hold_no_row_number(self, marketing, listed):
        word = listed.next_url.split("after=")[1]
        user_id = int(marketing.session["_auth_user_id"])
        place = signing.loads(word.replace("%3A", ":"), salt=f"report-place-{user_id}")
        assert place == [listed.rows[-1].offered_at.isoformat(), str(listed.rows[-1].uid)]


class TestFiles:
    @pytest.mark.parametrize("url", [CSV, LIST_CSV])
    def test_are_downloads_that_nobody_keeps_or_guesses_at(self, marketing, url):
        make_handoffs(3, count=30, teams=[TeamFactory()])
        response = marketing.get(url)
        rows_of(response)
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"].startswith("attachment; filename=")
        assert response["Cache-Control"] == "no-store"
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_say_the_same_as_the_page(self, marketing):
        make_handoffs(3, count=200, teams=[TeamFactory()])
        page = marketing.get(PAGE, {"by": "campaign", "period": "all"}).context["report"]
        on_page = {row["label"]: row["figures"] for row in page["groups"]}
        in_file = rows_of(marketing.get(CSV, {"by": "campaign", "period": "all"}))
        assert {row["campaign"] for row in in_file} == set(on_page)
        for row in in_file:
            figures = on_page[row["campaign"]]
            assert int(row["offered"]) == figures.offered
            assert float(row["acceptance"]) == pytest.approx(figures.acceptance.share, abs=1e-6)
            assert float(row["acceptance_low"]) == pytest.approx(figures.acceptance.low, abs=1e-6)

    @pytest.mark.parametrize(
        "name", ["=cmd|'/c calc'!A1", " =1+1", "\ufeff=1", "＝1", "+1", "-1", "@x", "a\n=1", '"=1']
    )
    def test_hold_no_formula(self, marketing, name):
        make_handoffs(3, count=8, teams=[TeamFactory(name=name)])
        Campaign.objects.update(name=name)
        Handoff.objects.update(channel=name, campaign=Campaign.objects.first(), offered_at=dt.datetime.now(dt.UTC))
        answers = [marketing.get(LIST_CSV), *(marketing.get(CSV, {"by": by}) for by in ("channel", "campaign"))]
        for response in answers:
            rows = rows_of(response)
            assert rows
            for row in rows:
                cells = [cell for key, cell in row.items() if key in ("team", "channel", "campaign", "channel_key")]
                assert cells
                for line in (line for cell in cells for line in cell.split("\n")):
                    assert line == "a" or line.startswith("'")

    def test_give_numbers_as_numbers_and_the_rest_quoted(self, marketing):
        make_handoffs(3, count=40, teams=[TeamFactory()])
        text = b"".join(marketing.get(CSV, {"by": "month", "period": "all"}).streaming_content).decode()
        assert text.endswith("\r\n")
        assert '"2026-' in text
        for row in csv.DictReader(io.StringIO(text)):
            assert int(row["offered"]) >= 0
            assert f'"{row["month"]}",{row["offered"]},' in text

    def test_round_trip(self, marketing):
        make_handoffs(3, count=3, teams=[TeamFactory()])
        name = 'Köln, "Altstadt"\r\nx' + "y" * 40
        Campaign.objects.update(name=name)
        names = {row["campaign"] for row in rows_of(marketing.get(LIST_CSV, {"period": "all"}))}
        assert names <= {name.replace("\r\n", "\n"), ""}

    def test_list_what_the_page_counts(self, marketing):
        handoffs = make_handoffs(3, count=150, teams=[TeamFactory()])
        expected = counts_by_hand(handoffs)
        for figure in ("rejected", "accepted", "void", "won"):
            assert len(rows_of(marketing.get(LIST_CSV, {"period": "all", "figure": figure}))) == expected[figure]

    def test_too_long_a_list_is_refused(self, marketing, monkeypatch):
        make_handoffs(3, count=30, teams=[TeamFactory()])
        monkeypatch.setattr("feedback.views_reports.MOST_ROWS", 30)
        assert len(rows_of(marketing.get(LIST_CSV, {"period": "all"}))) == 30
        monkeypatch.setattr("feedback.views_reports.MOST_ROWS", 29)
        assert marketing.get(LIST_CSV, {"period": "all"}).status_code == 400


def test_the_page_asks_the_same_number_of_questions_whatever_there_is_to_show(marketing):
    team = TeamFactory()
    counted = {}
    for size in (0, 50, 400):
        if size:
            make_handoffs(size, count=size, teams=[team])
        for by in ("reason", "channel", "campaign", "month"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert marketing.get(PAGE, {"by": by, "period": "26w"}).status_code == 200
            counted.setdefault(by, []).append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            marketing.get(LIST, {"period": "26w"})
        counted.setdefault("list", []).append(len(queries))
    for counts in counted.values():
        assert counts[1] == counts[2]
    # Session, user, person, frame; teams; answers, three later facts, waiting, reasons, campaigns, reasons before,
    # agreements.
    assert counted["reason"][2] <= 14
    assert counted["month"][2] <= 19
    assert counted["list"][2] <= 6


def test_every_link_of_the_page_leads_somewhere(marketing):
    make_handoffs(3, count=300, teams=[TeamFactory(), TeamFactory()])
    for by in ("reason", "channel", "month"):
        report = marketing.get(PAGE, {"by": by, "period": "26w"}).context["report"]
        urls = {row["url"] for row in (*report["reasons"], *report["groups"])}
        urls |= {bar.url for bar in report["chart"].bars} | {report["csv_url"]}
        urls |= {cell.url for row in report["heat"].rows for cell in row.cells}
        assert len(urls) > 20
        for url in urls:
            response = marketing.get(url)
            assert response.status_code == 200
            assert body_of(response)
        for row in report["groups"]:
            found = rows_of(marketing.get(row["url"].replace("handoffs/", "handoffs.csv")))
            assert len(found) == row["figures"].offered


def test_the_page_says_how_far_it_can_be_trusted(marketing):
    page = marketing.get(PAGE).content.decode()
    assert "Nothing that you may see was offered" in page
    make_handoffs(3, count=40, teams=[TeamFactory()])
    page = marketing.get(PAGE, {"period": "all"}).content.decode()
    assert "Not enough to tell" in page
    assert "followed until today" in page


@pytest.mark.django_db(transaction=True)
class TestOneSnapshot:
    def elsewhere(self, do):
        """Run `do` on a connection of its own, and wait for it."""

        def run():
            try:
                do()
            finally:
                connection.close()

        other = threading.Thread(target=run)
        other.start()
        other.join(10)

    def test_what_others_write_meanwhile_is_not_seen(self):
        make_handoffs(3, count=10, teams=[TeamFactory()])
        cohort = Cohort(person=LEADLOOP, window=Window())
        with snapshot():
            before = cohort.handoffs().count()
            self.elsewhere(lambda: make_handoffs(4, count=5, teams=list(Team.objects.all())))
            assert cohort.handoffs().count() == before == 10
        assert cohort.handoffs().count() == 15

    def test_nothing_can_be_written(self):
        with pytest.raises(Exception, match="read-only"), snapshot():
            Team.objects.create(name="Never")
        assert not Team.objects.exists()

    def test_a_page_leaves_no_transaction_open(self):
        client = signed_in(UserFactory(roles=("marketer",)))
        make_handoffs(3, count=10, teams=[TeamFactory()])
        assert client.get(PAGE).status_code == 200
        assert not connection.in_atomic_block

    def test_two_exports_at_once_and_no_third(self):
        user = UserFactory(roles=("marketer",))
        person_of(user)
        held = []

        def take():
            with transaction.atomic():
                held.append(exports.take_slot(user.pk))
                go_on.wait(10)

        go_on = threading.Event()
        others = [threading.Thread(target=lambda: (take(), connection.close())) for _ in range(2)]
        for other in others:
            other.start()
        while len(held) < 2:
            pass
        assert held == [True, True]
        response = signed_in(user).get(LIST_CSV)
        assert response.status_code == 429
        assert response["Retry-After"]
        assert rows_of(signed_in(UserFactory(roles=("marketer",))).get(LIST_CSV)) == []
        go_on.set()
        for other in others:
            other.join(10)
        assert rows_of(signed_in(user).get(LIST_CSV)) == []
