"""What is asked for when a replay is asked for."""

import datetime as dt
from typing import Any

from django import forms

from feedback.logic.periods import day_start
from sla.actions.replays import ReplayInput
from sla.models import Policy
from sla.reports.replay_rules import DRAFT, policies_to_judge

WEEKS = ((2, "2 weeks"), (4, "4 weeks"), (8, "8 weeks"), (12, "12 weeks"), (26, "26 weeks"), (52, "52 weeks"))
_DAY = dt.timedelta(days=1)
_YEARS = range(1970, 2200)


def _day(label: str, hint: str = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=False, help_text=hint, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class ReplayForm(forms.Form):
    """What to judge, against what, and which handoffs. Days are those of the reader's zone."""

    what = forms.ChoiceField(label="What to judge")
    among = forms.ChoiceField(
        label="How",
        choices=(
            ("alone", "Alone: what it does not apply to is promised nothing"),
            ("all", "In its place among all rules in force"),
        ),
        initial="alone",
        widget=forms.RadioSelect,
    )
    weeks = forms.TypedChoiceField(label="Handoffs offered in the last", choices=WEEKS, coerce=int, initial=8)
    start = _day("Or from day")
    end = _day("Up to, not including", "Both days, or neither; then they count instead of the weeks.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (policy.name, _choices(policy, numbers)) for policy, numbers in policies_to_judge()
        ]

    def clean(self) -> dict[str, Any]:
        """The days, as a span."""
        given: dict[str, Any] = super().clean() or {}
        for name in ("start", "end"):
            if (on := given.get(name)) and on.year not in _YEARS:
                self.add_error(name, f"Choose a day in the years {_YEARS[0]} to {_YEARS[-1]}.")
        start, end = given.get("start"), given.get("end")
        if (start is None) != (end is None) and not {"start", "end"} & set(self.errors):
            self.add_error("end" if start else "start", "Give both days, or neither.")
        elif start and end and start >= end:
            self.add_error("end", "This is the first day that is not counted; choose a later one.")
        return given

    def asked(self, *, zone: dt.tzinfo, now: dt.datetime) -> ReplayInput:
        """What the valid form asks for; weeks end today."""
        given = self.cleaned_data
        policy, _, version = given["what"].partition(":")
        end_on = given["end"] or now.astimezone(zone).date() + _DAY
        start_on = given["start"] or end_on - dt.timedelta(weeks=given["weeks"])
        return ReplayInput(
            policy=policy,
            version=version,
            is_among=given["among"] == "all",
            begins_at=day_start(start_on, zone=zone),
            ends_at=day_start(end_on, zone=zone),
        )


def chosen(policy: str, *, is_draft: bool) -> str:
    """The value of `what` for an address that names a policy."""
    return f"{policy}:{DRAFT if is_draft else ''}"


def _choices(policy: Policy, numbers: list[int]) -> list[tuple[str, str]]:
    found = [(f"{policy.uid}:{DRAFT}", f"{policy.name}, draft")]
    if numbers:
        found.append((f"{policy.uid}:", f"{policy.name}, as in force"))
    return [*found, *((f"{policy.uid}:{number}", f"{policy.name}, version {number}") for number in numbers)]
