"""The forms by which operations edit who gets which lead."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from feedback.logic.routing import ROUTING
from feedback.models import AccountOwner, Rep, RoutingRule, Turn
from feedback.reports.routing import written
from leads.admin_kinds import SeenForm
from leads.logic.conditions import MOST_CONDITIONS, OPERATORS, Condition
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line

_FIELDS = [("", "–"), *((key, kind.words) for key, kind in ROUTING.fields.items())]
_OPERATORS = [("", "–"), *OPERATORS.items()]
_LONGEST_VALUE = 1000


def row_names(number: int) -> tuple[str, str, str]:
    """What the three inputs of a condition are called in the form."""
    return f"field_{number}", f"operator_{number}", f"value_{number}"


def _rows() -> dict[str, forms.Field]:
    made: dict[str, forms.Field] = {}
    for number in range(1, MOST_CONDITIONS + 1):
        field, operator, value = row_names(number)
        made[field] = forms.ChoiceField(choices=_FIELDS, required=False, label=f"Condition {number}")
        made[operator] = forms.ChoiceField(choices=_OPERATORS, required=False, label="compares")
        made[value] = forms.CharField(required=False, max_length=_LONGEST_VALUE, label="with")
    return made


# A row of inputs for each condition a rule may have, declared as if each were written out.
_Rows: Any = type("_Rows", (SeenForm,), _rows())


class RoutingRuleForm(_Rows):
    """A rule. What is typed as conditions is kept as routing reads it."""

    class Meta:
        model = RoutingRule
        fields = ("name", "position", "team", "by_hours", "is_active")
        help_texts = {
            "position": "Rules are asked from the lowest number on; the first whose conditions all hold decides.",
            "team": "Whose queue it waits in when nobody in the line can take it.",
            "by_hours": "Prefers who is at work; when nobody is, whoever begins soonest.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, one in enumerate(self.instance.conditions, start=1):
            kept = (one["field"], one["operator"], written(one["value"]))
            for name, shown in zip(row_names(number), kept, strict=True):
                self.fields[name].initial = shown

    def clean_name(self) -> str:
        """On one line."""
        try:
            return one_line(self.cleaned_data["name"], field="name", longest=100, required=True)
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        """Also: each row is a condition, or empty."""
        cleaned: dict[str, Any] = super().clean()
        kept = [read for number in range(1, MOST_CONDITIONS + 1) if (read := self._read(number, cleaned))]
        self.instance.conditions = [
            {"field": one.field, "operator": one.operator, "value": one.written()} for one in kept
        ]
        return cleaned

    def _read(self, number: int, cleaned: dict[str, Any]) -> Condition | None:
        field, operator, value = (cleaned.get(name, "") for name in row_names(number))
        if not (field or operator or value):
            return None
        where = row_names(number)
        if not field or not operator:
            self.add_error(where[0 if not field else 1], "Choose what is compared, and how; or empty the row.")
            return None
        try:
            return ROUTING.read(field, operator, one_line(value, field="value", longest=_LONGEST_VALUE))
        except InvalidInput as error:
            self.add_error(where[2], error.message)
            return None


class _ByName(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, rep: Any) -> str:
        return f"{rep} · {rep.team}"


def _reps() -> Any:
    return Rep.objects.filter(is_active=True, user__is_active=True).select_related("user", "team")


class TurnForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rep's place in the line. Whose place it is does not change; who leaves keeps it, unticked."""

    class Meta:
        model = Turn
        fields = ("rep", "weight", "is_member")
        labels = {"is_member": "stands in the line"}
        help_texts = {"weight": "How many turns of all they get, 1 to 100."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.pk is not None
        rows = Rep.objects.filter(pk=self.instance.rep_id).select_related("user", "team") if known else _reps()
        self.fields["rep"] = _ByName(rows, label="Rep", disabled=known)
        self.fields["weight"].widget.attrs.update({"min": 1, "max": 100})

    def clean_weight(self) -> int:
        """1 to 100."""
        weight: int = self.cleaned_data["weight"]
        if not 1 <= weight <= 100:
            raise ValidationError("A weight is 1 to 100.")
        return weight


class AccountOwnerForm(SeenForm):
    """Whose account it is."""

    class Meta:
        model = AccountOwner
        fields = ("account", "rep")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rep"] = _ByName(_reps(), label="Rep")
