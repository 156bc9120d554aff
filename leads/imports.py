"""The files that leads takes in: leads and engagements; and the columns that name people and companies in any file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from leads.actions.clock import database_now
from leads.actions.engagements import EngagementInput, clean_engagement, keep_engagements
from leads.actions.import_kinds import Batch, ImportKind, RowDone, register
from leads.actions.people import AccountInput, CampaignInput, LeadInput, clean_lead, keep_leads
from leads.actions.upsert import Kept
from leads.actions.visitors import VisitorInput
from leads.logic.errors import InvalidInput, LeadLoopError
from leads.logic.import_values import Column, Holds
from leads.models import Consent, EngagementKind, LawfulBasis

LEAD = (
    Column("external_id", "the CRM's key of the lead"),
    Column("email", "mail address"),
    Column("name", "full name"),
    Column("title", "job title"),
    Column("phone", "telephone number"),
    Column("consent", f"one of {', '.join(Consent.values)}; blank is no consent"),
)
ACCOUNT = (
    Column("account.external_id", "the CRM's key of the company"),
    Column("account.name", "company name"),
    Column("account.domain", "its mail or web domain"),
    Column("account.industry", "its industry"),
    Column("account.employee_count", "how many people work there", Holds.COUNT),
    Column("account.city", "its city"),
    Column("account.country", "its country, two letters of ISO 3166"),
)
VISITOR = (
    Column("visitor.external_id", "the key of the browser, known or not"),
    Column("visitor.tool", "which tool says that the company is theirs"),
    Column("visitor.confidence", "how sure the tool is, 0 to 100", Holds.COUNT),
    Column("visitor.lawful_basis", f"needed with a tool: {', '.join(LawfulBasis.values)}"),
)
CAMPAIGN = (
    Column("campaign.external_id", "the CRM's key of the campaign"),
    Column("campaign.name", "campaign name"),
    Column("campaign.channel", "the campaign's channel"),
)


def prefixed(columns: Sequence[Column], prefix: str) -> tuple[Column, ...]:
    """The columns under another name, like lead.email."""
    return tuple(Column(prefix + one.name, one.says, one.holds, one.is_required) for one in columns)


def lead_of(row: Mapping[str, Any], *, system: str, prefix: str = "") -> LeadInput | None:
    """The person whom the row names under `prefix`, with their company; None when it names nobody."""
    given = _part(row, prefix, [one.name for one in LEAD])
    if not given:
        return None
    return LeadInput(**_with_system(given, system), account=account_of(row, system=system))


def account_of(row: Mapping[str, Any], *, system: str) -> AccountInput | None:
    """The company that the row names, or None."""
    given = _part(row, "account.", [one.name.removeprefix("account.") for one in ACCOUNT])
    return AccountInput(**_with_system(given, system)) if given else None


def campaign_of(row: Mapping[str, Any], *, system: str) -> CampaignInput | None:
    """The campaign that the row names, or None."""
    given = _part(row, "campaign.", [one.name.removeprefix("campaign.") for one in CAMPAIGN])
    return CampaignInput(**_with_system(given, system)) if given else None


def visitor_of(row: Mapping[str, Any], *, system: str) -> VisitorInput | None:
    """The browser that the row names, or None."""
    given = _part(row, "visitor.", [one.name.removeprefix("visitor.") for one in VISITOR])
    return VisitorInput(**{"external_id": "", **_with_system(given, system)}) if given else None


def _part(row: Mapping[str, Any], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[prefix + name] for name in names if prefix + name in row}


def _with_system(given: dict[str, Any], system: str) -> dict[str, Any]:
    return given | {"external_system": system} if "external_id" in given else given


Cleaned = TypeVar("Cleaned")


def cleaned_and_kept(
    batch: Batch, clean: Callable[[dict[str, Any]], Cleaned], keep: Callable[[list[Cleaned]], Sequence[Kept[Any]]]
) -> list[RowDone]:
    """One result per row: the refusal of `clean`, or what `keep` did to all that were clean, at once."""
    done: list[RowDone | None] = []
    good: list[Cleaned] = []
    for row in batch.rows:
        try:
            good.append(clean(row))
            done.append(None)
        except LeadLoopError as error:
            done.append(error)
    kept = iter(keep(good) if good else [])
    return [next(kept).result if one is None else one for one in done]


def apply_leads(batch: Batch) -> list[RowDone]:
    """Leads with their accounts, made or brought up to date. Locks accounts, then leads."""

    def clean(row: dict[str, Any]) -> LeadInput:
        return clean_lead(lead_of(row, system=batch.mapping.external_system) or LeadInput())

    return cleaned_and_kept(batch, clean, keep_leads)


def apply_engagements(batch: Batch) -> list[RowDone]:
    """Engagements by external id, with whom they are of. Locks accounts, leads, campaigns, engagements."""
    now, system = database_now(), batch.mapping.external_system

    def clean(row: dict[str, Any]) -> EngagementInput:
        lead = lead_of(row, system=system, prefix="lead.")
        given = _part(row, "", ["kind", "subject", "url", "occurred_at", "duration_seconds", "external_id"])
        visitor = visitor_of(row, system=system)
        try:
            return clean_engagement(
                EngagementInput(
                    **_with_system(given, system),
                    lead=lead,
                    account=account_of(row, system=system) if visitor or not lead else None,
                    visitor=visitor,
                    campaign=campaign_of(row, system=system),
                ),
                now=now,
            )
        except InvalidInput as error:
            raise of_lead(error) from error

    return cleaned_and_kept(batch, clean, keep_engagements)


def of_lead(error: InvalidInput) -> InvalidInput:
    """The same refusal, its field named as the file's column is when it is about the lead."""
    if error.field not in {"email", "name", "title", "phone", "consent"}:
        return error
    return InvalidInput(error.message, field=f"lead.{error.field}")


def register_kinds() -> None:
    """Have leads and engagements taken in."""
    register(
        ImportKind(
            name="leads",
            label="Leads",
            says="People with their companies, made or brought up to date.",
            columns=(*LEAD, *ACCOUNT),
            apply=apply_leads,
            roles=frozenset({"marketer", "operations"}),
            once=("external_id", "email"),
        ),
        ImportKind(
            name="engagements",
            label="Engagements",
            says="What leads and unknown visitors did; who is not known yet is made.",
            columns=(
                Column("external_id", "the key of the engagement", is_required=True),
                Column("kind", f"one of {', '.join(EngagementKind.values)}", is_required=True),
                Column("occurred_at", "when", Holds.INSTANT, is_required=True),
                Column("subject", "what: the page, the form, the webinar"),
                Column("url", "address of the page, http or https; its query is not kept"),
                Column("duration_seconds", "how long", Holds.COUNT),
                *prefixed(LEAD, "lead."),
                *VISITOR,
                *ACCOUNT,
                *CAMPAIGN,
            ),
            apply=apply_engagements,
            roles=frozenset({"marketer", "operations"}),
        ),
    )
