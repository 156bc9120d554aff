"""What rules may ask of a lead and its account."""

from collections.abc import Mapping

from leads.logic.conditions import NUMBER, TEXT, FieldKind, Vocabulary

ACCOUNT_FIELDS: Mapping[str, FieldKind] = {
    "account_name": FieldKind("account's name", TEXT),
    "account_domain": FieldKind("account's domain", TEXT),
    "account_industry": FieldKind("account's industry", TEXT),
    "account_employees": FieldKind("account's employees", NUMBER),
    "account_city": FieldKind("account's city", TEXT),
    "region": FieldKind("account's country", TEXT, is_code=True),
    "account_segment": FieldKind("account's segment", TEXT),
    "account_relation": FieldKind("account's relation to us", TEXT),
    "account_is_target": FieldKind("target account (yes or no)", TEXT),
}
PERSON_FIELDS: Mapping[str, FieldKind] = {
    "lead_title": FieldKind("lead's job title", TEXT),
    "lead_email": FieldKind("lead's email", TEXT),
    "lead_mail_is_free": FieldKind("lead uses a free-mail address (yes or no)", TEXT),
    "lead_country": FieldKind("lead's country", TEXT, is_code=True),
    "lead_language": FieldKind("lead's language", TEXT),
    "lead_product": FieldKind("product of interest", TEXT),
    "lead_consent": FieldKind("lead's consent", TEXT),
}
ICP = Vocabulary({**ACCOUNT_FIELDS, **PERSON_FIELDS})
"""Every fact of a lead with its account. Yes-or-no facts are the texts "yes" and "no"."""
ACCOUNT = Vocabulary(ACCOUNT_FIELDS)
"""The facts of an account alone: what an account rule may ask."""
