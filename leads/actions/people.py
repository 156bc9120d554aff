"""Bringing accounts, leads and campaigns up to date with what marketing and the CRM know."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from leads.actions.bulk import ANY_OF
from leads.actions.prepared import prepared_cursor
from leads.actions.upsert import Kept, Key, Wanted, settled, upsert, upsert_and_find
from leads.logic.domains import company_domains, normal_domain
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput
from leads.logic.text import one_line
from leads.models import Account, Campaign, Consent, Lead, Relation, RowResult

_MOST_PEOPLE = 10_000_000
_CRM_LENGTHS = {"external_system": 50, "external_id": 200}
_ACCOUNT_LENGTHS = {"name": 200, "industry": 100, "city": 100, "segment": 50} | _CRM_LENGTHS
_CAMPAIGN_LENGTHS = {"name": 200, "channel": 50} | _CRM_LENGTHS
_LEAD_LENGTHS = {"name": 200, "title": 200, "phone": 50, "product": 100} | _CRM_LENGTHS
_RELATIONS, _CONSENTS = frozenset(Relation.values), frozenset(Consent.values)
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
    text = _lines(given, _ACCOUNT_LENGTHS, of="account.")
    text["domain"] = normal_domain(given.domain, field="account.domain")
    country = _country(given.country, field="account.country")
    relation = one_line(given.relation, field="account.relation", longest=10)
    if relation not in _RELATIONS:
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
    text = _lines(given, _CAMPAIGN_LENGTHS, of="campaign.")
    if not (text["name"] or text["external_id"]):
        raise InvalidInput("campaign needs a name or an external_id.", field="campaign.name")
    return CampaignInput(**text)


def clean_lead(given: LeadInput) -> LeadInput:
    """The same person with every field trimmed and checked, the mail address in its normal form.
    InvalidInput(<field>).
    """
    text = _lines(given, _LEAD_LENGTHS)
    language = one_line(given.language, field="language", longest=10).lower()
    if language and not _LANGUAGE.fullmatch(language):
        raise InvalidInput("language is a tag like de or pt-br.", field="language")
    consent = one_line(given.consent, field="consent", longest=10)
    if consent and consent not in _CONSENTS:
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


def _lines(given: object, lengths: Mapping[str, int], *, of: str = "") -> dict[str, str]:
    """The named fields, cleaned; most are empty, and imports have millions."""
    return {
        name: one_line(value, field=of + name, longest=longest) if (value := getattr(given, name)) != "" else ""
        for name, longest in lengths.items()
    }


def _country(given: str, *, field: str) -> str:
    if given == "":
        return ""
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


@dataclass(frozen=True)
class Homes:
    """The (locked) accounts that leads name, one for each that names one, and those that are known by a domain."""

    named: Sequence[Kept[Account]] = ()
    by_domain: Mapping[Key, Account] = field(default_factory=dict)


@settled
def upsert_accounts_before(leads: Sequence[LeadInput], given: Sequence[AccountInput]) -> tuple[list[Account], Homes]:
    """The accounts, one per (clean) input and in its order, and those of the leads, which are upserted with them later
    in the same transaction.

    All of them are locked in one order: whoever holds accounts and leads may wait for no other account.
    """
    of_leads = [one.account for one in leads if one.account]
    domains = _domains(leads)
    if not (given or of_leads or domains):
        return [], Homes()
    kept, by_domain = _keep_accounts([*given, *of_leads], domains=domains)
    _note_changed(accounts=kept)
    return [one.row for one in kept[: len(given)]], Homes(kept[len(given) :], by_domain)


def _keep_accounts(
    given: Sequence[AccountInput], *, domains: Collection[str]
) -> tuple[list[Kept[Account]], dict[Key, Account]]:
    """The accounts, and those known by one of `domains`; all of them locked in one order."""

    def keys(one: AccountInput) -> tuple[Key, ...]:
        if one.external_id:
            return (("external", one.external_system, one.external_id),)
        return (("domain", one.domain),) if one.domain else (("name", one.name),)

    def wanted(one: AccountInput) -> Wanted:
        values = {name: value for name, value in vars(one).items() if value not in ("", None)}
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


def upsert_leads(given: Sequence[LeadInput], *, homes: Homes | None = None) -> list[Lead]:
    """The leads with their accounts, one per (clean) input and in its order. Locks accounts, unless `homes` are those
    already, then leads.
    """
    return [kept.row for kept in keep_leads(given, homes=homes)]


@settled
def keep_leads(given: Sequence[LeadInput], *, homes: Homes | None = None) -> list[Kept[Lead]]:
    """The leads with what was done to each, one per (clean) input and in its order; a changed account counts as a
    change.

    A lead that has no account, and for which none is named, gets the one that is known by the domain of its mail
    address, if there is one and the domain is a company's. Locks accounts, then leads.
    """
    if homes is None:
        homes = upsert_accounts_before(given, [])[1]
    by_domain = homes.by_domain
    account_of = iter(homes.named)

    def keys(one: LeadInput) -> tuple[Key, ...]:
        external = (("external", one.external_system, one.external_id),) if one.external_id else ()
        return (*external, *((("email", one.email),) if one.email else ()))

    def wanted(one: LeadInput) -> Wanted:
        values = {name: value for name in _LEAD_COLUMNS if (value := getattr(one, name)) not in _NO_NEWS}
        if one.account:
            values["account_id"] = next(account_of).row.pk
            return Wanted(keys=keys(one), values=values)
        matched = next((by_domain[key] for key in _domain_keys(one) if key in by_domain), None) if by_domain else None
        return Wanted(keys=keys(one), values=values, if_lacking={"account_id": matched.pk} if matched else {})

    leads = upsert(Lead, [wanted(one) for one in given])
    _note_changed(leads=leads)
    moved = iter(homes.named)
    return [_with_account(kept, next(moved)) if one.account else kept for one, kept in zip(given, leads, strict=True)]


_LEAD_COLUMNS = (
    *("email", "name", "title", "phone", "country", "language", "product", "consent"),
    *("external_system", "external_id"),
)


# Not to know of a consent is no news: an opt-out stays.
_NO_NEWS = frozenset({"", Consent.UNKNOWN.value})


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
    with prepared_cursor() as cursor:
        cursor.execute(_SETTLED, [json.dumps(emails)])
        return {email for (email,) in cursor.fetchall()}


_SETTLED = f"""
SELECT email FROM leads_lead WHERE email = {ANY_OF} AND NOT email = '' AND account_id IS NOT NULL
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
