"""The forms by which operations edit teams, reps and reasons."""

import re
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q

from feedback.logic.rights import MANAGER
from feedback.models import RejectionReason, Rep, Team
from leads.admin_kinds import SeenForm
from leads.forms_admin import zone_choices

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


class _ByName(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, user: Any) -> str:
        return _named(user)


class _ManyByName(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, user: Any) -> str:
        return _named(user)


class TeamForm(SeenForm):
    """A team; its managers are users of the group manager."""

    timezone = forms.ChoiceField(choices=zone_choices, label="Time zone")

    class Meta:
        model = Team
        fields = ("name", "timezone", "managers", "is_active", "external_system", "external_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users = get_user_model()._default_manager.filter(is_active=True, groups__name=MANAGER)
        self.fields["managers"] = _ManyByName(
            users.order_by("first_name", "username"), required=False, help_text="Users of the group manager."
        )


class RepForm(SeenForm):
    """A rep. A user is one rep at most, and stays the one they are."""

    class Meta:
        model = Rep
        fields = ("user", "team", "capacity", "is_active", "external_system", "external_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            free = get_user_model()._default_manager.filter(Q(rep=None) | Q(rep=self.instance.pk), is_active=True)
            self.fields["user"] = _ByName(free.order_by("first_name", "username"))


class ReasonForm(SeenForm):
    """A rejection reason. What it meant when it was used stays on the handoffs, whatever is changed here."""

    class Meta:
        model = RejectionReason
        fields = (
            "key", "group", "label", "is_live", "position", "at_review", "after_attempts", "after_conversation",
            "evidence_field", "evidence_required", "remedy_owner", "next_state", "cool_off_days", "return_condition",
            "counts_in_acceptance", "informs_scoring",
        )  # fmt: skip

    def clean_key(self) -> str:
        """The key, in the form in which the API and CSV files give it."""
        key: str = self.cleaned_data["key"]
        if not _KEY.fullmatch(key):
            raise ValidationError(
                "A key is lower case letters, digits and _, with dots between, like fit.company_size."
            )
        return key

    def clean(self) -> dict[str, Any]:
        """Also: a moment at which it can be given, and a question when an answer is demanded."""
        cleaned = super().clean()
        if not any(cleaned.get(moment) for moment in ("at_review", "after_attempts", "after_conversation")):
            self.add_error("at_review", "A reason can be given at one moment at least.")
        if cleaned.get("evidence_required") and not cleaned.get("evidence_field"):
            self.add_error("evidence_field", "Say which question must be answered, or do not demand an answer.")
        return cleaned


def _named(user: User) -> str:
    return f"{user.get_full_name()} ({user.get_username()})" if user.get_full_name() else user.get_username()
