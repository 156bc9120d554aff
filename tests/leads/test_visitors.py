"""From an unknown visitor to a lead: what moves, what does not, and that the counts stay true."""

import datetime as dt
from collections import Counter
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput
from leads.actions.visitors import VisitorInput, stitch
from leads.logic.actors import SYSTEM
from leads.logic.errors import NotFound
from leads.models import Engagement, EngagementDay, JournalEntry, Lead, Touched, Visitor
from leads.reports.counts import differences
from leads.signals import engaged
from tests.feedback.test_races import together

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NORTEX = AccountInput(name="Nortex")
ANA = LeadInput(email="ana@nortex.example", account=NORTEX)
BEN = LeadInput(email="ben@vialto.example", account=AccountInput(name="Vialto"))


def visit(minutes: int = 0, visitor: str | None = "v1", **more) -> EngagementInput:
    seen = VisitorInput(external_system="site", external_id=visitor) if visitor else None
    return EngagementInput(
        **{"kind": "page_view", "occurred_at": NOON + dt.timedelta(minutes=minutes), "visitor": seen, **more}
    )


def whose() -> list[str | None]:
    return list(Engagement.objects.order_by("occurred_at", "id").values_list("lead__email", flat=True))


@pytest.fixture
def news():
    heard: list[dict] = []

    def listen(leads, **_):
        heard.append(leads)

    engaged.connect(listen)
    yield heard
    engaged.disconnect(listen)


@pytest.mark.django_db
def test_naming_oneself_brings_the_past_along_in_silence(news):
    record_engagements([visit(n) for n in range(5)])
    Touched.objects.all().delete()
    news.clear()
    record_engagements([visit(60, kind="form", lead=ANA)])
    lead, visitor = Lead.objects.get(), Visitor.objects.get()
    assert whose() == ["ana@nortex.example"] * 6
    assert set(Engagement.objects.values_list("account_id", "visitor_id")) == {(lead.account_id, visitor.pk)}
    assert news == [{lead.pk: NOON + dt.timedelta(minutes=60)}]
    assert (lead.pk, lead.account_id) in Touched.objects.values_list("lead_id", "account_id")
    assert list(differences()) == []
    assert sorted(EngagementDay.objects.values_list("kind", "count", "visitor_id")) == [
        ("form", 1, None),
        ("page_view", 5, None),
    ]
    entry = JournalEntry.objects.get(kind="visitor.identified")
    assert entry.data == {"visitor": str(visitor.uid), "lead": str(lead.uid)}
    assert (entry.lead_uid, entry.occurred_at) == (lead.uid, NOON + dt.timedelta(minutes=60))
    assert (visitor.lead, visitor.identified_at) == (lead, NOON + dt.timedelta(minutes=60))


@pytest.mark.django_db
def test_naming_oneself_again_changes_nothing():
    record_engagements([visit(), visit(1, lead=ANA)])
    before = list(EngagementDay.objects.values())
    lead, visitor = Lead.objects.get(), Visitor.objects.get()
    stitch(visitor.uid, lead.uid, by=SYSTEM)
    assert list(EngagementDay.objects.values()) == before
    record_engagements([visit(2, lead=ANA)])
    assert JournalEntry.objects.filter(kind="visitor.identified").count() == 1
    assert list(differences()) == []


@pytest.mark.django_db
def test_a_second_lead_has_what_comes_after():
    record_engagements([visit(0), visit(1, lead=ANA), visit(2)])
    record_engagements([visit(3), visit(4, lead=BEN), visit(5)])
    ana, ben = "ana@nortex.example", "ben@vialto.example"
    assert whose() == [ana, ana, ana, ana, ben, ben]
    assert [entry.data["lead"] for entry in JournalEntry.objects.filter(kind="visitor.identified").order_by("id")] == [
        str(Lead.objects.get(email=email).uid) for email in (ana, ben)
    ]
    assert list(differences()) == []


@pytest.mark.django_db
def test_two_leads_of_one_browser_in_one_batch():
    record_engagements([visit(0)])
    record_engagements([visit(1), visit(2, lead=ANA), visit(3, lead=BEN), visit(4)])
    ana, ben = "ana@nortex.example", "ben@vialto.example"
    assert whose() == [ana, ana, ana, ben, ben]
    assert list(differences()) == []


@pytest.mark.django_db
def test_visitors_who_became_one_lead_are_counted_together():
    record_engagements([visit(0, "v1"), visit(1, "v2"), visit(2, "v2")])
    record_engagements([visit(3, "v1", lead=ANA), visit(4, "v2", lead=ANA)])
    assert [(day.count, day.last_at.minute) for day in EngagementDay.objects.all()] == [(5, 4)]
    assert list(differences()) == []


@pytest.mark.django_db
def test_stitching_by_hand(news):
    record_engagements([visit(0), visit(1, None, lead=ANA)])
    news.clear()
    Touched.objects.all().delete()
    visitor, lead = Visitor.objects.get(), Lead.objects.get()
    stitch(visitor.uid, lead.uid, by=SYSTEM, at=NOON)
    assert whose() == ["ana@nortex.example"] * 2
    assert (news, Touched.objects.count()) == ([], 0)
    assert list(differences()) == []
    for pair in ((uuid4(), lead.uid), (visitor.uid, uuid4())):
        with pytest.raises(NotFound):
            stitch(*pair, by=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_one_visitor_taken_in_by_many_at_once():
    """Eight writers, one browser, one lead: every visit is there, and is the lead's, and is counted."""
    batches = [
        [visit(n, external_system="site", external_id=f"e{n}") for n in range(at, at + 6)]
        + ([visit(50 + at, lead=ANA, external_system="site", external_id="form")] if at % 2 else [])
        for at in range(8)
    ]
    results = together(*[lambda batch=batch: record_engagements(batch) for batch in batches])
    assert all(isinstance(result, list) for result in results), results
    assert Engagement.objects.count() == 14
    record_engagements([visit(59)])
    assert Counter(whose()) == {"ana@nortex.example": 15}
    assert list(differences()) == []


NAMES = st.sampled_from(["v1", "v2", "v3", None])
EVENTS = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from([None, None, ANA, BEN]),
        st.sampled_from([None, None, NORTEX, AccountInput(name="Brenn")]),
        st.integers(0, 100),
        st.sampled_from(["page_view", "form"]),
        st.sampled_from(["", "k1", "k2", "k3"]),
        st.integers(0, 4000),
    ).filter(lambda one: any(one[:3])),
    max_size=12,
)


class TestCounts(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(batches=st.lists(EVENTS, max_size=4))
    def test_whatever_comes_in_the_counts_are_those_of_the_engagements(self, batches):
        for batch in batches:
            record_engagements([self.event(*one) for one in batch])
        assert list(differences()) == []
        # Nobody who is known has visits that are nobody's.
        assert not Engagement.objects.filter(lead=None, visitor__lead__isnull=False).exists()
        keyed = Engagement.objects.exclude(external_id="")
        assert keyed.count() == len({one[5] for batch in batches for one in batch} - {""})

    def event(self, visitor, lead, account, confidence, kind, key, minutes):
        seen = visitor and VisitorInput(
            external_system="site",
            external_id=visitor,
            tool="lookup",
            confidence=confidence,
            lawful_basis="consent",
        )
        return EngagementInput(
            kind=kind,
            occurred_at=NOON - dt.timedelta(minutes=minutes),
            lead=lead,
            account=account,
            visitor=seen or None,
            external_system="site" if key else "",
            external_id=key,
            duration_seconds=minutes % 7,
        )
