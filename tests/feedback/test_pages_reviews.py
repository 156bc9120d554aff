"""Upholding on the pages: one on its own, many on their list, and the undo of both."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.actions import reviews
from feedback.forms_reviews import read_batch, written_batch
from feedback.models import Handoff, RoutingRule
from leads.logic.errors import InvalidInput
from tests.calling import rows
from tests.factories import RepFactory, UserFactory, manager_of, marketer, offered
from tests.feedback.refusals import a_line, owed, rejected, routed

pytestmark = pytest.mark.django_db
LIST = "/reports/rejections/handoffs/"
MANY, BACK = f"{LIST}uphold/", f"{LIST}unuphold/"
TAKEN_SINCE = "The turn that was owed for it has been taken since"


@pytest.fixture
def line() -> RoutingRule:
    return a_line()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestOnItsPage:
    @pytest.fixture
    def mia(self):
        return UserFactory(roles=("marketer",))

    def uphold(self, client: Client, handoff: Handoff, **more):
        return client.post(reverse("feedback:handoff-uphold", args=[handoff.uid]), **more)

    def test_the_undo_is_offered_right_after_and_on_the_page_while_it_can_be(self, line, mia, settings):
        client, handoff = signed_in(mia), rejected()
        page = reverse("feedback:handoff", args=[handoff.uid])
        undo_url = reverse("feedback:handoff-unuphold", args=[handoff.uid])
        assert undo_url not in client.get(page).text
        after = self.uphold(client, handoff, follow=True)
        assert after.text.count(f'action="{undo_url}"') == 2
        assert [action.label for action in after.context["handoff"].actions] == ["Undo the uphold"]
        assert undo_url in client.get(page).text
        assert undo_url not in signed_in(UserFactory(roles=("marketer",))).get(page).text
        taken_back = client.post(undo_url, follow=True)
        assert "no turn is owed for it" in taken_back.text
        assert "You took back that it was rightly refused" in taken_back.text
        assert (owed(), taken_back.context["handoff"].actions[0].label) == (0, "Uphold the rejection")
        self.uphold(client, handoff)
        settings.LEADLOOP_UNDO_SECONDS = 0
        assert client.get(page).context["handoff"].actions == ()

    def test_a_fragment_gets_the_handoff_and_the_undo(self, line, mia):
        client, handoff = signed_in(mia), rejected()
        fragment = self.uphold(client, handoff, headers={"HX-Request": "true"})
        assert fragment.status_code == 200
        assert "<html" not in fragment.text
        assert fragment.context["toast"]["undo_url"] == reverse("feedback:handoff-unuphold", args=[handoff.uid])
        again = self.uphold(client, handoff, headers={"HX-Request": "true"})
        assert (again.status_code, again["HX-Retarget"]) == (409, "#handoff")

    def test_who_decided_is_not_offered_an_undo_that_would_be_refused(self, line):
        handoff = rejected()
        handoff.owner.user.groups.add(*UserFactory(roles=("marketer",)).groups.all())
        client = signed_in(handoff.owner.user)
        page = reverse("feedback:handoff", args=[handoff.uid])
        assert "Undo" in [action.label for action in client.get(page).context["handoff"].actions]
        self.uphold(client, handoff)
        assert "Undo" not in [action.label for action in client.get(page).context["handoff"].actions]

    def test_a_turn_taken_since_is_told(self, line, mia):
        client, handoff = signed_in(mia), rejected()
        self.uphold(client, handoff)
        routed()
        url = reverse("feedback:handoff-unuphold", args=[handoff.uid])
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.post(url, headers=headers)
            assert (answer.status_code, TAKEN_SINCE in answer.text) == (409, True)
        assert answer["HX-Retarget"] == "#handoff"


class TestManyOnTheirList:
    @pytest.fixture
    def client(self) -> Client:
        return signed_in(UserFactory(roles=("marketer",)))

    def seen(self, client: Client, **asked):
        return client.get(LIST, {"figure": "rejected", **asked})

    def ticks(self, client: Client, **asked) -> list[str]:
        return re.findall(r'name="uid" value="([^"]+)"', self.seen(client, **asked).text)

    def test_each_is_upheld_the_others_are_told_and_the_undo_is_of_those_that_were(self, line, client):
        one, two, before, pending = rejected(), rejected(), rejected(), routed()
        reviews.uphold(before.uid, by=marketer())
        assert set(self.ticks(client)) == {str(one.uid), str(two.uid)}
        sent = {"uid": [str(handoff.uid) for handoff in (one, before, two, pending, one)]}
        after = client.post(f"{MANY}?figure=rejected", sent, follow=True)
        assert after.redirect_chain == [(f"{LIST}?figure=rejected", 302)]
        assert "2 upheld: rightly refused." in after.text
        assert "1 not upheld: It has been upheld already." in after.text
        assert "1 not upheld: Only a rejection can be upheld; this handoff is pending." in after.text
        assert after.text.count('pill kept">upheld') == 3
        assert (owed(), self.ticks(client)) == (3, [])
        [undo_url] = re.findall(rf'action="({BACK}[^"]+)"', after.text)
        back = client.post(undo_url.replace("&amp;", "&"), follow=True)
        assert back.redirect_chain == [(f"{LIST}?figure=rejected", 302)]
        assert "2 taken back: not upheld any more" in back.text
        assert "not taken back" not in back.text
        assert (owed(), Handoff.objects.exclude(upheld_at=None).get()) == (1, before)
        assert set(self.ticks(client)) == {str(one.uid), str(two.uid)}

    def test_an_undo_takes_back_what_it_can_and_says_what_stays(self, line, client):
        one, two = rejected(), rejected()
        client.post(f"{MANY}?figure=rejected", {"uid": [str(one.uid), str(two.uid)]})
        taken = routed()
        back = client.post(f"{BACK}?figure=rejected&batch={written_batch([one.uid, two.uid])}", follow=True)
        assert "1 taken back" in back.text
        assert f"1 not taken back: {TAKEN_SINCE}" in back.text
        assert Handoff.objects.exclude(upheld_at=None).get().owner == taken.owner
        assert owed() == 0

    def test_where_one_was_in_the_list_one_is_again(self, line, client):
        made = [rejected() for _ in range(53)]
        following = self.seen(client).context["report"].next_url
        here = client.get(following)
        assert sum(str(handoff.uid) in here.text for handoff in made) == 3
        [url] = re.findall(rf'action="({MANY}[^"]+)"', here.text)
        ticked = re.findall(r'name="uid" value="([^"]+)"', here.text)
        after = client.post(url.replace("&amp;", "&"), {"uid": ticked}, follow=True)
        assert [row.uid for row in after.context["report"].rows] == [row.uid for row in here.context["report"].rows]
        assert all(row.upheld_at for row in after.context["report"].rows)

    @pytest.mark.parametrize("asked", [{"figure": "offered"}, {"figure": "decided"}, {"figure": "returned"}])
    def test_a_list_of_other_things_or_of_nothing_has_nothing_to_tick(self, line, client, asked):
        rejected()
        assert self.ticks(client, **asked) == []
        assert "Uphold" not in self.seen(client, **asked).text

    def test_a_list_of_one_reason_has_and_shows_what_was_said_along_with_it(self, line, client):
        handoff = rejected()
        assert self.ticks(client, figure="decided", reason="fit.company_size") == [str(handoff.uid)]
        assert '<span class="note">38</span>' in self.seen(client).text

    def test_who_may_not_uphold_ticks_nothing_and_is_refused(self, line):
        handoff = rejected()
        before = rows()
        for user in (handoff.owner.user, manager_of(handoff.team), UserFactory()):
            client = signed_in(user)
            assert self.ticks(client) == []
            for url in (MANY, f"{BACK}?batch={written_batch([handoff.uid])}"):
                assert client.post(url, {"uid": str(handoff.uid)}).status_code == 403
        assert rows() == before

    @pytest.mark.parametrize(
        ("url", "sent"),
        [
            (MANY, {}),
            (MANY, {"uid": "x"}),
            (MANY, {"uid": [f"00000000-0000-4000-8000-{n:012}" for n in range(51)]}),
            (f"{MANY}?figure=no-such", None),
            (f"{MANY}?colour=red", None),
            (BACK, {}),
            (f"{BACK}?batch=", {}),
            (f"{BACK}?batch=%00", {}),
            (f"{BACK}?batch=é", {}),
            (f"{BACK}?batch=AAAA", {}),
            (f"{BACK}?batch={'A' * 1088}", {}),
        ],
    )
    def test_nonsense_is_refused_before_anything_is_written(self, line, client, url, sent):
        handoff = rejected()
        before = rows()
        assert client.post(url, {"uid": str(handoff.uid)} if sent is None else sent).status_code == 400
        assert rows() == before

    def test_the_undo_of_a_whole_page_fits_into_an_address(self, line, client):
        uids = [str(rejected().uid) for _ in range(50)]
        after = client.post(f"{MANY}?figure=rejected", {"uid": uids}, follow=True)
        [undo_url] = re.findall(rf'action="({BACK}[^"]+)"', after.text)
        assert len(undo_url) < 1500
        client.post(undo_url.replace("&amp;", "&"))
        assert (owed(), Handoff.objects.exclude(upheld_at=None).count()) == (0, 0)

    def test_each_costs_the_same_and_the_list_costs_the_same_for_one_and_for_many(self, line, client):
        uids = [str(rejected().uid) for _ in range(13)]

        def cost(act: Callable[[], object]) -> int:
            with CaptureQueriesContext(connection) as captured:
                act()
            return len(captured)

        short = cost(lambda: self.seen(client, team=str(line.team.uid)))
        costs = [
            cost(lambda some=some: client.post(f"{MANY}?figure=rejected", {"uid": some}))
            for some in (uids[:1], uids[1:3], uids[3:])
        ]
        each = costs[1] - costs[0]
        assert costs[2] - costs[0] == 9 * each
        assert each <= 11
        for _ in range(20):
            rejected()
        assert cost(lambda: self.seen(client, team=str(line.team.uid))) == short

    def test_a_batch_is_read_as_it_was_written(self):
        uids = [handoff.uid for handoff in (offered(RepFactory()), offered(RepFactory()))]
        assert read_batch(written_batch(uids)) == uids
        with pytest.raises(InvalidInput):
            read_batch(written_batch([]))
