"""Engagements as they come in: of whom they are, what is counted, and what is news."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.actions.engagements import EngagementInput, clean_engagement, record_engagements
from leads.actions.people import AccountInput, CampaignInput, LeadInput, upsert_leads
from leads.actions.visitors import VisitorInput
from leads.logic.errors import InvalidInput
from leads.models import Account, Engagement, EngagementDay, JournalEntry, Lead, PageGroup, Touched, Visitor
from leads.reports.counts import differences
from leads.signals import engaged
from tests.leads.imports.taking import refused, take_in

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NORTEX = AccountInput(name="Nortex", domain="nortex.example")
ANA = LeadInput(email="ana@nortex.example", account=NORTEX)


def visit(minutes: int = 0, **more) -> EngagementInput:
    return EngagementInput(kind="page_view", occurred_at=NOON + dt.timedelta(minutes=minutes), **more)


def browser(external_id: str = "v1", **more) -> VisitorInput:
    return VisitorInput(external_system="site", external_id=external_id, **more)


def found(confidence: int, external_id: str = "v1") -> VisitorInput:
    return browser(external_id, tool="lookup", confidence=confidence, lawful_basis="legitimate_interest")


def known(external_id: str, minutes: int = 0, **more) -> EngagementInput:
    return visit(minutes, external_system="site", external_id=external_id, **more)


def days() -> list[tuple]:
    columns = ("lead__email", "account__name", "visitor__external_id", "page_group", "confidence", "count")
    assert list(differences()) == []
    return sorted(EngagementDay.objects.values_list(*columns), key=repr)


@pytest.fixture
def news():
    heard: list[tuple[dict, dict]] = []

    def listen(leads, accounts, **_):
        heard.append((leads, accounts))

    engaged.connect(listen)
    yield heard
    engaged.disconnect(listen)


def test_a_lead_is_counted_at_its_account_and_touched_once(news):
    upsert_leads([ANA])
    Touched.objects.all().delete()
    record_engagements([visit(lead=ANA, duration_seconds=30), visit(5, lead=ANA, duration_seconds=12)])
    lead, account = Lead.objects.get(), Account.objects.get()
    assert days() == [("ana@nortex.example", "Nortex", None, "", 100, 2)]
    day = EngagementDay.objects.get()
    assert (day.duration_seconds, day.last_at) == (42, NOON + dt.timedelta(minutes=5))
    assert day.happened_on == NOON.date()
    assert list(Touched.objects.values_list("lead_id", "account_id")) == [(lead.pk, account.pk)]
    assert news == [({lead.pk: day.last_at}, {account.pk: day.last_at})]


def test_what_was_known_is_counted_once_and_is_no_news(news):
    record_engagements([known("e1", lead=ANA), known("e1", lead=ANA)])
    before = days()
    Touched.objects.all().delete()
    news.clear()
    record_engagements([known("e1", lead=ANA), known("e1", lead=ANA)])
    assert days() == before == [("ana@nortex.example", "Nortex", None, "", 100, 1)]
    assert (news, Touched.objects.count(), Engagement.objects.count()) == ([], 0, 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": "form"}, ("form", "pricing", NOON.date(), 2, 10)),
        ({"url": "/careers"}, ("page_view", "careers", NOON.date(), 2, 10)),
        ({"occurred_at": NOON - dt.timedelta(days=1)}, ("page_view", "pricing", dt.date(2026, 11, 19), 2, 10)),
        ({"duration_seconds": 25}, ("page_view", "pricing", NOON.date(), 2, 25)),
    ],
)
def test_an_edited_engagement_moves_its_counts(change, expected):
    group("pricing", "prefix", "/pricing")
    group("careers", "prefix", "/careers")
    one = known("e1", lead=ANA, url="/pricing", duration_seconds=10)
    record_engagements([one, replace(one, external_id="e2", occurred_at=NOON - dt.timedelta(hours=1))])
    record_engagements([replace(one, **change)])
    moved = EngagementDay.objects.order_by("-id").first()
    days()
    total = sum(EngagementDay.objects.values_list("count", flat=True))
    assert (moved.kind, moved.page_group, moved.happened_on, total) == expected[:4]
    assert Engagement.objects.get(external_id="e1").duration_seconds == expected[4]


def test_the_last_instant_goes_back_with_what_was_taken_away():
    one = known("e1", 30, lead=ANA)
    record_engagements([one, known("e2", 10, lead=ANA)])
    record_engagements([replace(one, kind="form")])
    assert EngagementDay.objects.get(kind="page_view").last_at == NOON + dt.timedelta(minutes=10)
    days()


def test_an_empty_value_never_overwrites():
    record_engagements(
        [known("e1", lead=ANA, subject="Pricing", url="/pricing", campaign=CampaignInput(name="Spring"))]
    )
    record_engagements([known("e1", lead=ANA)])
    row = Engagement.objects.get()
    assert (row.subject, row.url, row.campaign.name) == ("Pricing", "/pricing", "Spring")


def group(key: str, operator: str, value: str, position: int = 0) -> PageGroup:
    return PageGroup.objects.create(
        key=key, label=key, position=position, patterns=[{"operator": operator, "value": value}]
    )


def test_a_page_falls_into_the_first_group_that_takes_it():
    group("all", "prefix", "/", position=9)
    group("pricing", "equals", "/Pricing/", position=1)
    group("careers", "contains", "jobs", position=2)
    urls = ["https://www.example.com/PRICING?plan=pro#top", "/pricing/", "/en/jobs/1", "/pricing/enterprise", ""]
    rows = record_engagements([visit(lead=ANA, url=url) for url in urls])
    assert [row.page_group for row in rows] == ["pricing", "pricing", "careers", "all", ""]
    assert rows[0].url == "https://www.example.com/PRICING"
    days()


def test_a_changed_group_counts_from_then_on_and_rewrites_nothing():
    careers = group("careers", "prefix", "/jobs")
    record_engagements([known("e1", lead=ANA, url="/jobs/1")])
    careers.delete()
    record_engagements([known("e1", lead=ANA, url="/jobs/1"), known("e2", lead=ANA, url="/jobs/1")])
    assert [(group, count) for *_, group, _, count in days()] == [("", 1), ("careers", 1)]


def test_an_account_alone_and_an_unknown_visitor(news):
    record_engagements([visit(account=NORTEX), visit(visitor=browser("v1")), visit(visitor=found(70), account=NORTEX)])
    account = Account.objects.get()
    assert days() == [(None, "Nortex", "v1", "", 70, 2), (None, "Nortex", None, "", 100, 1)]
    assert Engagement.objects.filter(account=account).count() == 3
    assert [set(accounts) for _, accounts in news] == [{account.pk}]
    row = Visitor.objects.get()
    assert (row.account, row.tool, row.confidence, row.lawful_basis) == (account, "lookup", 70, "legitimate_interest")


def test_the_surer_identification_stays_and_takes_what_was_done_along():
    vialto = AccountInput(name="Vialto")
    record_engagements([visit(visitor=found(60), account=NORTEX)])
    record_engagements([visit(visitor=found(50), account=vialto)])
    record_engagements([visit(visitor=found(60), account=vialto)])
    assert days() == [(None, "Nortex", "v1", "", 60, 3)]
    record_engagements([visit(visitor=found(90), account=vialto)])
    assert days() == [(None, "Vialto", "v1", "", 90, 4)]
    record_engagements([visit(visitor=browser(), account=NORTEX)])
    assert days() == [(None, "Nortex", "v1", "", 100, 5)]


def test_a_later_visit_of_a_known_visitor_is_the_leads_and_news(news):
    record_engagements([visit(visitor=browser(), lead=ANA)])
    news.clear()
    record_engagements([visit(7, visitor=browser())])
    lead = Lead.objects.get()
    assert days() == [("ana@nortex.example", "Nortex", None, "", 100, 2)]
    assert news == [({lead.pk: NOON + dt.timedelta(minutes=7)}, {lead.account_id: NOON + dt.timedelta(minutes=7)})]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "ftp://example.com/x"}, "url"),
        ({"url": "//example.com/x"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "/" + "x" * 500}, "url"),
        ({"url": "/a\x00b"}, "url"),
        ({"url": "/\ud800"}, "url"),
        ({"url": 5}, "url"),
        ({"visitor": VisitorInput(external_id=" ")}, "visitor.external_id"),
        ({"visitor": browser("x" * 201)}, "visitor.external_id"),
        ({"visitor": browser(confidence=101)}, "visitor.confidence"),
        ({"visitor": browser(confidence=-1)}, "visitor.confidence"),
        ({"visitor": browser(confidence=True)}, "visitor.confidence"),
        ({"visitor": browser(lawful_basis="because")}, "visitor.lawful_basis"),
        ({"visitor": browser(tool="lookup"), "account": NORTEX}, "visitor.lawful_basis"),
        ({"lead": None}, "lead"),
    ],
)
def test_what_is_refused_leaves_nothing(given, field):
    with pytest.raises(InvalidInput) as refused:
        record_engagements([visit(lead=ANA), visit(**{"lead": ANA, **given})])
    assert refused.value.field == field
    assert (Engagement.objects.count(), Lead.objects.count(), Visitor.objects.count()) == (0, 0, 0)


def test_an_address_is_kept_without_what_may_be_secret():
    given = visit(lead=ANA, url="HTTPS://ana:secret@www.Example.com/a%20b?token=1#x")
    assert clean_engagement(given, now=NOON).url == "https://www.example.com/a%20b"


def test_statements_do_not_grow():
    group("pricing", "prefix", "/pricing")

    def batch(number: int, prefix: str) -> list[EngagementInput]:
        made = []
        for n in range(number):
            lead = LeadInput(email=f"p{n}@nortex.example", account=NORTEX)
            made.append(known(f"{prefix}{n}a", lead=lead, url="/pricing"))
            made.append(known(f"{prefix}{n}b", visitor=found(50, f"{prefix}v{n}"), account=NORTEX))
            made.append(known(f"{prefix}{n}c", visitor=browser(f"{prefix}v{n}"), lead=lead))
        return made

    taken = []
    for number, prefix in ((2, "a"), (90, "b"), (2, "b")):
        with CaptureQueriesContext(connection) as captured:
            record_engagements(batch(number, prefix))
        taken.append(len(captured))
    assert taken[1] <= taken[0] + 4, taken
    assert taken[2] <= taken[0], taken
    assert JournalEntry.objects.filter(kind="visitor.identified").count() == 92
    days()


def test_a_file_says_which_browser_it_was():
    group("pricing", "prefix", "/pricing")
    tool = "visitor.tool,visitor.confidence,visitor.lawful_basis"
    text = f"""external_id,kind,occurred_at,url,visitor.external_id,{tool},account.name
E1,page_view,2026-01-05,https://www.example.com/pricing?x=1,v1,lookup,80,consent,Nortex
E2,page_view,2026-01-06,/pricing,v1,,,,
E3,page_view,2026-01-06,/pricing,v1,lookup,80,,Nortex
E4,page_view,2026-01-06,javascript:alert(1),v1,,,,
"""
    run = take_in(text, kind="engagements", mapping='external_system = "site"\ntimezone = "UTC"')
    assert [(line, field) for line, field, _ in refused(run)] == [(4, "visitor.lawful_basis"), (5, "url")]
    assert days() == [(None, "Nortex", "v1", "pricing", 80, 1)] * 2
