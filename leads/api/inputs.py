"""What the intake hears, field by field: parsed into the actions' own inputs, judged by the actions."""

from collections.abc import Callable, Iterator
from typing import Any

from leads.actions.engagements import EngagementInput
from leads.actions.people import AccountInput, CampaignInput, LeadInput, clean_account, clean_campaign, clean_lead
from leads.actions.visitors import VisitorInput
from leads.api.fields import Instant, Shape, Text, Whole, YesNo
from leads.logic.errors import InvalidInput
from leads.models import Consent, EngagementKind, LawfulBasis, Relation


class AccountShape(Shape):
    """A company: known by external_id, else by domain, else by name."""

    makes = AccountInput
    name = Text(required=False)
    domain = Text(required=False)
    industry = Text(required=False)
    employee_count = Whole(required=False)
    city = Text(required=False)
    country = Text(required=False, help_text="ISO 3166 alpha-2")
    segment = Text(required=False)
    relation = Text(required=False, help_text=", ".join(filter(None, Relation.values)))
    is_target = YesNo(required=False, help_text="a target account of ours")
    external_system = Text(required=False)
    external_id = Text(required=False)


class LeadShape(Shape):
    """A person: known by external_id, else by mail address."""

    makes = LeadInput
    email = Text(required=False)
    name = Text(required=False)
    title = Text(required=False)
    phone = Text(required=False)
    country = Text(required=False, help_text="ISO 3166 alpha-2")
    language = Text(required=False, help_text="a tag like de or pt-br")
    product = Text(required=False, help_text="product of interest")
    consent = Text(required=False, help_text=", ".join(Consent.values))
    account = AccountShape(required=False)
    external_system = Text(required=False)
    external_id = Text(required=False)


class CampaignShape(Shape):
    """A campaign: known by external_id, else by name."""

    makes = CampaignInput
    name = Text(required=False)
    channel = Text(required=False)
    external_system = Text(required=False)
    external_id = Text(required=False)


class VisitorShape(Shape):
    """A browser, by the id that its website or tool gave it. The engagement's account is where it belongs."""

    makes = VisitorInput
    external_id = Text()
    external_system = Text(required=False)
    tool = Text(required=False, help_text="which tool says where the visitor belongs")
    confidence = Whole(required=False, help_text="how sure the tool is, 0 to 100")
    lawful_basis = Text(required=False, help_text=f"needed with a tool: {', '.join(LawfulBasis.values)}")


class EngagementShape(Shape):
    """What a lead or a visitor did; it names a lead, an account or a visitor.

    Known again by external_system and external_id. Reading one needs the instant `now` as context.
    """

    kind = Text(help_text=", ".join(EngagementKind.values))
    occurred_at = Instant(required=False, help_text="now when left out; never in the future")
    lead = LeadShape(required=False)
    account = AccountShape(required=False)
    visitor = VisitorShape(required=False)
    campaign = CampaignShape(required=False)
    url = Text(required=False, help_text="address of the page, http or https; its query is not kept")
    subject = Text(required=False, help_text="what it was about, in words")
    duration_seconds = Whole(required=False)
    external_system = Text(required=False)
    external_id = Text(required=False)

    def made(self, values: dict[str, Any]) -> EngagementInput:
        """The engagement, which happened now when nothing else is said."""
        return EngagementInput(**({"occurred_at": self.context["now"]} | values))


def placed(error: InvalidInput, given: object) -> InvalidInput:
    """The same complaint with the whole path in `given`, an input of which it was made.

    The actions speak of a lead's or an account's own fields, because they do not know what it is a part of.
    """
    for prefix, judge, own in _parts(given):
        try:
            judge()
        except InvalidInput as found:
            if found.message == error.message:
                return _moved(error, error.field, prefix + error.field.removeprefix(own))
    return error


def _parts(given: object) -> Iterator[tuple[str, Callable[[], object], str]]:
    """Of each part: where it stands, what complains of it, and what that puts in front of its fields."""
    if isinstance(given, AccountInput):
        yield "", lambda: clean_account(given), "account."
    elif isinstance(given, CampaignInput):
        yield "", lambda: clean_campaign(given), "campaign."
    elif (lead := getattr(given, "lead", None)) is not None:
        # With what stands before the lead's own fields: a company of the lead is complained of as account.<field>.
        yield "lead.", lambda: clean_lead(lead), ""


def _moved(error: InvalidInput, field: str, to: str) -> InvalidInput:
    words = to + error.message.removeprefix(field) if error.message.startswith(f"{field} ") else error.message
    return InvalidInput(words, field=to)
