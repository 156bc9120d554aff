"""What people type to see who would get a lead."""

from typing import Any

from django import forms

from feedback.reports.routing_previews import Told


def _text(label: str, longest: int, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, required=False, **more)


class PreviewForm(forms.Form):
    """A lead that is known, or facts made up; what is typed counts in place of what is on file."""

    lead = _text("Mail address or uid of a lead", 254, help_text="What is filled in below counts instead of its own.")
    account_name = _text("Account", 200, help_text="One that is known brings its owner and its facts.")
    country = _text("Account's country", 2, help_text="Two letters, like DE.")
    segment = _text("Segment", 50)
    industry = _text("Industry", 100)
    employee_count = forms.IntegerField(label="Employees", min_value=0, max_value=10_000_000, required=False)
    title = _text("Job title", 200)
    language = _text("Language", 10, help_text="A tag like de or pt-br.")
    product = _text("Product of interest", 100)
    channel = _text("Channel", 50)
    campaign = _text("Campaign", 200)
    fit = forms.IntegerField(label="Fit", min_value=0, max_value=100, required=False)
    intent = forms.IntegerField(label="Intent", min_value=0, max_value=100, required=False)

    def has_facts(self) -> bool:
        """Whether anything but a lead was typed, or is wrong."""
        return any(name != "lead" for name in [*self.changed_data, *self.errors])

    def told(self) -> Told:
        """What was typed, but for the lead."""
        given = self.cleaned_data
        return Told(
            lead={name: given[name] for name in ("title", "product")} | {"language": given["language"].lower()},
            account={
                "name": given["account_name"],
                "country": given["country"].upper(),
                **{name: given[name] for name in ("segment", "industry", "employee_count")},
            },
            channel=given["channel"],
            campaign=given["campaign"],
            fit=given["fit"],
            intent=given["intent"],
        )
