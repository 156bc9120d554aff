"""Every chart over time marks where the agreement changed: a line with its name, and the same name in the table."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from feedback.actions import decisions
from feedback.logic.lines import LinePoint, changes_at, line_chart
from leads.reports.agreements import changes
from tests.factories import RepFactory, UserFactory, ago, agreement, as_person, offered, policy


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], {}),
        ([("Oct", "A"), ("Nov", "B")], {1: "A", 2: "B"}),
        ([("Oct", "A"), ("Oct", "B")], {1: "A, B"}),
        ([("Dec", "A")], {}),
    ],
)
def test_changes_stand_at_their_point(found: list[tuple[str, str]], expected: dict[int, str]):
    assert changes_at(["Sep", "Oct", "Nov"], found) == expected


def test_a_mark_stands_where_its_point_does():
    points = [LinePoint(name, 0.5) for name in ("Sep", "Oct", "Nov")]
    chart = line_chart({"x": points}, changes=changes_at(["Sep", "Oct", "Nov"], [("Oct", "Agreement 2")]))
    assert chart.changes == ((chart.lines[0].marks[1].x, "Agreement 2"),)


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def reader(self) -> Client:
        client = Client()
        client.force_login(UserFactory(roles=("marketer",)))
        return client

    @pytest.fixture
    def history(self):
        """Handoffs of ten weeks, three agreements: long before, in the middle, and twice in one week."""
        policy(minutes=60, weekly=None)
        rep = RepFactory()
        for weeks in range(10):
            handoff = offered(rep, at=ago(weeks=weeks, hours=3))
            decisions.accept(handoff.uid, by=as_person(rep), at=handoff.offered_at + dt.timedelta(minutes=5))
        for days in (300, 30):
            agreement(at=ago(days=days), note=f"{days} days ago")

    @pytest.mark.parametrize(
        ("name", "query"),
        [("feedback:report-rejections", {"by": "month", "period": "26w"}), ("sla:attainment", {"period": "12w"})],
    )
    def test_a_change_in_the_interval_is_drawn_and_told(self, reader, history, name: str, query: dict[str, str]):
        text = reader.get(reverse(name, query=query)).text
        assert text.count("<title>Agreement 2</title></line>") == 1
        assert '<span class="note">Agreement 2</span>' in text
        assert "Dashed lines: Agreement 2" in text
        assert "Agreement 1" not in text

    @pytest.mark.parametrize(
        ("name", "query"),
        [("feedback:report-rejections", {"by": "month", "period": "4w"}), ("sla:attainment", {"period": "4w"})],
    )
    def test_one_before_it_is_not(self, reader, history, name: str, query: dict[str, str]):
        text = reader.get(reverse(name, query=query)).text
        assert "Agreement 2" not in text

    def test_other_reports_say_it_in_words(self, reader, history):
        text = reader.get(reverse("feedback:report-rejections", query={"by": "channel", "period": "12w"})).text
        assert "The agreement changed: " in text

    def test_the_interval_is_half_open(self, history):
        at, name = changes(None, None)[1]
        assert name == "Agreement 2"
        assert changes(at, None) == [(at, name)]
        assert [one for _, one in changes(None, at)] == ["Agreement 1"]

    def test_its_month_is_the_readers(self, reader):
        at = dt.datetime(2026, 9, 30, 23, 0, tzinfo=dt.UTC)
        rep = RepFactory()
        for month in (8, 9, 10):
            offered(rep, at=dt.datetime(2026, month, 10, tzinfo=dt.UTC))
        agreement(at=at)
        for zone, month in (("Europe/Berlin", "October"), ("America/Lima", "September")):
            reader.cookies["leadloop_tz"] = zone
            assert at.astimezone(ZoneInfo(zone)).strftime("%B") == month
            text = reader.get(reverse("feedback:report-rejections", query={"by": "month", "period": "all"})).text
            row = next(part for part in text.split("<tr") if '<span class="note">Agreement 1</span>' in part)
            assert f">{month[:3]}" in row


def test_names_above_the_lines_do_not_lie_on_each_other():
    names = [f"w{number}" for number in range(21)]
    found = [("w0", "A"), ("w10", "B"), ("w11", "C"), ("w20", "D")]
    chart = line_chart({"x": [LinePoint(name, 0.5) for name in names]}, changes=changes_at(names, found))
    text = Template("{% load charts %}{% chart_line chart 'Title' %}").render(Context({"chart": chart}))
    for place, anchor, name in (("0.00%", "start", "A"), ("50.00%", "middle", "B"), ("100.00%", "end", "D")):
        assert f'<text x="{place}" y="11" text-anchor="{anchor}">{name}</text>' in text
    assert ">C</text>" not in text
    assert "Dashed lines: A, B, C, D." in text
