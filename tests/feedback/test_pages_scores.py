"""Fit and intent explained on pages, the page of an account, and who is held back."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.models import Handoff
from leads.actions.scoring import Scored, keep
from leads.logic.scoring import Score
from leads.models import Account, Agreement, Lead, PageGroup, Touched
from tests.factories import RepFactory, TeamFactory, UserFactory, manager_of, offered
from tests.leads.scoring_rows import account, did, in_force, lead

pytestmark = pytest.mark.django_db
NOTHING = Score(value=0, parts={})
FIT = Score(value=10, parts={"Industry is logistics": 40, "Head of": 30, "Student": -60})
INTENT = Score(value=40, parts={"Pricing page": 60, "Careers page": -20})


@pytest.fixture
def mia() -> Client:
    return logged_in(UserFactory(roles=("marketer",)))


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response) -> str:
    """What is read, tags and repeated blanks taken out."""
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def stand(who: Lead | Account, agreement: Agreement, *, ago: int = 0, **more) -> None:
    at = timezone.now() - dt.timedelta(minutes=ago)
    given = {"fit": FIT, "intent": INTENT, **more}
    if given.get("rule"):
        given["met_at"] = at
    is_lead = isinstance(who, Lead)
    row = Scored(lead_id=who.pk if is_lead else None, account_id=None if is_lead else who.pk, **given)
    keep([row], agreement_pk=agreement.pk, at=at)


def scored_handoff(agreement: Agreement | None, **more) -> Handoff:
    handoff = offered(team=TeamFactory())
    parts = {"fit": FIT.parts, "intent": INTENT.parts}
    values = {"fit": 10, "intent": 40, "score_parts": parts, "agreement": agreement, **more}
    Handoff.objects.filter(pk=handoff.pk).update(**values)
    handoff.refresh_from_db()
    return handoff


def test_a_handoff_explains_its_scores_term_by_term(mia: Client):
    handoff = scored_handoff(in_force(number=3), mql_rule="ready", why="Fits and is interested: fit 45 (40 asked).")
    said = text_of(mia.get(reverse("feedback:handoff", args=[handoff.uid])))
    assert "Industry is logistics +40" in said
    assert "Pricing page +60 halves every 7 days, at its limit" in said
    assert "Careers page −20 counts against, halves every 30 days" in said
    assert "Student −60 counts against" in said
    assert "by rule “Fits and is interested”" in said
    assert "Agreement 3" in said
    assert said.count("Fits and is interested: fit 45 (40 asked).") == 1


def test_the_agreement_of_a_handoff_is_the_one_it_was_made_under(mia: Client):
    old = in_force(number=3)
    handoff = scored_handoff(old)
    in_force(number=4)
    response = mia.get(reverse("feedback:handoff", args=[handoff.uid]))
    assert reverse("feedback:agreement-version", args=[3]) in response.content.decode()
    assert "Agreement 4" not in text_of(response)


def test_scores_from_elsewhere_are_shown_without_an_agreement(mia: Client):
    handoff = scored_handoff(None)
    said = text_of(mia.get(reverse("feedback:handoff", args=[handoff.uid])))
    assert "Pricing page +60" in said
    assert "halves every" not in said
    assert "by rule" not in said


@pytest.mark.parametrize(
    ("value", "parts", "said"),
    [
        (100, {"A": 80, "B": 45}, "Adds up to 125; 100 is the most."),
        (0, {"A": -80}, "Adds up to −80; 0 is the least."),
        (60, {"A": 60}, None),
    ],
)
def test_a_score_says_why_its_parts_do_not_add_up(mia: Client, value, parts, said):
    handoff = scored_handoff(None, fit=value, score_parts={"fit": parts})
    page = text_of(mia.get(reverse("feedback:handoff", args=[handoff.uid])))
    assert (said in page) if said else ("Adds up" not in page)


def test_the_lead_page_shows_where_it_stands_now(mia: Client):
    ana = lead(account=account(industry="logistics"))
    stand(ana, in_force(number=2), rule="ready", why="Fits and is interested: intent 40.", held_back="Ana opted out.")
    said = text_of(mia.get(reverse("feedback:lead", args=[ana.uid])))
    assert "As things stand now, under Agreement 2 ." in said
    assert "Head of +30" in said
    assert "Not offered: Ana opted out." in said
    assert "Fits and is interested: intent 40." in said


def test_a_lead_that_was_never_scored_shows_no_score(mia: Client):
    said = text_of(mia.get(reverse("feedback:lead", args=[lead().uid])))
    assert "As things stand now" not in said


class TestAccount:
    def test_it_says_who_is_there_and_what_they_do(self, mia: Client):
        agreement = in_force()
        PageGroup.objects.create(key="pricing", label="the price list")
        nortex = account(industry="logistics", is_target=True, domain="nortex.example", employee_count=1420)
        ana = lead(account=nortex, title="Head of IT")
        did(ana, count=3)
        did(nortex, count=4)
        did(nortex, count=5, confidence=20)
        did(nortex, "", ago=40, kind="form", count=9)
        stand(nortex, agreement)
        stand(ana, agreement)
        said = text_of(mia.get(reverse("feedback:account", args=[nortex.uid])))
        assert "logistics · 1,420 people" in said
        assert "Page views: the price list 3 4 5 more are too little sure to count" in said
        assert "Forms" not in said
        assert f"{ana.name} Head of IT 10 40" in said
        assert "As things stand now" in said

    def test_open_and_past_handoffs_stand_apart(self, mia: Client):
        handoff = offered(team=TeamFactory())
        url = reverse("feedback:account", args=[handoff.account.uid])
        assert "With sales now" in text_of(mia.get(url))
        Handoff.objects.filter(pk=handoff.pk).update(state="expired", closed_at=timezone.now())
        said = text_of(mia.get(url))
        assert "With sales now" not in said
        assert "expired" in said

    def test_an_empty_account_says_so(self, mia: Client):
        said = text_of(mia.get(reverse("feedback:account", args=[account().uid])))
        assert "Nothing was done there." in said
        assert "Nobody is known there yet." in said
        assert "None yet." in said

    def test_a_merged_account_shows_the_one_it_turned_out_to_be(self, mia: Client):
        kept = account()
        said = text_of(mia.get(reverse("feedback:account", args=[account(merged_into=kept).uid])))
        assert kept.name in said

    def test_a_rep_sees_the_accounts_of_their_handoffs_alone(self):
        rep = RepFactory()
        mine, other = offered(owner=rep), offered(team=TeamFactory())
        colleague = lead(account=mine.account)
        client = logged_in(rep.user)
        page = client.get(reverse("feedback:account", args=[mine.account.uid]))
        assert colleague.name in text_of(page)
        assert reverse("feedback:lead", args=[mine.lead.uid]) in page.content.decode()
        assert reverse("feedback:lead", args=[colleague.uid]) not in page.content.decode()
        assert client.get(reverse("feedback:account", args=[other.account.uid])).status_code == 404

    def test_the_number_of_statements_does_not_grow(self, mia: Client, django_assert_max_num_queries):
        agreement, nortex = in_force(), account()
        for _ in range(12):
            stand(one := lead(account=nortex), agreement)
            did(one)
        with django_assert_max_num_queries(14):
            mia.get(reverse("feedback:account", args=[nortex.uid]))


class TestHeldBack:
    URL = "/held-back/"

    def test_it_says_who_since_when_and_why_not(self, mia: Client):
        agreement, ana = in_force(), lead(account=account(), title="Head of IT")
        stand(ana, agreement, rule="ready", why="Fits and is interested: fit 45.", held_back="Ana opted out.")
        stand(lead(), agreement, rule="ready", why="Offered long ago.")
        response = mia.get(self.URL)
        said = text_of(response)
        assert f"{ana.name} Head of IT, {ana.account.name}" in said
        assert "Fits and is interested: fit 45." in said
        assert "Ana opted out." in said
        assert "Offered long ago." not in said
        assert reverse("feedback:lead", args=[ana.uid]) in response.content.decode()

    def test_accounts_are_held_back_too(self, mia: Client):
        nortex = account()
        stand(nortex, in_force(), rule="target", why="Target.", held_back="Its account is with sales already.")
        response = mia.get(self.URL)
        assert f"{nortex.name} the whole account" in text_of(response)
        assert reverse("feedback:account", args=[nortex.uid]) in response.content.decode()

    def test_who_is_with_sales_waits_for_nothing(self, mia: Client):
        agreement, handoff = in_force(), offered(team=TeamFactory())
        for who in (handoff.lead, handoff.account):
            stand(who, agreement, rule="ready", why="Fits.", held_back="With sales already.")
        assert "With sales already." not in text_of(mia.get(self.URL))
        Handoff.objects.filter(pk=handoff.pk).update(state="recalled")
        assert text_of(mia.get(self.URL)).count("With sales already.") == 2

    def test_without_anybody_it_says_so(self, mia: Client):
        assert "Nobody is held back" in text_of(mia.get(self.URL))
        assert "Nobody here" in text_of(mia.get(self.URL, {"q": "nothing like it"}))

    @pytest.mark.parametrize(
        ("asked", "seen"),
        [
            ({}, {"opted", "sales"}),
            ({"who": "people"}, {"opted"}),
            ({"who": "accounts"}, {"sales"}),
            ({"rule": "ready"}, {"opted"}),
            ({"q": "OPTED"}, {"opted"}),
            ({"q": "Works"}, {"sales"}),
            ({"who": "nobody", "rule": "none"}, {"opted", "sales"}),
        ],
    )
    def test_it_can_be_narrowed(self, mia: Client, asked, seen):
        agreement = in_force()
        stand(lead(), agreement, rule="ready", why="Fits.", held_back="They opted out.")
        stand(account(), agreement, rule="target", why="Target.", held_back="Busy with sales.")
        said = text_of(mia.get(self.URL, asked))
        assert {word for word in ("opted", "sales") if f"{word}." in said or f"{word} out." in said} == seen

    def test_a_long_list_comes_in_parts_and_each_row_once(self, mia: Client, django_assert_max_num_queries):
        agreement = in_force()
        names = set()
        for number in range(53):
            one = lead()
            names.add(one.name)
            # Some at one instant: the row's own place decides.
            stand(one, agreement, ago=number // 10, rule="ready", why="Fits.", held_back="Owes a name.")
        seen, url, pages = [], self.URL, 0
        while url:
            with django_assert_max_num_queries(8):
                response = mia.get(url)
            found = re.findall(r"data-row>(One \d+)<", response.content.decode())
            seen += found
            following = re.search(r'href="(/held-back/\?after=[^"]+)" rel="next"', response.content.decode())
            url = following.group(1).replace("&amp;", "&") if following else ""
            pages += 1
        assert (pages, len(seen), set(seen)) == (2, 53, names)

    @pytest.mark.parametrize("after", ["x", "2026-11-22~x", "~", "2026-11-22T10:00:00~" + "0" * 32])
    def test_a_place_that_is_none_is_refused(self, mia: Client, after: str):
        assert mia.get(self.URL, {"after": after}).status_code == 400

    def test_it_goes_on_after_a_row_that_is_gone(self, mia: Client):
        stand(one := lead(), in_force(), ago=5, rule="ready", why="Fits.", held_back="Owes a name.")
        after = f"{timezone.now().isoformat()}~{'0' * 32}"
        assert one.name in text_of(mia.get(self.URL, {"after": after}))

    def test_everybody_on_it_is_looked_at_again_when_asked(self, mia: Client):
        agreement, owed, busy = in_force(), lead(), account()
        stand(owed, agreement, rule="ready", why="Fits.", held_back="Owes a name.")
        stand(busy, agreement, rule="target", why="Target.", held_back="Busy with sales.")
        stand(lead(), agreement, rule="ready", why="Offered long ago.")
        said = text_of(mia.post(f"{self.URL}again/", follow=True))
        assert "2 are looked at again, in a moment." in said
        assert "All are looked at again already, in a moment." in text_of(mia.post(f"{self.URL}again/", follow=True))
        assert set(Touched.objects.values_list("lead_id", "account_id")) == {(owed.pk, None), (None, busy.pk)}

    def test_a_rep_has_nobody_looked_at_again(self):
        stand(lead(), in_force(), rule="ready", why="Fits.", held_back="Owes a name.")
        assert logged_in(RepFactory().user).post(f"{self.URL}again/").status_code == 403
        assert not Touched.objects.exists()

    def test_a_manager_reads_it_without_links_to_pages_that_are_not_theirs(self):
        stand(one := lead(), in_force(), rule="ready", why="Fits.", held_back="Owes a name.")
        response = logged_in(manager_of(TeamFactory())).get(self.URL)
        assert one.name in text_of(response)
        assert reverse("feedback:lead", args=[one.uid]) not in response.content.decode()

    def test_a_rep_may_not_read_it(self):
        assert logged_in(RepFactory().user).get(self.URL).status_code == 403
