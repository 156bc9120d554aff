"""What was imported, and which rows were refused."""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from leads.models import ImportRow, ImportRun, RowResult

PAGE = 50


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not taken in: the line it begins on, the field that has to change ("" for the row), and why."""

    line: int
    field: str
    message: str


@dataclass(frozen=True)
class Page:
    """Part of a long list: at most PAGE rows; `next_after` is where the next part begins, None at the end."""

    rows: list[RefusedRow]
    next_after: int | None


@dataclass(frozen=True)
class PastRuns:
    """Runs, newest first; `next_before` is where the next part begins, None at the end."""

    runs: list[ImportRun]
    next_before: dt.datetime | None


def past_runs(kinds: Collection[str], *, before: dt.datetime | None = None) -> PastRuns:
    """The runs of these kinds made before an instant, newest first, at most PAGE."""
    rows = ImportRun.objects.filter(kind__in=kinds).select_related("started_by").order_by("-created_at", "-pk")
    found = list((rows.filter(created_at__lt=before) if before else rows)[: PAGE + 1])
    more = len(found) > PAGE
    return PastRuns(found[:PAGE], found[PAGE - 1].created_at if more else None)


def run_of(uid: UUID, kinds: Collection[str]) -> ImportRun | None:
    """The run, when it is of one of these kinds."""
    return ImportRun.objects.select_related("started_by").filter(uid=uid, kind__in=kinds).first()


def refused_rows(run: ImportRun, *, after: int = 0) -> Page:
    """The refused rows behind line `after`, in order of line, at most PAGE. Read from an index, whatever their
    number.
    """
    rows = ImportRow.objects.filter(run=run, result=RowResult.FAILED, line__gt=after).order_by("line")
    found = [RefusedRow(*row) for row in rows.values_list("line", "field", "message")[: PAGE + 1]]
    return Page(found[:PAGE], found[PAGE - 1].line if len(found) > PAGE else None)


def every_refused_row(run: ImportRun) -> Iterator[RefusedRow]:
    """All refused rows in order of line, a page at a time, so that no cursor stays open while a download is slow."""
    after: int | None = 0
    while after is not None:
        page = refused_rows(run, after=after)
        yield from page.rows
        after = page.next_after
