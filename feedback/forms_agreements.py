"""The draft of the agreement as a form: a row for each term, rule and count, which works without JavaScript.

Everything that can be said about a row is said at its fields; what only the whole document shows is refused by
leads.logic.agreement and brought back to the field by `DraftForm.blame`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.text import slugify

from feedback.forms_agreement_rows import ConditionRow, CountRow, FitRow, IntentRow
from leads.logic.agreement import (
    ACCOUNT,
    ANYBODY,
    LEAD,
    MOST_LINES,
    MOST_RULES,
    MOST_TERMS,
    OPTED_IN,
    REQUIRABLE,
)
from leads.logic.errors import InvalidInput

_SPARE = 20
_MORE = 2
_ONE_EMPTY_ROW = {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0"}
# What the browser sends of a rule in which nothing was typed.
_EMPTY_RULE = {
    "of": LEAD,
    "min_confidence": "60",
    **{f"{rows}-{key}": count for rows in ("counts", "conditions") for key, count in _ONE_EMPTY_ROW.items()},
}
_PLACE = re.compile(
    r"(?P<part>icp\.terms|intent\.terms|mql\.rules)(?:\[(?P<row>\d+)\])?"
    r"(?:\.(?P<inner>conditions|counts)(?:\[(?P<inner_row>\d+)\])?)?(?:\.(?P<field>\w+))?"
)
Rows = Sequence[Mapping[str, Any]]


class RowSet(BaseFormSet):  # type: ignore[type-arg]
    """Rows of which those that are filled in and not ticked for removal count."""

    def live(self) -> list[Any]:
        """The rows that count, in their order."""
        rows = self.ordered_forms if self.can_order else self.forms
        return [row for row in rows if row.cleaned_data and not row.cleaned_data.get("DELETE")]


def _rows(kind: type[forms.Form], most: int, *, extra: int, is_ordered: bool = False) -> type[RowSet]:
    made = formset_factory(
        kind,
        formset=RowSet,
        extra=extra,
        can_delete=True,
        can_order=is_ordered,
        max_num=most + _SPARE,
        absolute_max=most + _SPARE,
    )
    return cast(type[RowSet], made)


ConditionRows = _rows(ConditionRow, MOST_TERMS, extra=1)
CountRows = _rows(CountRow, MOST_TERMS, extra=1)


class RuleRow(forms.Form):
    """One rule, with its conditions and counts as rows of their own."""

    key = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)
    label = forms.CharField(max_length=100, label="What it is called")
    of = forms.ChoiceField(choices=[(LEAD, "one person"), (ACCOUNT, "a whole account")], initial=LEAD, label="Asks of")
    min_fit = forms.IntegerField(required=False, min_value=0, max_value=100, label="Fit from")
    min_intent = forms.IntegerField(required=False, min_value=0, max_value=100, label="Intent from")
    min_confidence = forms.IntegerField(min_value=0, max_value=100, initial=60, label="Visitors’ account sure from, %")

    def __init__(self, *args: Any, groups: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bound, given = self.data if self.is_bound else None, self.initial
        self.conditions = ConditionRows(
            bound, prefix=f"{self.prefix}-conditions", initial=given.get("conditions") or []
        )
        self.counts = CountRows(
            bound,
            prefix=f"{self.prefix}-counts",
            initial=given.get("counts") or [],
            form_kwargs={"groups": groups},
        )

    def has_changed(self) -> bool:
        """Whether anything was filled in, in the row or in the rows inside."""
        return super().has_changed() or self.conditions.has_changed() or self.counts.has_changed()

    def is_valid(self) -> bool:
        inner = [self.conditions.is_valid(), self.counts.is_valid()] if self.is_bound else []
        return super().is_valid() and (not self.has_changed() or all(inner))

    def document(self) -> dict[str, Any]:
        """The rule as the agreement's document has it."""
        given = self.cleaned_data
        return {
            "key": given["key"] or slugify(given["label"])[:50].strip("-") or "rule",
            "label": given["label"],
            "of": given["of"],
            "min_fit": given["min_fit"] or 0,
            "min_intent": given["min_intent"] or 0,
            "conditions": [row.document() for row in self.conditions.live()],
            "counts": [row.document() for row in self.counts.live()],
            "min_confidence": given["min_confidence"],
        }


FitRows = _rows(FitRow, MOST_TERMS, extra=2)
IntentRows = _rows(IntentRow, MOST_TERMS, extra=2)
RuleRows = _rows(RuleRow, MOST_RULES, extra=1, is_ordered=True)


class DutiesForm(forms.Form):
    """What stands in the agreement once: the checklist, marketing's duties, and why it changes."""

    sql = forms.CharField(
        required=False,
        max_length=MOST_LINES * 250,
        widget=forms.Textarea(attrs={"rows": 6}),
        label="What an SQL is, a sentence a line",
    )
    required = forms.MultipleChoiceField(
        required=False,
        choices=[(key, words[:1].upper() + words[1:]) for key, words in REQUIRABLE.items()],
        widget=forms.CheckboxSelectMultiple,
        label="Marketing knows, before it offers a lead",
    )
    consent = forms.ChoiceField(
        choices=[(ANYBODY, "Nobody who opted out is offered"), (OPTED_IN, "Only who opted in is offered")],
        widget=forms.RadioSelect,
        label="Consent",
    )
    context_days = forms.IntegerField(
        min_value=0, max_value=365, label="Something was done in the last … days", help_text="0 for no demand."
    )
    again_after_days = forms.IntegerField(
        min_value=0, max_value=365, label="Left alone for … days after a handoff without a reason"
    )
    note = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="What changes, and why",
        help_text="Stands beside the version for ever.",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_note(self) -> str:
        """The note on one line: it stands in a list."""
        return " ".join(self.cleaned_data["note"].split())


@dataclass(frozen=True)
class Wrong:
    """A field that has to change: the id of its input, what it is called, and why."""

    id: str
    name: str
    words: str


class DraftForm:
    """The whole draft: bound to what was posted, or showing `document`."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        document: Mapping[str, Any],
        groups: Mapping[str, str],
        note: str,
        seen: str,
    ) -> None:
        of_groups = {"groups": groups}
        duties = {"sql": "\n".join(document["sql"]["checklist"]), "note": note, "seen": seen, **document["duties"]}
        self.fit = FitRows(data, prefix="fit", initial=document["icp"]["terms"])
        self.intent = IntentRows(data, prefix="intent", initial=document["intent"]["terms"], form_kwargs=of_groups)
        self.rules = RuleRows(data, prefix="rules", initial=document["mql"]["rules"], form_kwargs=of_groups)
        self.duties = DutiesForm(data, initial=duties)
        self.problem = ""

    def is_valid(self) -> bool:
        """Whether every row says something that can be meant by itself."""
        return all(part.is_valid() for part in (self.fit, self.intent, self.rules, self.duties))

    def document(self) -> dict[str, Any]:
        """What was typed, as the agreement's document; it may still be refused as a whole."""
        given = self.duties.cleaned_data
        rules = [row.document() for row in self.rules.live()]
        _name_apart(rules)
        return {
            "icp": {"terms": [row.document() for row in self.fit.live()]},
            "intent": {"terms": [row.document() for row in self.intent.live()]},
            "mql": {"rules": rules},
            "sql": {"checklist": [line.strip() for line in given["sql"].splitlines() if line.strip()]},
            "duties": {key: given[key] for key in ("required", "consent", "context_days", "again_after_days")},
        }

    def blame(self, error: InvalidInput) -> None:
        """Say the refusal of the whole at the field it names, or above everything where it names none of ours."""
        words = error.message.removeprefix(f"{error.field}: ")
        words = words[:1].upper() + words[1:]
        if not self._say(error.field, words):
            self.problem = words

    def reopen(self, seen: str) -> None:
        """Let what was typed be saved over the text with the digest `seen`, which somebody else wrote meanwhile."""
        typed = cast(QueryDict, self.duties.data).copy()
        typed["seen"] = seen
        self.duties.data = typed

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong somewhere on the page."""
        parts = (self.fit, self.intent, self.rules)
        return bool(self.problem or self.duties.errors) or any(part.total_error_count() for part in parts)

    @property
    def wrong(self) -> list[Wrong]:
        """Every field that has to change, from the top of the page on."""
        inner = [part for rule in self.rules for part in (rule, *rule.counts, *rule.conditions)]
        return [
            Wrong(bound.id_for_label or bound.auto_id, _row_name(form, str(bound.label)), str(error))
            for form in (*self.fit, *self.intent, *inner, self.duties)
            for bound in form
            for error in bound.errors
        ]

    def _say(self, field: str, words: str) -> bool:
        name = field.removeprefix("duties.").partition(".")[0].partition("[")[0]
        if name in self.duties.fields:
            self.duties.add_error(name, words)
            return True
        found = _PLACE.match(field)
        if found is None:
            return False
        rows = {"icp.terms": self.fit, "intent.terms": self.intent, "mql.rules": self.rules}[found["part"]]
        return _blame_row(rows, found["row"], found["field"], words, inner=(found["inner"], found["inner_row"]))


def _row_name(form: forms.Form, field: str) -> str:
    row = str(form["label"].value() or "") if "label" in form.fields else ""
    return f"{row}, {field.lower()}" if row else field


def with_more_rows(data: Any, prefix: str) -> Any:
    """What was posted with two more empty rows in the set of rows named `prefix`; the same where there is none."""
    count = str(data.get(f"{prefix}-TOTAL_FORMS", ""))
    if not (count.isascii() and count.isdecimal() and len(count) <= 3):
        return data
    more = data.copy()
    more[f"{prefix}-TOTAL_FORMS"] = str(int(count) + _MORE)
    if prefix == "rules":
        for number in range(int(count), int(count) + _MORE):
            for key, value in _EMPTY_RULE.items():
                more.setdefault(f"rules-{number}-{key}", value)
    return more


def _blame_row(
    rows: RowSet, index: str | None, field: str | None, words: str, *, inner: tuple[str | None, str | None]
) -> bool:
    live = rows.live()
    if index is None or int(index) >= len(live):
        rows.non_form_errors().append(words)
        return True
    row = live[int(index)]
    if inner[0]:
        return _blame_row(getattr(row, inner[0]), inner[1], field, words, inner=(None, None))
    row.add_error(field if field in row.fields else None, words)
    return True


def _name_apart(rules: Iterable[dict[str, Any]]) -> None:
    """Rules that are called alike get keys of their own; those that had one keep it."""
    taken: set[str] = set()
    for rule in rules:
        key, number = rule["key"], 2
        while rule["key"] in taken:
            rule["key"], number = f"{key[:46]}-{number}", number + 1
        taken.add(rule["key"])
