"""The admin pages on which all rules leave and come as one file, looked at before they are read in."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from leads.admin_kinds import Guarded, actor
from leads.logic.errors import InvalidInput, LeadLoopError
from sla.actions.rules_file import import_rules
from sla.forms_publishing import ImportForm, RulesFileForm
from sla.models import AppliesTo
from sla.reports.rules_file import exported, looked_at

_SEEN = ("sla.view_policy", "sla.view_workcalendar", "sla.view_steptemplate", "sla.view_chatchannel")
_WRITTEN = tuple(
    f"sla.{verb}_{model}"
    for model in ("policy", "workcalendar", "calendarexception", "steptemplate")
    for verb in ("add", "change")
)


def download(admin: Guarded, request: HttpRequest) -> HttpResponse:
    """All rules as a file."""
    if not request.user.has_perms(_SEEN):
        raise PermissionDenied
    headers = {"Content-Disposition": 'attachment; filename="rules.toml"', "Cache-Control": "no-store"}
    return HttpResponse(exported(), content_type="application/toml; charset=utf-8", headers=headers)


def rules_file_page(admin: Guarded, request: HttpRequest) -> HttpResponse:
    """The link to the file, the form for one, and what it would change before anything is read in."""
    if not request.user.has_perms(_SEEN):
        raise PermissionDenied
    may_write = request.user.has_perms(_WRITTEN)
    context: dict[str, Any] = {"upload": RulesFileForm(), "may_write": may_write}
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    if request.method == "POST" and "text" in request.POST:
        form = ImportForm(request.POST)
        if form.is_valid() and _take(request, form):
            return redirect("admin:sla_policy_changelist")
        context["form"] = form
    elif request.method == "POST":
        context |= _look(RulesFileForm(request.POST, request.FILES))
    return TemplateResponse(
        request,
        "admin/sla/policy/rules_file.html",
        {**admin.admin_site.each_context(request), "opts": admin.opts, "title": "All rules as a file", **context},
    )


def _look(upload: RulesFileForm) -> dict[str, Any]:
    """What the file would change, and the form that reads it in."""
    if not upload.is_valid():
        return {"upload": upload}
    given = upload.cleaned_data
    try:
        lines, seen = looked_at(given["file"], only_these=given["only_these"])
    except InvalidInput as error:
        upload.add_error("file", error.message)
        return {"upload": upload}
    form = ImportForm(initial={"text": given["file"], "only_these": given["only_these"], "seen": seen, "publish": ""})
    return {"upload": upload, "form": form, "lines": lines, "looked_at": True}


def _take(request: HttpRequest, form: ImportForm) -> bool:
    """Whether the file was read in; the form says why not."""
    given = form.cleaned_data
    try:
        done = import_rules(
            given["text"].replace("\r\n", "\n"),
            by=actor(request),
            applies_to=AppliesTo(given["publish"]) if given["publish"] else None,
            only_these=given["only_these"],
            seen=given["seen"],
        )
    except LeadLoopError as error:
        form.add_error(None, error.message)
        return False
    published = ", ".join(str(version) for version in done.versions)
    what = f"Published: {published}." if published else "Saved as drafts. Nothing runs under them until published."
    messages.success(request, f"{len(done.lines)} changes read in. {what}")
    return True
