"""What the list of the handoffs behind a figure says."""

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.forms_reports import ListQuery, written_place
from feedback.logic.periods import span_words
from feedback.logic.rights import Person, may_uphold
from feedback.pages.report_addresses import address
from feedback.reports.handoff_lists import FIGURES, ListedHandoff, ListPage, Place

# Lists of nothing but what sales refused; so is every list of one reason.
_REFUSALS = frozenset({"rejected", "returned", "void"})


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
    uphold_url: str


def list_of(page: ListPage, query: ListQuery) -> ListWords:
    """One page of the list, with the ways to the next one, to the file and back to the report."""
    report = query.report
    what = f"rejected for “{query.reason.label}”" if query.reason else FIGURES[query.figure]
    asked = _asked(query)
    person = report.cohort.person
    is_of_refusals = query.figure in _REFUSALS or query.reason is not None
    is_reviewed = is_of_refusals and may_uphold(person) and any(row.is_open_to_review for row in page.rows)
    return ListWords(
        title=f"Handoffs {what}",
        sentence=" · ".join((f"Offered {span_words(report.period.first_on, report.period.last_on)}", *report.narrowed)),
        rows=page.rows,
        report_url=address("report-rejections", report.asked),
        csv_url=address("report-handoffs-csv", asked),
        previous_url=_turned(asked, "until", page.previous, person),
        next_url=_turned(asked, "after", page.following, person),
        uphold_url=here(query, "report-handoffs-uphold") if is_reviewed else "",
    )


def here(query: ListQuery, name: str, **more: str) -> str:
    """The address called `name` with this page of the list kept in it."""
    person = query.report.cohort.person
    places = {"after": query.after, "until": query.until}
    kept = {key: written_place(place, person=person) for key, place in places.items() if place}
    return address(name, _asked(query), **kept, **more)


def _asked(query: ListQuery) -> dict[str, str]:
    return {**query.report.asked, "figure": query.figure, "reason": query.reason.key if query.reason else ""}


def _turned(asked: Mapping[str, str], direction: str, place: Place | None, person: Person) -> str:
    return address("report-handoffs", asked, **{direction: written_place(place, person=person)}) if place else ""
