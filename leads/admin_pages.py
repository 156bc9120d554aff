"""Page groups, for operations and marketing."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from leads.admin_kinds import Guarded
from leads.forms_pages import PageGroupForm
from leads.models import PageGroup
from leads.reports import page_groups


@admin.register(PageGroup)
class PageGroupAdmin(Guarded):
    """Which pages mean the same. A change counts from then on; what was counted stays."""

    form = PageGroupForm
    list_display = ("label", "key", "position")
    search_fields = ("label", "key")

    def save_model(self, request: HttpRequest, obj: PageGroup, form: Any, change: bool) -> None:
        """Keep it, and have this process read the groups anew."""
        super().save_model(request, obj, form, change)
        page_groups.forget()
