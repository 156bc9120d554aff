"""The forms by which operations edit a policy: the draft, of which nothing runs until it is published."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.functional import cached_property

from leads.admin_kinds import SeenForm, complain
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line
from sla.logic.conditions import POLICY_FIELDS
from sla.logic.durations import Amount, format_amount, parse_amount
from sla.logic.events import CAN_START, DEPTH, Event
from sla.logic.ladder import MOST_STEPS, StepRule
from sla.logic.ladder_text import WORDS, Names, parse_ladder, write_ladder
from sla.logic.opening_hours import FIRST_YEAR, LAST_YEAR
from sla.logic.rules import TargetRule
from sla.logic.rules_diff import EVENT_WORDS, usual_in_words
from sla.logic.rules_document import AMOUNT_KEYS, EVENT_KEYS
from sla.models import ChatChannel, Condition, Policy, StepTemplate, Target
from sla.reports.drafts import seen_of, steps_of, whole

_EVENTS = [(event.value, EVENT_WORDS[event.value]) for event in Event]
_BEGINNINGS = [(event.value, EVENT_WORDS[event.value]) for event in Event if event in CAN_START]
_WAITS = [
    ("marketing", "a hold in which marketing owes the answer"),
    ("prospect", "a hold that waits for the prospect"),
]


def on_one_line(value: str, *, field: str, longest: int, required: bool = True) -> str:
    """The text as it is kept; ValidationError for what is not text on one line."""
    try:
        return one_line(value, field=field, longest=longest, required=required)
    except InvalidInput as error:
        raise ValidationError(error.message) from error


def _reachable(at: dt.datetime) -> dt.datetime:
    if not FIRST_YEAR < at.year < LAST_YEAR:
        raise ValidationError(f"Choose a day in the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}.")
    return at


class PolicyForm(SeenForm):
    """Whom a policy applies to, since when, and in whose hours it counts."""

    class Meta:
        model = Policy
        fields = ("name", "position", "is_active", "calendar", "hop_limit", "valid_from", "valid_until")
        help_texts = {
            "position": "Policies are tried from the lowest number on; the first whose conditions all hold applies.",
            "is_active": "Unticked and published, the policy applies to nothing from then on.",
            "hop_limit": "How often a ladder may give one handoff to another rep.",
            "valid_from": "For handoffs offered from then on.",
            "valid_until": "Empty: until further notice.",
        }

    def clean_name(self) -> str:
        """On one line."""
        return on_one_line(self.cleaned_data["name"], field="name", longest=100)

    def clean_valid_from(self) -> dt.datetime:
        """In years that a calendar reaches."""
        return _reachable(self.cleaned_data["valid_from"])

    def clean_valid_until(self) -> dt.datetime | None:
        """In years that a calendar reaches."""
        until: dt.datetime | None = self.cleaned_data["valid_until"]
        return _reachable(until) if until else None

    def digest(self, instance: Any) -> str:
        """Also of the conditions, targets and ladders, which are saved with the policy."""
        found = whole(Policy.objects.all()).filter(pk=instance.pk).first()
        return super().digest(instance) + (seen_of(found) if found else "")


class ConditionForm(forms.ModelForm):  # type: ignore[type-arg]
    """One thing that must hold."""

    value = forms.CharField(
        required=False,
        max_length=1000,
        help_text="Lists are separated by commas. Nothing for “is empty” and “is known”.",
    )

    class Meta:
        model = Condition
        fields = ("field", "operator", "value")

    def clean_value(self) -> str:
        """On one line."""
        return on_one_line(self.cleaned_data["value"], field="value", longest=1_000, required=False)

    def clean(self) -> dict[str, Any]:
        """Also: field, operator and value fit together."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                POLICY_FIELDS.read(cleaned["field"], cleaned["operator"], cleaned["value"], place="value")
            except InvalidInput as error:
                complain(self, error)
        return cleaned


def names_now() -> Names:
    """What ladders can name today; two statements."""
    channels = {name: str(uid) for name, uid in ChatChannel.objects.values_list("name", "uid")}
    return Names(channels, {name: str(uid) for name, uid in StepTemplate.objects.values_list("name", "uid")})


class TargetFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The promises of a policy; what their ladders can name is read once for all of them."""

    @cached_property
    def names(self) -> Names:
        """The channels and templates there are."""
        return names_now()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """What each form is made with."""
        return {**super().get_form_kwargs(index), "names": self.names}


def _boxes() -> forms.CheckboxSelectMultiple:
    return forms.CheckboxSelectMultiple(attrs={"class": "rules-boxes"})


def _events(label: str, choices: list[tuple[str, str]] = _EVENTS) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=choices, required=False, label=label, widget=_boxes(), help_text="None: the usual."
    )


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """One promise, what begins and ends it, and what happens around its deadline."""

    within = forms.CharField(
        max_length=60,
        help_text="Business time, like 4 h, 30 min or 1 h 30 min; or open days, to the close of the last: 3 days. "
        "Enough attempts says how many as well: 3 days, 6 attempts on 2 channels.",
    )
    ladder = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 60}),
        help_text=f"One step a line: 75 %, -30 min, deadline or +1 h, a colon, and one of {', '.join(WORDS.values())}. "
        'A channel is named: tell the channel "sales alerts". A mail can have words of its own: '
        f'tell the owner using "a template". At most {MOST_STEPS}.',
    )
    starts = _events("Starts when", _BEGINNINGS)
    stops = _events("Is kept when")
    cancels = _events("Is dropped when")
    runs_through = forms.MultipleChoiceField(
        choices=_WAITS,
        required=False,
        label="Runs on through",
        widget=_boxes(),
        help_text="None: every hold pauses it, except for finding an owner, which nothing pauses.",
    )

    class Meta:
        model = Target
        fields = ("key", "counts_in")

    def __init__(self, *args: Any, names: Names, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        if not self.instance.pk:
            return
        target = self.instance
        self.fields["within"].initial = format_amount(Amount(*(getattr(target, key) for key in AMOUNT_KEYS)))
        self.fields["ladder"].initial = write_ladder([StepRule(**step) for step in steps_of(target)], names)
        for key in EVENT_KEYS:
            self.fields[key].initial = getattr(target, key)
        for key, words in usual_in_words(target.key).items():
            self.fields[key].help_text = f"None: the usual, which is {words}."

    def clean_ladder(self) -> tuple[StepRule, ...]:
        """The steps."""
        try:
            return parse_ladder(self.cleaned_data["ladder"].replace("\r\n", "\n"), self.names, field="ladder")
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        """Also: the whole target, read as the clocks will read it."""
        cleaned = super().clean() or self.cleaned_data
        key = cleaned.get("key")
        if not key or self.errors:
            return cleaned
        try:
            amount = parse_amount(cleaned["within"], counts_attempts=key == DEPTH)
            events = {name: sorted(cleaned[name]) for name in EVENT_KEYS}
            amounts = {name: getattr(amount, name) for name in AMOUNT_KEYS}
            steps = [vars(step) for step in cleaned["ladder"]]
            TargetRule.from_dict(key, {**amounts, **events, "counts_in": cleaned["counts_in"], "steps": steps})
        except InvalidInput as error:
            field = error.field.removeprefix(f"targets.{key}").lstrip(".").partition("[")[0]
            complain(self, error, fields={error.field: "ladder" if field == "steps" else field or "within"})
            return cleaned
        for name, value in amounts.items():
            setattr(self.instance, name, value)
        return {**cleaned, **events}
