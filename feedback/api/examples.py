"""The examples of the API on handoffs: the story of leads.api.examples goes on."""

from collections.abc import Mapping

from leads.api import examples as story

Examples = Mapping[str, object]

UID = story.UID
REP_UID = "5a9e7c31-0d64-4b82-9f1c-2e8b6d4a0f55"
TEAM_UID = "0b6d3f18-a927-4c5e-8e40-7f1d9c2b5a66"
ABSENCE_UID = "91c4e0d2-6f3b-4a87-b5d8-0e7a2c9f1b77"
_HOLD_UID = "d2f8b6a4-3e1c-4975-a0b9-6c4d8e2f0a88"

OFFER = {
    "external_system": "crm",
    "external_id": "mql-4711",
    "lead": story.LEAD,
    "campaign": story.CAMPAIGN,
    "owner": REP_UID,
    "fit": 78,
    "intent": 64,
    "score_parts": {"fit": {"industry": 20, "size": 15}, "intent": {"pricing page": 30}},
    "why": "Looked at pricing three times this week",
}
OFFER_OF_ACCOUNT = {
    "account": {"name": "Vialto", "domain": "vialto.example"},
    "team": TEAM_UID,
    "why": "An unknown visitor of a target account read the price list",
}
_REJECTION = {"reason": "fit.company_size", "evidence": {"employee_count": 12}, "note": "The German branch alone"}

NOTE: Examples = {
    "A click": {},
    "With a note, entered later": {"note": "Agreed by phone", "at": "2026-11-20T11:30:00+01:00"},
}
REJECT: Examples = {"With what the reason asks for": _REJECTION}
TURN_BACK: Examples = {"To the team's queue": {"note": "Switzerland is not mine"}, "To a colleague": {"to": REP_UID}}
ATTEMPT: Examples = {
    "A call that was answered": {"kind": "call", "is_two_way": True, "note": "Budget in spring"},
    "A mail": {"kind": "mail"},
}
OUTCOME: Examples = {
    "Won": {
        "kind": "won",
        "amount": "1200.50",
        "currency": "EUR",
        "external_system": "crm",
        "external_id": "deal-99",
    },
    "An opportunity": {"kind": "opportunity"},
}
REASSIGN: Examples = {"To a colleague": {"to": REP_UID}}
HOLD: Examples = {
    "A question to marketing": {"reason": "missing_context", "question": "Which product did they look at?"},
    "The prospect is away": {"reason": "prospect_away"},
}
ANSWER: Examples = {"What marketing knows": {"text": "The router, three times."}}
AT: Examples = {"Now": {}}
NOTHING: Examples = {"Nothing to say": {}}
ABSENCE: Examples = {
    "Holidays": {
        "starts_at": "2026-12-24T00:00:00+01:00",
        "ends_at": "2027-01-02T00:00:00+01:00",
        "note": "holidays",
    }
}
DECISIONS = {
    "Accept": {"handoff": UID, "verb": "accept"},
    "Reject with a reason": {"handoff": UID, "verb": "reject", **_REJECTION},
}

_TEAM = {"uid": TEAM_UID, "name": "Mid-market", "external_system": "", "external_id": ""}
_OWNER = {"uid": REP_UID, "name": "Sam Okafor", "external_system": "crm", "external_id": "005A0000003"}
_INSTANTS = (
    *("decided_at", "first_attempt_at", "first_two_way_at", "disposed_at", "opportunity_at", "closed_at"),
    *("previous_uid", "successor_uid"),
)
HANDOFF_SAID = {
    "uid": UID,
    "external_system": "crm",
    "external_id": "mql-4711",
    "state": "pending",
    "priority": 3,
    "hold": None,
    "lead": story.LEAD_NAMED,
    "account": story.ACCOUNT_NAMED,
    "team": _TEAM,
    "owner": _OWNER,
    "campaign": story.CAMPAIGN_NAMED,
    "channel": "webinar",
    **{name: OFFER[name] for name in ("fit", "intent", "score_parts", "why")},
    "reason": None,
    "evidence": {},
    "is_void": False,
    "note": "",
    "decided_by": None,
    "attempt_count": 0,
    "engaged_at": "2026-11-20T09:12:03Z",
    "qualified_at": "2026-11-20T09:12:04Z",
    "offered_at": "2026-11-20T09:12:04Z",
    "seen_at": None,
    **dict.fromkeys(_INSTANTS),
    "due_at": "2026-11-20T13:12:04Z",
}
HELD_SAID = HANDOFF_SAID | {
    "hold": {
        "uid": _HOLD_UID,
        "reason": "missing_context",
        "owed_by": "marketing",
        "question": "Which product did they look at?",
        "began_at": "2026-11-20T10:00:00Z",
        "limit_at": "2026-11-21T10:00:00Z",
    }
}
JOURNAL_SAID = [
    {
        "uid": "a7d1c5e9-4b82-4f60-93ce-8e2f6b0d4c99",
        "kind": "handoff.offered",
        "by": "CRM sync",
        "via": "api",
        "data": {},
        "note": "",
        "occurred_at": "2026-11-20T09:12:04Z",
        "recorded_at": "2026-11-20T09:12:04Z",
    }
]
ABSENCE_SAID = {
    "uid": ABSENCE_UID,
    "kind": "away",
    "starts_at": "2026-12-23T23:00:00Z",
    "ends_at": "2027-01-01T23:00:00Z",
    "note": "holidays",
}
REASON_SAID = {
    "key": "fit.company_size",
    "group": "Fit",
    "label": "Too small or too large",
    "moments": ["review", "attempts", "conversation"],
    "evidence": {
        "field": "employee_count",
        "label": "Employees",
        "kind": "count",
        "choices": [],
        "required": True,
    },
    "remedy_owner": "marketing-targeting",
    "next_state": "disqualify_account",
    "cool_off_days": None,
    "return_condition": "",
    "counts_in_acceptance": True,
}
