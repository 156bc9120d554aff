"""Importing files by page: upload, watch, read what was refused, stop."""

import datetime as dt
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.actions.import_files import discard_upload, keep_upload, opener_of
from leads.actions.import_kinds import ALL_OR_NOTHING, ImportKind, kind_named
from leads.actions.import_source import Source, mapping_for
from leads.actions.imports import RunRequest, begin, cancel, kinds_of, with_option
from leads.forms_imports import ImportForm
from leads.logic.actors import Actor
from leads.logic.csv_cells import csv_lines
from leads.logic.errors import InvalidInput, NotAllowed, NotFound
from leads.logic.text import one_line
from leads.models import ImportRun
from leads.reports.imports import every_refused_row, past_runs, refused_rows, run_of
from leads.uploads import limit_upload

_MOST_LINES = 2**31


# Exempt only so that the size limit stands before the form is read, which the check of the token does: `_imports`
# makes that check.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The form and the past imports; a POST begins a new one. Who may import nothing is refused before a byte of a
    file is read.
    """
    kinds = _kinds(request)
    if request.method == "POST":
        limit_upload(request)
    return _imports(request, kinds)


@csrf_protect
def _imports(request: HttpRequest, kinds: list[ImportKind]) -> HttpResponse:
    is_sent = request.method == "POST"
    form = ImportForm(*((request.POST, request.FILES) if is_sent else ()), kinds=kinds)
    if is_sent and form.is_valid():
        if len(request.FILES.getlist("file")) > 1:
            raise InvalidInput("Send one file at a time.", field="file")
        try:
            return redirect("leads:import-run", _begun(request, form).uid)
        except InvalidInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    past = past_runs([kind.name for kind in kinds], before=_instant(request.GET.get("before", "")))
    context = {"form": form, "kinds": kinds, "past": past}
    return render(request, "leads/imports.html", context, status=400 if form.is_bound else 200)


def _begun(request: HttpRequest, form: ImportForm) -> ImportRun:
    """The run of the upload. InvalidInput(mapping or file), and then the upload is gone."""
    kind, text = kind_named(form.cleaned_data["kind"]), form.cleaned_data["mapping"]
    if form.cleaned_data["is_all_or_nothing"]:
        text = with_option(text, ALL_OR_NOTHING)
    mapping = mapping_for(kind, text)
    upload = cast("UploadedFile[bytes]", form.cleaned_data["file"])
    path, digest = keep_upload(upload)
    try:
        with Source(opener_of(path), kind=kind, mapping=mapping).rows():
            pass
    except InvalidInput:
        discard_upload(path)
        raise
    asked = RunRequest(
        kind=kind.name,
        file_name=_shown(upload.name or ""),
        file_path=path,
        file_digest=digest,
        mapping=text,
        is_dry_run=form.cleaned_data["is_dry_run"],
    )
    run = begin(asked, by=_actor(request))
    if run.file_path != path:
        discard_upload(path)
        messages.info(request, "This very file is being imported already; here it is.")
    return run


@require_safe
def import_run(request: HttpRequest, uid: UUID) -> HttpResponse:
    """How far an import is, and which rows were refused; for htmx the part that changes."""
    run = _run(request, uid)
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdigit() and int(after[:11]) < _MOST_LINES):
        raise InvalidInput("after must be a line number.", field="after")
    context = {"run": run, "kind": kind_named(run.kind), "refused": refused_rows(run, after=int(after)), "after": after}
    part = "leads/_import_progress.html" if request.headers.get("HX-Request") else "leads/import_run.html"
    return render(request, part, context)


@require_safe
def import_refused(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Every refused row as a file."""
    run = _run(request, uid)
    rows = ((row.line, row.field, row.message) for row in every_refused_row(run))
    response = StreamingHttpResponse(
        csv_lines(("line", "field", "message"), rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition_header(True, f"refused-{run.kind}-{run.uid}.csv") or ""
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def import_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Stops an import at the border of a chunk."""
    cancel(_run(request, uid).uid)
    messages.success(request, "Stopped. What is in stays in.")
    return redirect("leads:import-run", uid)


def _kinds(request: HttpRequest) -> list[ImportKind]:
    kinds = kinds_of(request.user)
    if not kinds:
        raise NotAllowed("Importing is for marketing and operations.")
    return kinds


def _run(request: HttpRequest, uid: UUID) -> ImportRun:
    run = run_of(uid, [kind.name for kind in _kinds(request)])
    if run is None:
        raise NotFound("There is no such import.")
    return run


def _actor(request: HttpRequest) -> Actor:
    user = cast("User", request.user)
    return Actor(user_id=user.pk, label=user.get_full_name() or user.get_username(), via="import")


def _instant(text: str) -> dt.datetime | None:
    """An instant of an address, None for "". InvalidInput(before)."""
    try:
        at = parse_datetime(text) if text else None
    except ValueError:
        at = None
    if text and (at is None or at.tzinfo is None or at.year < 2000):
        raise InvalidInput("before must be an instant.", field="before")
    return at


def _shown(name: str) -> str:
    """What the person called the file, for showing only."""
    return one_line(name.replace("\x00", ""), field="file", longest=10_000)[:255] or "file.csv"
