"""Who is away: a rep's own page, and a manager's of their teams."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.actions import absences
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence
from feedback.pages.absences import absence_words
from tests.factories import RepFactory, TeamFactory, UserFactory, manager_of

pytestmark = pytest.mark.django_db
BERLIN = dt.timezone(dt.timedelta(hours=1))


@pytest.fixture
def rep():
    return RepFactory(team=TeamFactory(name="EMEA", timezone="Europe/Berlin"))


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def in_days(days: int) -> dt.date:
    return (timezone.now() + dt.timedelta(days=days)).date()


def form(who, **more: object) -> dict[str, str]:
    given = {"rep": who.uid, "first_on": in_days(3), "last_on": in_days(4), "first_at": "", "last_at": "", "note": ""}
    return {key: str(value) for key, value in (given | more).items()}


def add(client: Client, who, **more: object):
    return client.post(reverse("feedback:absences"), form(who, **more))


class TestAdding:
    def test_whole_days_are_those_of_the_team(self, rep):
        client = signed_in(rep.user)
        client.cookies["leadloop_tz"] = "Asia/Tokyo"
        assert add(client, rep, note="Holiday").status_code == 302
        made = Absence.objects.get()
        zone = "Europe/Berlin"
        starts, ends = (at.astimezone(ZoneInfo(zone)) for at in (made.starts_at, made.ends_at))
        assert (starts.date(), starts.time()) == (in_days(3), dt.time())
        assert (ends.date(), ends.time()) == (in_days(5), dt.time()), "the last day is still away"
        page = client.get(reverse("feedback:absences")).text
        assert "Holiday" in page
        assert "Europe/Berlin" in page

    def test_times_of_day_narrow_it(self, rep):
        add(signed_in(rep.user), rep, last_on=in_days(3), first_at="14:00", last_at="16:00")
        made = Absence.objects.get()
        assert made.ends_at - made.starts_at == dt.timedelta(hours=2)
        assert "14:00 to 16:00" in signed_in(rep.user).get(reverse("feedback:absences")).text

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ({"first_on": ""}, "Choose the first day"),
            ({"first_on": "tomorrow"}, "Enter a valid date"),
            ({"first_on": "0001-01-01"}, "Choose a day of these times"),
            ({"last_on": "9999-12-31"}, "Choose a day of these times"),
            ({"last_on": in_days(2)}, "The end must come after the beginning"),
            ({"first_on": in_days(900), "last_on": in_days(901)}, ""),
            ({"first_on": in_days(1), "last_on": in_days(500)}, ""),
            ({"note": "x" * 201}, "at most 200"),
            ({"rep": "x"}, "Select a valid choice"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_and_changes_nothing(self, rep, more, says):
        answer = add(signed_in(rep.user), rep, **more)
        assert answer.status_code == 400
        assert says in answer.text
        assert not Absence.objects.exists()

    def test_twice_at_once_is_said_beside_the_day(self, rep):
        client = signed_in(rep.user)
        add(client, rep)
        answer = add(client, rep)
        assert answer.status_code == 400
        assert "away then already" in answer.text
        assert Absence.objects.count() == 1

    def test_a_rep_adds_for_nobody_else(self, rep):
        colleague = RepFactory(team=rep.team)
        assert add(signed_in(rep.user), colleague).status_code == 400
        assert not Absence.objects.exists()

    def test_a_manager_adds_for_their_teams_alone(self, rep):
        boss, elsewhere = signed_in(manager_of(rep.team)), RepFactory(team=TeamFactory())
        assert add(boss, rep).status_code == 302
        assert add(boss, elsewhere).status_code == 400
        assert [absence.rep for absence in Absence.objects.all()] == [rep]


class TestEnding:
    def coming(self, rep) -> Absence:
        now = timezone.now()
        days = (now + dt.timedelta(days=2), now + dt.timedelta(days=3))
        return absences.add(rep.uid, by=LEADLOOP, starts_at=days[0], ends_at=days[1])

    def test_removed_it_is_gone(self, rep):
        absence = self.coming(rep)
        signed_in(rep.user).post(reverse("feedback:absence-remove", args=[absence.uid]))
        assert not Absence.objects.exists()

    def test_somebody_else_cannot_end_it(self, rep):
        absence = self.coming(rep)
        client = signed_in(RepFactory(team=TeamFactory()).user)
        assert client.post(reverse("feedback:absence-remove", args=[absence.uid])).status_code in (403, 404)
        assert Absence.objects.exists()

    def test_a_manager_unbenches_and_a_rep_cannot(self, rep):
        absences.bench(rep.uid, by=LEADLOOP)
        own, boss = signed_in(rep.user), signed_in(manager_of(rep.team))
        page = own.get(reverse("feedback:absences")).text
        assert "benched" in page
        assert "Unbench" not in page
        url = reverse("feedback:absence-unbench", args=[rep.uid])
        assert own.post(url).status_code == 403
        assert "Unbench" in boss.get(reverse("feedback:absences")).text
        boss.post(url)
        assert Absence.objects.get().ends_at is not None
        assert "benched" not in boss.get(reverse("feedback:absences")).text


def test_nobody_away_says_so(rep):
    assert "You are not away" in signed_in(rep.user).get(reverse("feedback:absences")).text
    assert "Nobody is away" in signed_in(manager_of(rep.team)).get(reverse("feedback:absences")).text


def test_who_keeps_no_absences_has_no_such_page():
    assert signed_in(UserFactory(roles=("marketer",))).get(reverse("feedback:absences")).status_code == 403


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("2026-11-22 08:00", "2026-11-26 00:00", "away until Wed"),
        ("2026-11-22 08:00", "2026-11-23 00:00", "away until today"),
        ("2026-11-22 08:00", "2026-11-22 14:30", "away until 14:30"),
        ("2026-11-22 08:00", "2026-11-23 12:00", "away until tomorrow 12:00"),
        ("2026-11-24 00:00", "2026-11-26 00:00", "away from Tue"),
        ("2026-11-24 13:00", "2026-11-26 00:00", "away from Tue 13:00"),
    ],
)
def test_away_in_words(starts: str, ends: str, words: str):
    def at(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)

    absence = Absence(starts_at=at(starts), ends_at=at(ends))
    assert absence_words(absence, zone=BERLIN, now=at("2026-11-22 09:00")) == words
