"""Reports: pages and files. Every figure of an answer is from one snapshot, and nothing is asked while it is drawn."""

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from feedback.forms_reports import read_list, read_report
from feedback.middleware import PageRequest
from feedback.pages.handoff_lists import list_of
from feedback.pages.rejections import page_of
from feedback.reports.exports import MOST_ROWS, take_slot
from feedback.reports.handoff_lists import behind, every, part_of
from feedback.reports.rejection_tables import LIST_COLUMNS, in_words, row_of, table_of
from feedback.reports.rejections import rejections
from feedback.reports.snapshot import snapshot
from leads.logic.csv_cells import csv_lines
from leads.logic.errors import InvalidInput

_CSV = "text/csv; charset=utf-8"
_IN_MEMORY = 1024 * 1024


@require_safe
def rejection_report(request: PageRequest) -> HttpResponse:
    """Why sales says no, for what the reader may see."""
    zone, now = timezone.get_current_timezone(), timezone.now()
    with snapshot():
        query = read_report(request.GET, person=request.person, zone=zone, now=now)
        report = rejections(query.cohort, query.period, by=query.by, zone=zone, now=now)
    page = page_of(report, query, today=now.astimezone(zone).date())
    return render(request, "feedback/report_rejections.html", {"report": page})


@require_safe
def rejection_csv(request: PageRequest) -> HttpResponseBase:
    """The table of the report as a file."""
    zone, now = timezone.get_current_timezone(), timezone.now()
    with snapshot():
        query = read_report(request.GET, person=request.person, zone=zone, now=now)
        table = in_words(table_of(rejections(query.cohort, query.period, by=query.by, zone=zone, now=now)))
    lines = csv_lines(table.columns, table.rows)
    return _as_file(StreamingHttpResponse(lines, content_type=_CSV), f"rejections-by-{query.by}.csv")


@require_safe
def handoff_list(request: PageRequest) -> HttpResponse:
    """The handoffs behind one figure, a page at a time."""
    zone, now = timezone.get_current_timezone(), timezone.now()
    with snapshot():
        query = read_list(request.GET, person=request.person, zone=zone, now=now)
        found = behind(query.report.cohort, figure=query.figure, reason=query.reason, now=now)
        page = part_of(found, after=query.after, until=query.until)
    return render(request, "feedback/report_handoffs.html", {"report": list_of(page, query)})


@require_safe
def handoff_csv(request: PageRequest) -> HttpResponseBase:
    """The handoffs behind one figure as a file, written whole before it is sent: a slow reader holds no snapshot."""
    zone, now = timezone.get_current_timezone(), timezone.now()
    with snapshot():
        query = read_list(request.GET, person=request.person, zone=zone, now=now)
        if not take_slot(request.user.pk):
            return HttpResponse(
                "Other exports are being made. Try again in a minute.",
                status=429,
                content_type="text/plain; charset=utf-8",
                headers={"Retry-After": "60"},
            )
        found = behind(query.report.cohort, figure=query.figure, reason=query.reason, now=now)
        rows = (row_of(listed, zone) for listed in every(found, most=MOST_ROWS + 1))
        file = _written(csv_lines(LIST_COLUMNS, rows))
    return _as_file(FileResponse(file, content_type=_CSV), f"handoffs-{query.figure}.csv")


def _written(lines: Iterable[str]) -> "SpooledTemporaryFile[bytes]":
    """The lines in a file that is gone once closed. InvalidInput(period) when there are more than an export takes."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    try:
        for number, line in enumerate(lines):
            if number > MOST_ROWS:
                raise InvalidInput(f"That is more than {MOST_ROWS:,} handoffs; choose a shorter time.", field="period")
            file.write(line.encode())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _as_file(response: StreamingHttpResponse, name: str) -> StreamingHttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
