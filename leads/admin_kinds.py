"""What LeadLoop's admin pages share: no query string breaks them, and nobody overwrites what they have not seen."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, models
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from leads.logic.actors import Actor
from leads.logic.errors import InvalidInput

MOST_AT_ONCE = 200
"""How many rows an admin action takes at once."""

_MOST_COUNTED = 10_000


def actor(request: HttpRequest) -> Actor:
    """Who is at the admin, as the journal names them."""
    assert request.user.pk is not None
    label = request.user.get_full_name() or request.user.get_username()
    return Actor(user_id=request.user.pk, label=label, via="admin")


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most ten thousand rows: what lies behind is found by filter or search, not by leafing."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most ten thousand."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:_MOST_COUNTED].count()


class InstantInput(forms.DateTimeInput):
    """A day and a time in one input, to the second, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class Guarded(admin.ModelAdmin):  # type: ignore[type-arg]
    """Filters only by what list_filter offers, and answers 400 to a query string that the database cannot take."""

    actions_on_bottom = False
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False
    search_uid_fields: tuple[str, ...] = ()
    # The stock pair of date and time has one label for two inputs.
    formfield_overrides = {models.DateTimeField: {"form_class": forms.DateTimeField, "widget": InstantInput}}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what a link of this page could have asked; the stock admin lets every local field and lookup through."""
        asked = lookup.split("__")
        offered = [one.split("__") for one in self.get_list_filter(request) if isinstance(one, str)]
        fits = any(asked[: len(parts)] == parts and len(asked) <= len(parts) + 2 for parts in offered)
        return fits and asked[-1] not in {"regex", "iregex"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What the term finds; a uid is looked for in search_uid_fields, a NUL finds nothing."""
        if "\x00" in search_term:
            return queryset.none(), False
        if self.search_uid_fields and (uid := _uid(search_term)):
            match = models.Q(pk__in=[])
            for name in self.search_uid_fields:
                match |= models.Q(**{name: uid})
            return queryset.filter(match), False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list. SuspiciousOperation (400) when the query string or the chosen rows are what no column can hold."""
        if any("\x00" in value for values in request.GET.lists() for value in (values[0], *values[1])):
            raise SuspiciousOperation("A query string holds a NUL character.")
        try:
            return super().changelist_view(request, extra_context)
        except (DataError, OverflowError, ValueError) as error:
            if not (request.GET or request.POST):
                raise
            raise SuspiciousOperation("The request asks for what no column can hold.") from error

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those of the page, without deleting many at once: what may go goes one by one."""
        found: dict[str, Any] = super().get_actions(request)
        return {name: action for name, action in found.items() if name != "delete_selected"}


class ReadOnly(Guarded):
    """To be looked at: nobody adds, changes or deletes here, whatever their permissions."""

    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody."""
        return False


class SeenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form that refuses to overwrite what somebody else saved after its page was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.digest(self.instance) if self.instance.pk else ""

    def digest(self, instance: Any) -> str:
        """What the page was opened on, in short; forms with parts of their own add them."""
        shown = model_to_dict(instance, fields=[field.name for field in instance._meta.concrete_fields])
        return hashlib.sha256(json.dumps(shown, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()

    def clean(self) -> dict[str, Any]:
        """ValidationError when the row is no longer what the page showed. Locks the row: two saves take turns."""
        cleaned = super().clean() or self.cleaned_data
        rows = type(self.instance)._default_manager.select_for_update()
        current = rows.filter(pk=self.instance.pk).first() if self.instance.pk else None
        for name, field in self.fields.items():
            # The page shows whole seconds; what it did not change keeps its fractions.
            if isinstance(field, forms.DateTimeField) and name not in self.changed_data:
                cleaned[name] = getattr(self.instance, name)
        if current and self.digest(current) != cleaned.get("seen"):
            raise ValidationError(
                "Somebody else saved this since you opened the page. Open it again to see what changed."
            )
        return cleaned


def complain(form: forms.BaseForm, error: InvalidInput, *, fields: dict[str, str] | None = None) -> None:
    """Put a refusal at the form's field it names, `fields` translating; at the top when the form has no such field."""
    name = (fields or {}).get(error.field, error.field)
    form.add_error(name if name in form.fields else None, error.message)


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
