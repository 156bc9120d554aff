"""What the list of the handoffs behind a figure says."""

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.forms_reports import ListQuery, written_place
from feedback.logic.periods import span_words
from feedback.logic.rights import Person
from feedback.pages.report_addresses import address
from feedback.reports.handoff_lists import FIGURES, ListedHandoff, ListPage, Place


@dataclass(frozen=True, kw_only=True)
class ListWords:
    """See templates/feedback/report_handoffs.html."""

    title: str
    sentence: str
    rows: tuple[ListedHandoff, ...]
    report_url: str
    csv_url: str
    previous_url: str
    next_url: str


def list_of(page: ListPage, query: ListQuery) -> ListWords:
    """One page of the list, with the ways to the next one, to the file and back to the report."""
    report = query.report
    what = f"rejected for “{query.reason.label}”" if query.reason else FIGURES[query.figure]
    asked = {**report.asked, "figure": query.figure, "reason": query.reason.key if query.reason else ""}
    person = report.cohort.person
    return ListWords(
        title=f"Handoffs {what}",
        sentence=" · ".join((f"Offered {span_words(report.period.first_on, report.period.last_on)}", *report.narrowed)),
        rows=page.rows,
        report_url=address("report-rejections", report.asked),
        csv_url=address("report-handoffs-csv", asked),
        previous_url=_turned(asked, "until", page.previous, person),
        next_url=_turned(asked, "after", page.following, person),
    )


def _turned(asked: Mapping[str, str], direction: str, place: Place | None, person: Person) -> str:
    return address("report-handoffs", asked, **{direction: written_place(place, person=person)}) if place else ""
