"""The manager's board: who has how much and who is away, what nobody has, and what is done with many at once."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.actions import absences, decisions, holds, owners
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, person_of
from leads.models import JournalEntry
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory(team=TeamFactory(name="EMEA", timezone="Europe/Berlin"))


@pytest.fixture
def boss(rep) -> Client:
    return signed_in(manager_of(rep.team))


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def board(client: Client, **query: str):
    return client.get(reverse("feedback:board", query=query or None))


def names(answer) -> list[str]:
    return [row.name for section in answer.context["board"].sections for row in section.rows]


def due(handoff: Handoff, minutes: int) -> Handoff:
    Handoff.objects.filter(pk=handoff.pk).update(due_at=ago(minutes=-minutes))
    return handoff


@pytest.fixture
def busy(rep):
    """One of every kind: late, soon, held, unowned, raised, and one with nothing special."""
    found = {
        "late": due(offered(rep), -10),
        "soon": due(offered(rep), 60),
        "held": offered(rep),
        "unowned": offered(team=rep.team),
        "raised": due(offered(rep), 600),
        "usual": due(offered(rep), 500),
    }
    holds.hold(found["held"].uid, by=as_person(rep), reason="missing_context", question="Who is it?")
    owners.raise_priority(found["raised"].uid, by=LEADLOOP)
    return {kind: str(handoff.lead) for kind, handoff in found.items()}


class TestWhatItShows:
    def test_what_nobody_has_stands_apart_and_what_is_raised_first(self, boss, busy):
        shown = board(boss).context["board"]
        assert [section.caption for section in shown.sections] == ["Nobody has these yet", "Due next"]
        kinds = {name: kind for kind, name in busy.items()}
        assert [kinds[row.name] for row in shown.sections[1].rows] == ["raised", "late", "soon", "usual", "held"]
        assert [row.raised for row in shown.sections[1].rows] == ["raised", "", "", "", ""]

    @pytest.mark.parametrize("kind", ["late", "soon", "held", "unowned", "raised"])
    def test_each_part_holds_its_own_alone_and_the_chip_counts_it(self, boss, busy, kind: str):
        answer = board(boss, show=kind)
        assert names(answer) == [busy[kind]]
        chip = next(chip for chip in answer.context["board"].chips if chip.active)
        assert chip.count == "1"

    def test_all_is_all(self, boss, busy):
        answer = board(boss)
        assert sorted(names(answer)) == sorted(busy.values())
        assert next(chip for chip in answer.context["board"].chips if chip.active).count == "6"

    @pytest.mark.parametrize(
        ("show", "says"),
        [
            ("late", "Nothing is late"),
            ("soon", "Nothing is due soon"),
            ("held", "Nothing is on hold"),
            ("unowned", "Everything has somebody"),
            ("raised", "Nothing is raised"),
        ],
    )
    def test_an_empty_part_says_what_it_would_hold(self, boss, show: str, says: str):
        assert says in board(boss, show=show).text

    @pytest.mark.parametrize("query", [{"show": "no-such"}, {"rep": "x"}, {"after": "x"}, {"after": "n~1~x"}])
    def test_an_address_that_makes_no_sense_is_refused(self, boss, query):
        assert board(boss, **query).status_code == 400

    def test_a_person_is_shown_with_load_holds_and_capacity(self, boss, rep, busy):
        type(rep).objects.filter(pk=rep.pk).update(capacity=5)
        person = board(boss).context["board"].people[0]
        assert (person.open, person.capacity, person.is_full) == (5, 5, True)
        assert (person.late, person.soon, person.held) == (1, 1, 1)

    def test_a_part_of_one_rep_keeps_that_rep(self, boss, rep, busy):
        other = RepFactory(team=rep.team)
        late = due(offered(other), -5)
        answer = board(boss, show="late", rep=str(other.uid))
        assert names(answer) == [str(late.lead)]
        assert "Nobody has" not in [chip.label for chip in answer.context["board"].chips]

    def test_a_rep_is_told_no_counts_of_what_they_do_not_see(self, rep, busy):
        chips = board(signed_in(rep.user)).context["board"].chips
        assert {chip.count for chip in chips} == {""}

    def test_what_is_unowned_has_its_own_clock(self, boss, rep):
        policy(minutes=60, targets=("decide",))
        offered(team=rep.team)
        section = board(boss).context["board"].sections[0]
        assert section.caption == "Nobody has these yet"
        assert section.rows[0].due_words

    def test_the_list_goes_on_where_its_page_ended(self, boss, rep):
        made = [due(offered(rep), 60) for _ in range(40)] + [due(offered(rep), 90) for _ in range(15)]
        for handoff in made[:3]:
            owners.raise_priority(handoff.uid, by=LEADLOOP)
        first = board(boss, show="soon")
        rest = boss.get(first.context["board"].more_url)
        assert (len(names(first)), len(names(rest))) == (50, 5)
        assert set(names(first) + names(rest)) == {str(handoff.lead) for handoff in made}


class TestWhoIsAway:
    def words(self, client: Client) -> str:
        return board(client).context["board"].people[0].away

    def away(self, rep, *, starts: dt.timedelta, ends: dt.timedelta):
        now = timezone.now()
        return absences.add(rep.uid, by=LEADLOOP, starts_at=now + starts, ends_at=now + ends)

    def test_away_now_and_soon_but_not_in_a_month(self, boss, rep):
        assert self.words(boss) == ""
        self.away(rep, starts=dt.timedelta(days=30), ends=dt.timedelta(days=31))
        assert self.words(boss) == ""
        self.away(rep, starts=dt.timedelta(days=3), ends=dt.timedelta(days=4))
        assert self.words(boss).startswith("away from ")
        self.away(rep, starts=dt.timedelta(hours=-1), ends=dt.timedelta(days=2))
        assert self.words(boss).startswith("away until ")

    def test_benched(self, boss, rep):
        absences.bench(rep.uid, by=LEADLOOP)
        assert self.words(boss) == "benched"


class TestManyAtOnce:
    def post(self, client: Client, name: str, *handoffs: Handoff, **more: str):
        uids = [str(handoff.uid) for handoff in handoffs]
        return client.post(reverse(f"feedback:{name}", query={"show": "late"}), {"uid": uids, **more}, follow=True)

    def test_released_they_wait_in_the_team(self, boss, rep):
        chosen, other = [offered(rep), offered(rep)], offered(rep)
        answer = self.post(boss, "board-release", *chosen)
        assert "2 back in the team&#x27;s queue." in answer.text
        assert answer.redirect_chain[0][0].endswith("?show=late")
        assert Handoff.objects.filter(owner=None).count() == 2
        other.refresh_from_db()
        assert other.owner == rep

    def test_raised_they_stand_first(self, boss, rep):
        handoff = offered(rep)
        assert "1 raised" in self.post(boss, "board-raise", handoff).text
        handoff.refresh_from_db()
        assert handoff.priority == 2

    def test_each_refusal_is_told_and_stops_nothing(self, boss, rep):
        worked, free = offered(rep), offered(rep)
        decisions.accept(worked.uid, by=as_person(rep))
        text = self.post(boss, "board-release", worked, free).text
        assert "1 back in the team" in text
        assert "1 not released:" in text

    @pytest.mark.parametrize("name", ["board-release", "board-raise"])
    def test_a_rep_may_not(self, rep, name: str):
        handoff = offered(rep)
        before = JournalEntry.objects.count()
        assert "1 not " in self.post(signed_in(rep.user), name, handoff).text
        assert JournalEntry.objects.count() == before

    @pytest.mark.parametrize("uids", [[], ["x"], ["00000000-0000-0000-0000-000000000000"]])
    def test_nothing_chosen_or_nonsense_changes_nothing(self, boss, rep, uids):
        offered(rep)
        before = JournalEntry.objects.count()
        answer = boss.post(reverse("feedback:board-release"), {"uid": uids})
        assert answer.status_code == (302 if uids and uids != ["x"] else 400)
        assert JournalEntry.objects.count() == before

    def test_who_may_not_act_gets_no_buttons(self, rep, boss):
        offered(rep)
        marketer = signed_in(UserFactory(roles=("marketer",)))
        assert "Release to the queue" in board(boss).text
        assert "Release to the queue" not in board(marketer, team=str(rep.team.uid)).text


class TestNews:
    def test_nothing_new_is_204_and_something_new_is_the_board(self, boss, rep):
        handoff = offered(rep)
        shown = board(boss).context["board"]
        quiet = boss.get(shown.poll_url, headers={"HX-Request": "true"})
        assert (quiet.status_code, quiet.content) == (204, b"")
        owners.raise_priority(handoff.uid, by=LEADLOOP)
        news = boss.get(shown.poll_url, headers={"HX-Request": "true"})
        assert news.status_code == 200
        assert 'id="board"' in news.text
        assert "<html" not in news.text
        again = boss.get(shown.poll_url, headers={"HX-Request": "true", "If-None-Match": news["ETag"]})
        assert again.status_code == 304

    def test_an_absence_is_news(self, boss, rep):
        offered(rep)
        shown = board(boss).context["board"]
        absences.bench(rep.uid, by=person_of(manager_of(rep.team)))
        assert "benched" in boss.get(shown.poll_url).text


class TestWhatOtherAppsAdd:
    def test_late_handoffs_are_acknowledged_many_at_once(self, boss, rep):
        policy(minutes=60)
        late, other = offered(rep, at=ago(hours=3)), RepFactory(team=TeamFactory())
        hidden = offered(other, at=ago(hours=3))
        assert "Acknowledge" in board(boss).text
        url = reverse("feedback:board-deed", args=["acknowledge"])
        text = boss.post(url, {"uid": [str(late.uid), str(hidden.uid)]}, follow=True).text
        assert "1 acknowledged: no further step follows." in text
        assert "1 not done: There is no such handoff." in text
        kinds = JournalEntry.objects.filter(kind="handoff.acknowledged")
        assert [entry.handoff_uid for entry in kinds] == [late.uid]

    def test_a_manager_acknowledges_a_late_handoff_beside_it(self, boss, rep):
        policy(minutes=60)
        late, fine = offered(rep, at=ago(hours=3)), offered(rep)
        assert "Acknowledge" in boss.get(reverse("feedback:handoff", args=[late.uid])).text
        assert "Acknowledge" not in boss.get(reverse("feedback:handoff", args=[fine.uid])).text
        assert "Acknowledge" not in signed_in(rep.user).get(reverse("feedback:handoff", args=[late.uid])).text

    def test_what_nobody_registered_does_not_exist(self, boss, rep):
        handoff = offered(rep)
        url = reverse("feedback:board-deed", args=["no-such"])
        assert boss.post(url, {"uid": str(handoff.uid)}).status_code == 404


class TestOneAtATime:
    """What the board does with many, the page of a handoff does with one."""

    def labels(self, client: Client, handoff: Handoff) -> list[str]:
        page = client.get(reverse("feedback:handoff", args=[handoff.uid])).context["handoff"]
        return [action.label for action in page.actions]

    def test_who_leads_is_offered_to_give_it_first(self, boss, rep):
        assert self.labels(boss, offered(rep))[0] == "Reassign"
        assert {"Release to the queue", "Raise priority"} <= set(self.labels(boss, offered(rep)))

    def test_whose_work_it_is_decides_first(self, rep):
        labels = self.labels(signed_in(rep.user), offered(rep))
        assert labels[0] == "Accept"
        assert not {"Reassign", "Release to the queue", "Raise priority", "Acknowledge"} & set(labels)

    def test_what_nobody_has_cannot_be_released_nor_what_stands_first_be_raised(self, boss, rep):
        handoff = offered(team=rep.team)
        Handoff.objects.filter(pk=handoff.pk).update(priority=1)
        assert not {"Release to the queue", "Raise priority"} & set(self.labels(boss, handoff))

    def test_released_it_waits_in_the_team(self, boss, rep):
        handoff = offered(rep)
        answer = boss.post(reverse("feedback:handoff-release", args=[handoff.uid]), follow=True)
        assert "is back in the team&#x27;s queue" in answer.text
        handoff.refresh_from_db()
        assert handoff.owner is None

    def test_raised_it_stands_above(self, boss, rep):
        handoff = offered(rep)
        assert "is raised" in boss.post(reverse("feedback:handoff-raise", args=[handoff.uid]), follow=True).text
        handoff.refresh_from_db()
        assert handoff.priority == 2

    def test_late_it_is_acknowledged_once(self, boss, rep):
        policy(minutes=60)
        handoff = offered(rep, at=ago(hours=3))
        assert "Acknowledge" in self.labels(boss, handoff)
        text = boss.post(reverse("sla:acknowledge", args=[handoff.uid]), follow=True).text
        assert "acknowledged: no further step follows" in text
        assert "Acknowledge" not in self.labels(boss, handoff)
