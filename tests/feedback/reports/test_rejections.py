"""The figures of the report, against the same ones counted one by one."""

import datetime as dt
import itertools

import pytest

from feedback.logic.figures import Figures
from feedback.logic.periods import Period, Window, read_period
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, RejectionReason
from feedback.reports.cohorts import NO_CAMPAIGN, Cohort
from feedback.reports.handoff_lists import FIGURES, Place, behind, part_of
from feedback.reports.rejections import GROUPINGS, RejectionReport, rejections
from leads.models import Campaign
from tests.factories import TeamFactory
from tests.feedback.reports.random_handoffs import CHANNELS, NOW, ZONE, counts_by_hand, make_handoffs, waiting_by_hand

pytestmark = pytest.mark.django_db
TODAY = NOW.astimezone(ZONE).date()


def period_of(key: str) -> Period:
    return read_period(key, start="", end="", today=TODAY, zone=ZONE)


def report_on(key: str = "all", *, by: str = "reason", **narrowed) -> RejectionReport:
    period = period_of(key)
    cohort = Cohort(person=LEADLOOP, window=period.window, **narrowed)
    return rejections(cohort, period, by=by, zone=ZONE, now=NOW)


def counts_in(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in counts_by_hand([])}


def is_in(one: Handoff, window: Window) -> bool:
    return (window.start_at is None or window.start_at <= one.offered_at) and (
        window.end_at is None or one.offered_at < window.end_at
    )


@pytest.fixture(params=[1, 2, 3])
def handoffs(request):
    return make_handoffs(request.param, teams=[TeamFactory(), TeamFactory()])


@pytest.mark.parametrize("key", ["all", "12w", "4w", "2026-10", "2026-03-29..2026-10-25"])
def test_totals(handoffs, key):
    inside = [one for one in handoffs if is_in(one, period_of(key).window)]
    assert len(inside) > 10
    total = report_on(key).total
    assert counts_in(total) == counts_by_hand(inside)
    assert total.acceptance.count + total.rejection.count + total.pending + total.expired == total.counted


def test_narrowed_to_team_channel_campaign(handoffs):
    campaigns = [None, *Campaign.objects.all()]
    for team, channel, campaign in itertools.product({one.team for one in handoffs}, CHANNELS, campaigns[:3]):
        report = report_on(
            "26w", team_id=team.pk, channel=channel, campaign_id=campaign.pk if campaign else NO_CAMPAIGN
        )
        inside = [
            one
            for one in handoffs
            if is_in(one, period_of("26w").window)
            and (one.team, one.channel, one.campaign) == (team, channel, campaign)
        ]
        assert counts_in(report.total) == counts_by_hand(inside)
        assert sum(line.share.count for line in report.reasons) == sum(one.reason is not None for one in inside)


def test_groups_add_up_to_the_whole(handoffs):
    for by in GROUPINGS[1:]:
        report = report_on("26w", by=by)
        summed = sum((group.figures for group in report.groups), Figures())
        assert summed == report.total
        assert report.total == report_on("26w").total


def test_by_channel_and_campaign(handoffs):
    channels = {group.name.key: group.figures for group in report_on(by="channel").groups}
    assert set(channels) == {one.channel for one in handoffs}
    for channel, figures in channels.items():
        assert counts_in(figures) == counts_by_hand(one for one in handoffs if one.channel == channel)
    campaigns = {group.name.label: group.figures for group in report_on(by="campaign").groups}
    for name, figures in campaigns.items():
        mine = [one for one in handoffs if (one.campaign.name if one.campaign else "no campaign") == name]
        assert counts_in(figures) == counts_by_hand(mine)


def test_by_month_of_the_readers_zone(handoffs):
    report = report_on(by="month")
    found = {group.name.key: counts_in(group.figures) for group in report.groups}
    months = {f"{one.offered_at.astimezone(ZONE):%Y-%m}" for one in handoffs}
    assert list(found) == sorted(months)
    for month in months:
        mine = [one for one in handoffs if f"{one.offered_at.astimezone(ZONE):%Y-%m}" == month]
        assert found[month] == counts_by_hand(mine)


def test_a_month_cut_by_the_period_counts_only_what_lies_in_it(handoffs):
    window = period_of("2026-04-10..2026-06-20").window
    report = report_on("2026-04-10..2026-06-20", by="month")
    for group in report.groups:
        mine = [one for one in handoffs if is_in(one, window)]
        mine = [one for one in mine if f"{one.offered_at.astimezone(ZONE):%Y-%m}" == group.name.key]
        assert group.figures.offered == len(mine)
    assert [group.name.key for group in report.groups] == ["2026-04", "2026-05", "2026-06"]


def test_days_add_up_to_the_month_whatever_the_clocks_do():
    make_handoffs(7, teams=[TeamFactory()])
    first = dt.date(2026, 10, 1)
    days = [report_on(f"{first + dt.timedelta(n)}..{first + dt.timedelta(n + 1)}").total.offered for n in range(31)]
    assert sum(days) == report_on("2026-10").total.offered > 0


def test_reasons_with_their_share_and_their_change(handoffs):
    period = period_of("12w")
    now = [one for one in handoffs if is_in(one, period.window)]
    before = [one for one in handoffs if is_in(one, period.before)]
    report = report_on("12w")
    assert {line.reason.pk for line in report.reasons} == {one.reason.pk for one in now + before if one.reason}
    for line in report.reasons:
        mine = [one for one in now if one.reason == line.reason]
        assert line.at_review == sum(one.state == "rejected" for one in mine)
        assert line.after_work == sum(one.state == "returned" for one in mine)
        assert (line.share.count, line.share.of) == (len(mine), counts_by_hand(now)["decided"])
        assert line.before.count == sum(one.reason == line.reason for one in before)
        assert line.before.of == counts_by_hand(before)["decided"]
        assert line.change.difference == pytest.approx(line.share.share - line.before.share)
        for group, rate in zip(report.channels, line.by_channel, strict=True):
            of_channel = [one for one in now if one.channel == group.name.key]
            assert rate.count == sum(one.reason == line.reason for one in of_channel)
            assert rate.of == counts_by_hand(of_channel)["decided"]


def test_there_is_nothing_before_all_time(handoffs):
    assert all(line.before is None and line.change is None for line in report_on("all").reasons)


def test_time_to_decide_counts_the_undecided_as_waiting(handoffs):
    expected = waiting_by_hand(handoffs)
    assert expected is not None
    assert report_on().waiting.median == dt.timedelta(minutes=expected)
    decided = [one for one in handoffs if one.decided_at]
    assert expected > waiting_by_hand(decided), "leaving out who waits makes it look faster"


@pytest.mark.parametrize("figure", FIGURES)
def test_the_list_behind_a_figure_holds_what_the_figure_counts(handoffs, figure):
    total = report_on("12w").total
    cohort = Cohort(person=LEADLOOP, window=period_of("12w").window)
    assert behind(cohort, figure=figure, reason=None, now=NOW).count() == getattr(total, figure) > 0


def test_the_list_behind_a_reason(handoffs):
    cohort = Cohort(person=LEADLOOP, window=period_of("12w").window, channel="Search")
    report = report_on("12w", channel="Search")
    for line in report.reasons:
        assert behind(cohort, figure="decided", reason=line.reason, now=NOW).count() == line.share.count


def test_the_list_can_be_paged_through_in_both_directions():
    make_handoffs(5, count=180, teams=[TeamFactory()])
    at = NOW - dt.timedelta(days=3)
    Handoff.objects.filter(pk__in=list(Handoff.objects.values_list("pk", flat=True)[:120])).update(offered_at=at)
    found = Handoff.objects.all()
    pages, after = [], None
    while True:
        page = part_of(found, after=after)
        pages.append(page)
        if page.following is None:
            break
        after = page.following
    every = [row.uid for page in pages for row in page.rows]
    assert every == list(found.order_by("-offered_at", "-uid").values_list("uid", flat=True))
    assert pages[0].previous is None
    back = part_of(found, until=pages[2].previous)
    assert back.rows == pages[1].rows
    assert part_of(found, until=back.previous).previous is None


def test_the_list_ends_where_nothing_is_left():
    page = part_of(Handoff.objects.all(), after=Place(NOW, RejectionReason.objects.first().uid))
    assert page.rows == ()
    assert page.following is None


def test_worked_example_of_the_metrics():
    """One cohort in five becomes an SQL, whatever month over month says; a young one says nothing (docs/metrics.md)."""
    team, cohorts = TeamFactory(), {1: 100, 2: 200, 3: 50}
    later = {0: 0.10, 1: 0.06, 2: 0.04}
    offers, sqls = dict.fromkeys(range(1, 6), 0), dict.fromkeys(range(1, 6), 0)
    for month, size in cohorts.items():
        offered_at = dt.datetime(2026, month, 20, 12, tzinfo=dt.UTC)
        rows = make_handoffs(month, count=size, teams=[team])
        ends = [wait for wait, share in later.items() for _ in range(round(size * share))]
        for one, wait in itertools.zip_longest(rows, ends):
            sql_at = dt.datetime(2026, month + wait, [25, 10, 10][wait], tzinfo=dt.UTC) if wait is not None else None
            Handoff.objects.filter(pk=one.pk).update(
                state="qualified" if sql_at else "accepted", reason=None, is_void=False, offered_at=offered_at,
                decided_at=offered_at, disposed_at=sql_at, closed_at=None, opportunity_at=None, due_at=None,
            )  # fmt: skip
            offers[month] += 1
            if sql_at:
                sqls[sql_at.month] += 1
    assert [round(100 * sqls[month] / offers[month]) for month in (1, 2, 3)] == [10, 13, 42]

    def by_month(now: dt.datetime) -> list[float | None]:
        period = read_period("all", start="", end="", today=now.date(), zone=dt.UTC)
        found = rejections(Cohort(person=LEADLOOP, window=period.window), period, by="month", zone=dt.UTC, now=now)
        return [group.figures.to_sql.share for group in found.groups]

    assert by_month(dt.datetime(2026, 7, 1, tzinfo=dt.UTC)) == [0.2, 0.2, 0.2]
    assert by_month(dt.datetime(2026, 3, 31, tzinfo=dt.UTC)) == [0.2, None, None]


def test_a_campaign_stands_out_only_when_it_does():
    team, reasons = TeamFactory(), list(RejectionReason.objects.filter(counts_in_acceptance=True, at_review=True)[:4])
    handoffs = make_handoffs(11, count=600, teams=[team])
    campaigns = list(Campaign.objects.all())
    for number, one in enumerate(handoffs):
        # Every campaign has the same mix, to the handoff, but for one that has one reason three times as often.
        campaign, slot = campaigns[number % 5], number // 5 % 12
        is_bad = campaign == campaigns[2] and slot in (8, 9)
        reason = reasons[0] if is_bad else reasons[slot] if slot < 4 else None
        Handoff.objects.filter(pk=one.pk).update(
            campaign=campaign, offered_at=NOW - dt.timedelta(days=10), decided_at=NOW - dt.timedelta(days=9),
            due_at=None,
            state="rejected" if reason else "accepted", reason=reason, is_void=False, disposed_at=None, closed_at=None,
        )  # fmt: skip
    comparison = report_on("12w").comparison
    assert (comparison.tested, comparison.campaigns) == (20, 5)
    (one,) = comparison.standouts
    assert (one.campaign.label, one.reason) == (campaigns[2].name, reasons[0])
    assert (one.finding.pair.count, one.finding.pair.of) == (30, 120)
    assert one.finding.times == pytest.approx(3.0)
    assert 1 < one.finding.low < 3 < one.finding.high
    assert 10 / 120 < one.finding.shrunken < 30 / 120

    Handoff.objects.filter(campaign=campaigns[2], reason=reasons[0]).update(reason=reasons[1])
    Handoff.objects.filter(campaign=campaigns[2], reason=reasons[1]).update(state="accepted", reason=None)
    assert report_on("12w").comparison.standouts == ()


def test_nothing_at_all():
    for key, by in itertools.product(["all", "12w", "2026-10"], GROUPINGS):
        report = report_on(key, by=by)
        assert report.total == Figures()
        assert report.total.acceptance.share is None
        assert report.groups == report.reasons == ()
        assert report.waiting.median is None
        assert report.comparison.tested == 0


def test_only_the_young_are_marked():
    team = TeamFactory()
    handoffs = make_handoffs(6, count=200, teams=[team])
    for number, one in enumerate(handoffs):
        is_new = number < 20
        offered_at = NOW - dt.timedelta(hours=1) if is_new else NOW - dt.timedelta(days=40 + number % 20)
        Handoff.objects.filter(pk=one.pk).update(
            state="pending" if is_new else "accepted", reason=None, is_void=False, offered_at=offered_at,
            decided_at=None if is_new else offered_at + dt.timedelta(hours=number % 30),
            disposed_at=None, closed_at=None, opportunity_at=None,
        )  # fmt: skip
    report = report_on("12w", by="month")
    assert report.is_young
    assert {group.name.key: group.is_young for group in report.groups} == {
        "2026-09": False, "2026-10": False, "2026-11": True,
    }  # fmt: skip
    assert dt.timedelta(hours=20) < report.matured < dt.timedelta(hours=30)
    assert not report_on("2026-10").is_young
