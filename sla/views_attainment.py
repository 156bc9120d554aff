"""The attainment report: a page and a file with the same figures."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from feedback.middleware import PageRequest
from feedback.reports.snapshot import snapshot
from leads.logic.csv_cells import csv_lines
from sla.forms_attainment import Query, read_query
from sla.pages.attainment import COLUMNS, page_of, table_of
from sla.reports.attainment import Attainment, attainment


@require_safe
def page(request: PageRequest) -> HttpResponse:
    """How many promises were kept, raw and adjusted."""
    found, query = _found(request)
    today = timezone.localtime(timezone.now()).date()
    return render(request, "sla/attainment.html", {"report": page_of(found, query, today=today)})


@require_safe
def csv(request: PageRequest) -> StreamingHttpResponse:
    """The counts behind the page."""
    found, _ = _found(request)
    response = StreamingHttpResponse(csv_lines(COLUMNS, table_of(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="promises-kept.csv"'
    return response


def _found(request: PageRequest) -> tuple[Attainment, Query]:
    zone, now = timezone.get_current_timezone(), timezone.now()
    with snapshot():
        query = read_query(request.GET, person=request.person, zone=zone, now=now)
        return attainment(query.scope, query.period, zone=zone, now=now), query
