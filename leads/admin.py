"""Settings and records of leads, for operations and marketing."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from leads import admin_pages as admin_pages
from leads import admin_websites as admin_websites
from leads.actions import api_keys, outbox
from leads.admin_kinds import MOST_AT_ONCE, Guarded, ReadOnly, actor
from leads.forms_admin import AccountForm, ApiKeyForm, CampaignForm, LeadForm
from leads.logic.errors import LeadLoopError
from leads.models import Account, ApiKey, Campaign, ImportRun, JournalEntry, Lead, OutboxMessage, RowResult

_REFUSED_LINES_SHOWN = 50


@admin.register(Account)
class AccountAdmin(Guarded):
    form = AccountForm
    list_display = ("name", "domain", "industry", "employee_count", "country", "disqualified_at")
    list_filter = ("country",)
    search_fields = ("name", "domain")
    search_uid_fields = ("uid",)


@admin.register(Lead)
class LeadAdmin(Guarded):
    form = LeadForm
    list_display = ("name", "email", "title", "account", "consent", "suppressed_at")
    list_filter = ("consent",)
    list_select_related = ("account",)
    raw_id_fields = ("account",)
    # Who asked not to be contacted stays so: no form lifts it.
    readonly_fields = ("suppressed_at",)
    search_fields = ("name", "email")
    search_uid_fields = ("uid",)


@admin.register(Campaign)
class CampaignAdmin(Guarded):
    form = CampaignForm
    list_display = ("name", "channel", "created_at")
    list_filter = ("channel",)
    search_fields = ("name",)
    search_uid_fields = ("uid",)


@admin.register(ApiKey)
class ApiKeyAdmin(Guarded):
    """Keys are made and revoked, never edited; the key itself is on the page once, right after it was made."""

    form = ApiKeyForm
    actions = ("revoke",)
    list_display = ("shown", "name", "user", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_display_links = ("shown",)
    list_select_related = ("user",)
    search_fields = ("name", "prefix")

    @admin.display(description="key", ordering="prefix")
    def shown(self, key: ApiKey) -> str:
        """As much of the key as may be seen."""
        return f"{key.prefix}…{key.last_four}"

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Nobody: a key that should be different is revoked and made anew."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Nobody: what a key did stays in the journal, and so does whose it was."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever holds the right to change keys."""
        return request.user.has_perm("leads.change_apikey")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Everything but the hash, once there is a key."""
        if obj is None:
            return super().get_fields(request, obj)
        limits = ("reads_a_minute", "writes_a_minute")
        return ("shown", "name", "user", "scopes", *limits, "created_at", "last_used_at", "expires_at", "revoked_at")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key through its action, and remember it until the answer is written."""
        given = form.cleaned_data
        row, key = api_keys.make(
            given["user"],
            name=given["name"],
            scopes=given["scopes"],
            by=actor(request),
            expires_at=given["expires_at"],
            limits=api_keys.Limits(reads_a_minute=given["reads_a_minute"], writes_a_minute=given["writes_a_minute"]),
        )
        obj.pk, obj.uid, obj.prefix, obj.last_four = row.pk, row.uid, row.prefix, row.last_four
        request.made_key = key  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The page with the key on it: no redirect, and no message, which would put the key into a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The key was made",
            "opts": self.opts,
            "key": request.made_key,  # type: ignore[attr-defined]
            "row": obj,
        }
        return TemplateResponse(request, "admin/leads/apikey/made.html", context, headers={"Cache-Control": "no-store"})

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Revoke for good, at once."""
        for key in keys[:MOST_AT_ONCE]:
            api_keys.revoke(key.uid, by=actor(request))
        self.message_user(request, "The selected keys no longer open anything.")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnly):
    """What left or waits to leave. What was given up can be sent again."""

    actions = ("retry",)
    list_display = ("created_at", "channel", "target", "state", "attempt_count", "not_before_at", "last_error")
    list_filter = ("state",)
    ordering = ("-id",)
    search_fields = ("target",)
    search_uid_fields = ("uid", "handoff_uid")
    exclude = ("lease_key",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whoever holds the right to change messages; the messages themselves stay as they are."""
        return request.user.has_perm("leads.change_outboxmessage")

    @admin.action(description="Try again to send what was given up", permissions=["retry"])
    def retry(self, request: HttpRequest, chosen: QuerySet[OutboxMessage]) -> None:
        """One result per message."""
        retried = 0
        for message in chosen[:MOST_AT_ONCE]:
            try:
                outbox.retry(message.uid, by=actor(request))
                retried += 1
            except LeadLoopError as error:
                self.message_user(request, f"{message.target}: {error.message}", messages.WARNING)
        if retried:
            self.message_user(request, f"{retried} will be tried again now.", messages.SUCCESS)


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly):
    list_display = ("occurred_at", "kind", "actor_label", "via", "handoff_uid")
    list_filter = ("via",)
    ordering = ("-id",)
    search_fields = ("kind__startswith",)
    search_uid_fields = ("uid", "handoff_uid", "lead_uid")
    fields = (
        "uid",
        "kind",
        "handoff_uid",
        "lead_uid",
        "actor_label",
        "via",
        "data",
        "words",
        "occurred_at",
        "recorded_at",
    )

    @admin.display(description="note")
    def words(self, entry: JournalEntry) -> str:
        """What somebody wrote in their own words, as long as it was not erased."""
        return entry.note.text if hasattr(entry, "note") else ""


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly):
    list_display = ("created_at", "kind", "file_name", "state", "row_count", "done_count", "failed_count", "started_by")
    list_filter = ("state", "kind")
    list_select_related = ("started_by",)
    ordering = ("-id",)
    search_fields = ("file_name",)
    search_uid_fields = ("uid",)
    exclude = ("file_path",)
    readonly_fields = ("refused_lines",)

    @admin.display(description="refused lines")
    def refused_lines(self, run: ImportRun) -> str:
        """The first lines that were not taken, with the reason."""
        rows = run.rows.filter(result=RowResult.FAILED).order_by("line")[:_REFUSED_LINES_SHOWN]
        return "\n".join(f"Line {row.line}: {row.field} {row.message}" for row in rows) or "none"
