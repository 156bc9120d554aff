"""What brings the demo's leads, and how good those leads really are: the truth that the reports should find."""

from collections.abc import Mapping
from dataclasses import dataclass

from leads.actions.people import CampaignInput


@dataclass(frozen=True)
class Source:
    """A campaign. `share` of all handoffs; `rejected` is how many of a hundred sales truly does not want,
    and for what."""

    name: str
    channel: str
    share: int
    rejected: int
    reasons: Mapping[str, int]
    opening: tuple[str, str]

    @property
    def given(self) -> CampaignInput:
        """The campaign as an offer names it."""
        return CampaignInput(name=self.name, channel=self.channel)


_USUAL = {
    "fit.company_size": 6, "fit.industry": 4, "fit.geography": 3, "intent.below_bar": 6, "data.invalid_contact": 5,
    "data.insufficient": 3, "fit.non_buyer": 2, "comp.consent_missing": 1, "data.wrong_company": 1,
}  # fmt: skip

PRICING = Source("Pricing page form", "direct", 24, 17, _USUAL | {"data.fake_or_test": 4}, ("form", "Pricing request"))
WEBINAR = Source(
    "Webinar: Routing 101", "content", 18, 27, _USUAL | {"intent.below_bar": 10}, ("webinar", "Routing 101")
)
SOCIAL = Source("Paid social Q3", "social", 18, 33, _USUAL | {"data.invalid_contact": 11}, ("form", "Demo request"))
SEARCH = Source("Search: route planning", "search", 12, 28, _USUAL | {"fit.company_size": 11}, ("form", "Demo request"))
VISITS = Source("Target account visits", "target account", 10, 24, _USUAL, ("page_view", "/pricing"))
EBOOK = Source(
    "Ebook: State of Routing", "content", 11, 64, _USUAL | {"fit.non_buyer": 40}, ("download", "State of Routing")
)
REFERRAL = Source("Referral programme", "referral", 7, 13, _USUAL, ("form", "Introduced by a customer"))

SOURCES = (PRICING, WEBINAR, SOCIAL, SEARCH, VISITS, EBOOK, REFERRAL)

VOIDS = ("own.duplicate", "own.open_opportunity", "own.existing_customer", "own.recently_worked")
AFTER_ATTEMPTS = (
    "reach.unreachable",
    "intent.research_only",
    "intent.no_request",
    "data.left_company",
    "person.wrong_function",
)
AFTER_CONVERSATION = (
    "time.no_budget", "time.contract", "out.not_interested", "out.chose_other", "intent.research_only",
    "person.no_influence",
    "time.later_project", "fit.use_case",
)  # fmt: skip

# What reps answer when a reason asks, by the question's key (feedback.logic.evidence). Dates are in so many days.
ANSWERS: Mapping[str, tuple[str | int, ...]] = {
    "channel_failed": ("phone", "mail", "both"),
    "missing_fields": ("phone number", "company and phone", "role"),
    "right_company": ("the parent company", "a subsidiary in Spain"),
    "duplicate_of": ("the handoff of last Tuesday",),
    "opportunity_ref": ("OPP-1042", "OPP-1187", "OPP-0968"),
    "employee_count": (8, 12, 18, 25, 38, 9_500),
    "industry": ("education", "public sector", "hospitality"),
    "region": ("Brazil", "Japan", "speaks Mandarin only"),
    "capability": ("cold chain monitoring", "customs filing"),
    "buyer_kind": ("student", "student", "job seeker", "vendor", "press"),
    "role": ("intern", "assistant", "works in marketing"),
    "function": ("HR", "finance", "marketing"),
    "budget_date": (120, 210),
    "renewal_date": (140, 300),
    "project_date": (200, 420),
    "attempts_made": (4, 5, 6),
    "competitor": ("an in-house tool", "Routewise"),
}
