"""Whom a policy is for."""

from collections.abc import Mapping

from leads.logic.conditions import NUMBER, TEXT, FieldKind, Vocabulary

FIELDS: Mapping[str, FieldKind] = {
    "channel": FieldKind("channel", TEXT),
    "campaign": FieldKind("campaign name", TEXT),
    "team": FieldKind("team name", TEXT),
    "region": FieldKind("account's country", TEXT, is_code=True),
    "account_industry": FieldKind("account's industry", TEXT),
    "account_employees": FieldKind("account's employees", NUMBER),
    "account_name": FieldKind("account's name", TEXT),
    "lead_title": FieldKind("lead's job title", TEXT),
    "lead_email": FieldKind("lead's email", TEXT),
    "fit": FieldKind("fit", NUMBER),
    "intent": FieldKind("intent", NUMBER),
}
POLICY_FIELDS = Vocabulary(FIELDS)
