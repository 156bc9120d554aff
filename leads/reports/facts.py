"""What rules may ask of a lead and its account, read from the rows."""

from leads.logic.conditions import Facts
from leads.logic.domains import is_free_mail
from leads.models import Account, Lead

_YES_NO = {True: "yes", False: "no"}


def facts_of(lead: Lead | None, account: Account | None) -> Facts:
    """The facts (leads.logic.facts) of a lead with its account, or of an account alone. No statement."""
    found: dict[str, str | int | None] = {}
    if account:
        found |= {
            "account_name": account.name,
            "account_domain": account.domain,
            "account_industry": account.industry,
            "account_employees": account.employee_count,
            "account_city": account.city,
            "region": account.country,
            "account_segment": account.segment,
            "account_relation": account.relation,
            "account_is_target": _YES_NO[account.is_target],
        }
    if lead:
        domain = lead.email.rpartition("@")[2]
        found |= {
            "lead_title": lead.title,
            "lead_email": lead.email,
            "lead_mail_is_free": _YES_NO[is_free_mail(domain)] if domain else None,
            "lead_country": lead.country or (account.country if account else ""),
            "lead_language": lead.language,
            "lead_product": lead.product,
            "lead_consent": lead.consent,
        }
    return found
