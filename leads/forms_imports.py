"""What people fill in to import a file."""

from collections.abc import Sequence
from typing import Any

from django import forms

from leads.actions.import_files import MOST_BYTES
from leads.actions.import_kinds import ImportKind
from leads.logic.import_mapping import LONGEST_MAPPING

_MOST_MB = MOST_BYTES // 1024 // 1024


class ImportForm(forms.Form):
    """A file and how to read it; the kinds on offer are those that the person may import."""

    kind = forms.ChoiceField(label="What is in the file?")
    file = forms.FileField(
        label="CSV file",
        max_length=255,
        help_text=f"UTF-8, the first line names the columns, at most {_MOST_MB} MB and 1,000,000 rows.",
        error_messages={"max_length": "The name of the file is too long; shorten it.", "empty": "The file is empty."},
    )
    mapping = forms.CharField(
        label="Mapping",
        required=False,
        strip=False,
        max_length=LONGEST_MAPPING,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "off"}),
        help_text="TOML that says which column is which field. Not needed when the columns are named as the fields.",
    )
    is_dry_run = forms.BooleanField(
        label="Dry run", required=False, help_text="Says what would happen to every row, and changes nothing."
    )
    is_all_or_nothing = forms.BooleanField(
        label="All or nothing", required=False, help_text="Takes nothing in when a single row is refused."
    )

    def __init__(self, *args: Any, kinds: Sequence[ImportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds]  # type: ignore[attr-defined]
