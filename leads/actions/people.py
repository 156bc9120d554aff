"""Bringing accounts, leads and campaigns up to date with what marketing and the CRM know."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection

from leads.actions.upsert import Kept, Key, Wanted, settled, upsert, upsert_and_find
from leads.logic.domains import company_domains, normal_domain
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line
from leads.models import Account, Campaign, Consent, Lead, Relation, RowResult

_MOST_PEOPLE = 10_000_000
_CRM_LENGTHS = {"external_system": 50, "external_id": 200}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,6})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class AccountInput:
    """A company as somebody names it. Known by external id, else by domain, else by name."""

    name: str = ""
    domain: str = ""
    industry: str = ""
    employee_count: int | None = None
    city: str = ""
    country: str = ""
    segment: str = ""
    relation: str = ""
    is_target: bool | None = None
    external_system: str = ""
    external_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CampaignInput:
    """A campaign as somebody names it. Known by external id, else by name."""

    name: str = ""
    channel: str = ""
    external_system: str = ""
    external_id: str = ""


@dataclass(frozen=True, kw_only=True)
class LeadInput:
    """A person as somebody names them. Known by external id, else by mail address."""

    email: str = ""
    name: str = ""
    title: str = ""
    phone: str = ""
    country: str = ""
    language: str = ""
    product: str = ""
    consent: str = ""
    account: AccountInput | None = None
    external_system: str = ""
    external_id: str = ""


def clean_account(given: AccountInput) -> AccountInput:
    """The same company with every field trimmed and checked. InvalidInput(account.<field>)."""
    lengths = {"name": 200, "industry": 100, "city": 100, "segment": 50}
    text = {
        name: one_line(getattr(given, name), field=f"account.{name}", longest=longest)
        for name, longest in (lengths | _CRM_LENGTHS).items()
    }
    text["domain"] = normal_domain(given.domain, field="account.domain")
    country = _country(given.country, field="account.country")
    relation = one_line(given.relation, field="account.relation", longest=10)
    if relation not in Relation.values:
        known = ", ".join(filter(None, Relation.values))
        raise InvalidInput(f"account.relation must be one of: {known}.", field="account.relation")
    if given.is_target is not None and not isinstance(given.is_target, bool):
        raise InvalidInput("account.is_target must be true or false.", field="account.is_target")
    count = given.employee_count
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_PEOPLE):
        raise InvalidInput(
            "account.employee_count must be a whole number up to 10000000.", field="account.employee_count"
        )
    if not (text["name"] or text["domain"] or text["external_id"]):
        raise InvalidInput("account needs a name, a domain or an external_id.", field="account.name")
    return AccountInput(**text, country=country, employee_count=count, relation=relation, is_target=given.is_target)


def clean_campaign(given: CampaignInput) -> CampaignInput:
    """The same campaign with every field trimmed and checked. InvalidInput(campaign.<field>)."""
    lengths = {"name": 200, "channel": 50, "external_system": 50, "external_id": 200}
    text = {
        name: one_line(getattr(given, name), field=f"campaign.{name}", longest=longest)
        for name, longest in lengths.items()
    }
    if not (text["name"] or text["external_id"]):
        raise InvalidInput("campaign needs a name or an external_id.", field="campaign.name")
    return CampaignInput(**text)


def clean_lead(given: LeadInput) -> LeadInput:
    """The same person with every field trimmed and checked, the mail address in its normal form.
    InvalidInput(<field>).
    """
    lengths = {"name": 200, "title": 200, "phone": 50, "product": 100} | _CRM_LENGTHS
    text = {name: one_line(getattr(given, name), field=name, longest=longest) for name, longest in lengths.items()}
    language = one_line(given.language, field="language", longest=10).lower()
    if language and not _LANGUAGE.fullmatch(language):
        raise InvalidInput("language is a tag like de or pt-br.", field="language")
    consent = one_line(given.consent, field="consent", longest=10)
    if consent and consent not in Consent.values:
        raise InvalidInput(f"consent must be one of: {', '.join(Consent.values)}.", field="consent")
    email = normal_email(given.email)
    if not (email or text["external_id"]):
        raise InvalidInput("email is missing; a lead needs a mail address or an external_id.", field="email")
    account = clean_account(given.account) if given.account else None
    return LeadInput(
        **text,
        country=_country(given.country, field="country"),
        language=language,
        email=email,
        consent=consent,
        account=account,
    )


def _country(given: str, *, field: str) -> str:
    country = one_line(given, field=field, longest=2).upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise InvalidInput(f"{field} is the two-letter code of ISO 3166, like DE.", field=field)
    return country


def upsert_accounts(given: Sequence[AccountInput]) -> list[Account]:
    """The accounts, one per (clean) input and in its order. Locks them."""
    return [kept.row for kept in keep_accounts(given)]


@settled
def keep_accounts(given: Sequence[AccountInput]) -> list[Kept[Account]]:
    """The accounts with what was done to each, one per (clean) input and in its order. Locks them."""
    kept, _ = _keep_accounts(given, domains=())
    _note_changed(accounts=kept)
    return kept


@settled
def upsert_accounts_before(leads: Sequence[LeadInput], given: Sequence[AccountInput]) -> list[Account]:
    """The accounts, one per (clean) input and in its order, where the leads are upserted next in the same transaction.

    Locks them with those that the leads are of: who locked an account and then a lead could not lock another account.
    """
    of_leads = [one.account for one in leads if one.account]
    kept, _ = _keep_accounts([*given, *of_leads], domains=_domains(leads))
    _note_changed(accounts=kept)
    return [one.row for one in kept[: len(given)]]


def _keep_accounts(
    given: Sequence[AccountInput], *, domains: Collection[str]
) -> tuple[list[Kept[Account]], dict[Key, Account]]:
    """The accounts, and those known by one of `domains`; all of them locked in one order."""

    def keys(one: AccountInput) -> tuple[Key, ...]:
        if one.external_id:
            return (("external", one.external_system, one.external_id),)
        return (("domain", one.domain),) if one.domain else (("name", one.name),)

    def wanted(one: AccountInput) -> Wanted:
        values = {name: value for name, value in vars(one).items() if value is not None}
        return Wanted(keys=keys(one), values=values, if_new={"name": one.name or one.domain or one.external_id})

    by_domain = [("domain", domain) for domain in domains]
    return upsert_and_find(Account, [wanted(one) for one in given], keys=by_domain)


def upsert_campaigns(given: Sequence[CampaignInput]) -> list[Campaign]:
    """The campaigns, one per (clean) input and in its order. Locks them."""
    return [kept.row for kept in keep_campaigns(given)]


@settled
def keep_campaigns(given: Sequence[CampaignInput]) -> list[Kept[Campaign]]:
    """The campaigns with what was done to each, one per (clean) input and in its order. Locks them."""

    def keys(one: CampaignInput) -> tuple[Key, ...]:
        return (("external", one.external_system, one.external_id),) if one.external_id else (("name", one.name),)

    def wanted(one: CampaignInput) -> Wanted:
        return Wanted(keys=keys(one), values=vars(one), if_new={"name": one.name or one.external_id})

    return upsert(Campaign, [wanted(one) for one in given])


def upsert_leads(given: Sequence[LeadInput]) -> list[Lead]:
    """The leads with their accounts, one per (clean) input and in its order. Locks accounts, then leads."""
    return [kept.row for kept in keep_leads(given)]


@settled
def keep_leads(given: Sequence[LeadInput]) -> list[Kept[Lead]]:
    """The leads with what was done to each, one per (clean) input and in its order; a changed account counts as a
    change.

    A lead that has no account, and for which none is named, gets the one that is known by the domain of its mail
    address, if there is one and the domain is a company's. Locks accounts, then leads.
    """
    with_account = [one.account for one in given if one.account]
    domains = _domains(given)
    accounts, by_domain = _keep_accounts(with_account, domains=domains) if with_account or domains else ([], {})
    account_of = iter(accounts)

    def keys(one: LeadInput) -> tuple[Key, ...]:
        external = (("external", one.external_system, one.external_id),) if one.external_id else ()
        return (*external, *((("email", one.email),) if one.email else ()))

    def wanted(one: LeadInput) -> Wanted:
        values = {name: getattr(one, name) for name in _LEAD_COLUMNS}
        if not values["consent"]:
            del values["consent"]
        if one.account:
            values["account_id"] = next(account_of).row.pk
            return Wanted(keys=keys(one), values=values)
        matched = next((by_domain[key] for key in _domain_keys(one) if key in by_domain), None) if by_domain else None
        return Wanted(keys=keys(one), values=values, if_lacking={"account_id": matched.pk} if matched else {})

    leads = upsert(Lead, [wanted(one) for one in given])
    _note_changed(accounts=accounts, leads=leads)
    moved = iter(accounts)
    return [_with_account(kept, next(moved)) if one.account else kept for one, kept in zip(given, leads, strict=True)]


_LEAD_COLUMNS = (
    *("email", "name", "title", "phone", "country", "language", "product", "consent"),
    *("external_system", "external_id"),
)


def _domains(given: Sequence[LeadInput]) -> set[str]:
    """The domains by which an account is looked for, of leads that have none and for which none is named."""
    settled = _settled(given)
    return {
        domain
        for one in given
        if not one.account and (one.external_id or one.email not in settled)
        for domain in company_domains(one.email)
    }


def _settled(given: Sequence[LeadInput]) -> set[str]:
    """The mail addresses of leads that have an account, of those for which none is named: nobody needs to look for
    one. One statement, no locks.
    """
    emails = [one.email for one in given if one.email and not one.account and not one.external_id]
    if not emails:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [emails])
        return {email for (email,) in cursor.fetchall()}


_SETTLED = """
SELECT email FROM leads_lead WHERE email = ANY(%s) AND NOT email = '' AND account_id IS NOT NULL
"""


def _domain_keys(one: LeadInput) -> list[Key]:
    return [("domain", domain) for domain in company_domains(one.email)]


def _note_changed(*, accounts: Sequence[Kept[Account]] = (), leads: Sequence[Kept[Lead]] = ()) -> None:
    """Have what is new or changed compared with the others (leads.actions.duplicates) and scored anew: leads and their
    accounts, and everybody of an account of which something else is known now. One statement, none when nothing is.
    """
    changed = {kept.row.pk: kept.result for kept in accounts if kept.result is not RowResult.UNCHANGED}
    people = {kept.row.pk: kept.row.account_id for kept in leads if kept.result is not RowResult.UNCHANGED}
    if changed or people:
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE_CHANGED,
                {
                    "accounts": sorted(changed),
                    "leads": sorted(people),
                    "at_home": sorted(changed.keys() | {pk for pk in people.values() if pk}),
                    "known_otherwise": [pk for pk, result in changed.items() if result is RowResult.UPDATED],
                },
            )


_NOTE_CHANGED = """
WITH compared AS (
    INSERT INTO leads_changed (lead_id, account_id)
    SELECT NULL::bigint, unnest(%(accounts)s::bigint[]) UNION ALL SELECT unnest(%(leads)s::bigint[]), NULL)
INSERT INTO leads_touched (lead_id, account_id)
SELECT NULL::bigint, unnest(%(at_home)s::bigint[])
UNION ALL SELECT unnest(%(leads)s::bigint[]), NULL
UNION ALL SELECT id, NULL FROM leads_lead
    WHERE account_id = ANY(%(known_otherwise)s) AND NOT id = ANY(%(leads)s)
"""


def _with_account(lead: Kept[Lead], account: Kept[Account]) -> Kept[Lead]:
    if lead.result is RowResult.UNCHANGED and account.result is not RowResult.UNCHANGED:
        return Kept(lead.row, RowResult.UPDATED)
    return lead
