"""The sentence that says why a lead is worth a call: facts, in their order, and nothing else."""

import datetime as dt

import pytest

from leads.logic.why_now import Sight, Who, described, why_now

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def sight(kind: str, subject: str, days: float, who: Who = Who.LEAD, seconds: int | None = None) -> Sight:
    at = NOW - dt.timedelta(days=days)
    return Sight(kind=kind, subject=subject, at=at, who=who, duration_seconds=seconds)


def test_the_sentence_of_the_design():
    seen = [sight("page_view", "Pricing", days) for days in (0.5, 2, 5)]
    seen.append(sight("form", "API question", 3, Who.COLLEAGUE))
    why = why_now(seen, now=NOW)
    assert why.text == "Came back to pricing three times in five days, and a colleague filled in “API question”."
    assert [part.text for part in why.parts if part.strong] == ["pricing three times in five days"]
    assert why.short == "pricing three times in five days"


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ([], ""),
        ([sight("page_view", "Pricing", 31)], ""),
        ([sight("page_view", "Pricing", -1)], ""),
        ([sight("page_view", "Pricing", 1)], "Looked at pricing."),
        ([sight("page_view", "/docs/api?x=1", 1)], "Looked at the API page."),
        ([sight("page_view", "/", 1)], "Looked at the home page."),
        ([sight("page_view", "", 1)], "Looked at something."),
        ([sight("webinar", "Routing 101", 1)], "Attended “Routing 101”."),
        ([sight("form", "Demo", 1, Who.VISITOR)], "An unknown visitor filled in “Demo”."),
        ([sight("email_open", "A", 1), sight("email_open", "B", 2)], "Opened mails twice in a day."),
        ([sight("email_open", "A", 1), sight("form", "Demo", 9)], "Filled in “Demo”."),
        ([sight("page_view", "GmbH Vergleich", 1)], "Looked at GmbH Vergleich."),
    ],
)
def test_only_what_was_seen_is_said(seen: list[Sight], text: str):
    assert why_now(seen, now=NOW).text == text


def test_three_facts_at_most_the_most_telling_first():
    kinds = ("email_click", "page_view", "download", "webinar", "form")
    why = why_now([sight(kind, f"{kind} X", 1) for kind in kinds], now=NOW)
    assert why.text.startswith("Filled in “form X”, attended “webinar X”, and ")
    assert why.text.count(",") == 2


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (sight("page_view", "/plan-comparison", 1, seconds=125), "Plan comparison page, 2 min"),
        (sight("webinar", "Routing 101", 1, seconds=2280), "Attended “Routing 101”, 38 min"),
        (sight("page_view", "Pricing", 1, seconds=20), "Pricing"),
    ],
)
def test_lines_of_a_timeline(seen: Sight, text: str):
    assert described(seen) == text
