"""What steps say and where they say it: templates with a preview, and chat channels whose address nobody sees again."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from leads.admin_kinds import Guarded
from sla.forms_wording import ChannelForm, TemplateForm
from sla.logic.templates import SAMPLE, fill
from sla.models import ChatChannel, StepTemplate


@admin.register(StepTemplate)
class StepTemplateAdmin(Guarded):
    """The page shows how the saved words read; a button shows the same for words that are not saved yet."""

    form = TemplateForm
    list_display = ("name", "subject")
    search_fields = ("name", "subject")
    fields = ("name", "subject", "body", "reads", "seen")
    readonly_fields = ("reads",)

    @admin.display(description="reads, for example")
    def reads(self, template: StepTemplate) -> str:
        """The saved words with sample values."""
        if not template.pk:
            return "Shown once it is saved, or by Preview."
        return f"{fill(template.subject, SAMPLE)}\n\n{fill(template.body, SAMPLE)}"

    def get_urls(self) -> list[URLPattern]:
        """Also the preview."""
        view = self.admin_site.admin_view(self.preview)
        return [path("preview/", view, name="sla_steptemplate_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """How the words that were typed read; nothing is saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TemplateForm(request.POST)
        form.full_clean()
        # Only the words are looked at: a name that is taken is no reason not to show them.
        problems = {name: form.errors[name] for name in ("subject", "body") if name in form.errors}
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "How it reads, for example",
            "problems": problems,
            "subject": "" if problems else fill(form.cleaned_data["subject"], SAMPLE),
            "body": "" if problems else fill(form.cleaned_data["body"], SAMPLE),
        }
        return TemplateResponse(request, "admin/sla/steptemplate/preview.html", context)


@admin.register(ChatChannel)
class ChatChannelAdmin(Guarded):
    """Told by ladders; the address goes in and never comes out."""

    form = ChannelForm
    list_display = ("name", "is_active", "kept")
    list_filter = ("is_active",)
    search_fields = ("name",)
    fields = ("name", "is_active", "address", "kept", "seen")
    readonly_fields = ("kept",)

    @admin.display(description="address kept")
    def kept(self, channel: ChatChannel) -> str:
        """Which service, and nothing more."""
        return f"{channel.url.partition('://')[0]}://••••••••" if channel.url else "none yet"
