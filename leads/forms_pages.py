"""The form in which operations and marketing say which pages mean the same."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from leads.admin_kinds import SeenForm
from leads.logic.errors import InvalidInput
from leads.logic.pages import Match, read_patterns
from leads.models import PageGroup

_MOST = 100


class PageGroupForm(SeenForm):
    """Pages that mean the same; a pattern a line, like: prefix /pricing."""

    patterns = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField"}),
        help_text="One a line: equals, prefix or contains, then the part of the address after the host, like "
        "“prefix /pricing”. Upper and lower case are the same.",
    )

    class Meta:
        model = PageGroup
        fields = ("key", "label", "position", "patterns")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["patterns"] = "\n".join(map(_line, self.instance.patterns or ()))

    def clean_patterns(self) -> list[dict[str, str]]:
        """The patterns as they are kept. ValidationError says which line is wrong, and why."""
        lines = [line.strip() for line in self.cleaned_data["patterns"].splitlines()]
        found = [_pattern(line) for line in filter(None, lines)]
        if len(found) > _MOST:
            raise ValidationError(f"A group has at most {_MOST} patterns.")
        try:
            read_patterns(found)
        except InvalidInput as error:
            raise ValidationError(error.message) from error
        return found


def _line(pattern: Any) -> str:
    return f"{pattern['operator']} {pattern['value']}" if isinstance(pattern, dict) and len(pattern) == 2 else ""


def _pattern(line: str) -> dict[str, str]:
    operator, _, value = line.partition(" ")
    if operator.lower() not in [str(one) for one in Match]:
        raise ValidationError(f"“{line[:60]}” begins with none of {', '.join(map(str, Match))}.")
    return {"operator": operator.lower(), "value": value.strip()}
