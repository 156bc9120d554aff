"""One story told by every example of the API: Ana Duarte of Nortex, on her way to sales."""

UID = "3f0c9a52-9d5e-4c3b-8a55-0d8f4f1b2c11"
_ACCOUNT_UID = "8b1d6f0e-2c43-4d0b-9f57-6a1f3a0e7c22"
_CAMPAIGN_UID = "c7e2b9d4-51a6-4f38-b0c3-9d2e8f7a1b33"
_VISITOR_UID = "e4a8c1f6-7b92-4e05-a6d1-3c5f0b8d9e44"

ACCOUNT = {
    "external_system": "crm",
    "external_id": "001A0000017",
    "name": "Nortex",
    "domain": "nortex.example",
    "industry": "logistics",
    "employee_count": 420,
    "country": "DE",
    "segment": "mid-market",
    "relation": "prospect",
    "is_target": True,
}
LEAD = {
    "external_system": "crm",
    "external_id": "00QA0000042",
    "email": "ana.duarte@nortex.example",
    "name": "Ana Duarte",
    "title": "Head of Operations",
    "country": "DE",
    "language": "de",
    "product": "routing",
    "consent": "opt_in",
    "account": {"external_system": "crm", "external_id": "001A0000017", "name": "Nortex", "domain": "nortex.example"},
}
LEAD_CHANGED = {"email": "ana.duarte@nortex.example", "title": "VP Operations", "consent": "opt_out"}
CAMPAIGN = {"external_system": "crm", "external_id": "701A0000009", "name": "Routing 101", "channel": "webinar"}
WEBINAR = {
    "kind": "webinar",
    "occurred_at": "2026-11-18T15:00:00+01:00",
    "lead": {"email": "ana.duarte@nortex.example"},
    "campaign": {"external_system": "crm", "external_id": "701A0000009", "name": "Routing 101"},
    "subject": "Routing 101",
    "duration_seconds": 2700,
    "external_system": "webinars",
    "external_id": "attendance-8812",
}
_IDENTIFIED = {
    "external_system": "website",
    "external_id": "v-5f2c9e",
    "tool": "identifier",
    "confidence": 85,
    "lawful_basis": "legitimate_interest",
}
VISIT = {
    "kind": "page_view",
    "url": "https://www.leadloop.example/pricing",
    "account": {"domain": "nortex.example"},
    "visitor": _IDENTIFIED,
}
VISIT_OF_NOBODY = {
    "kind": "page_view",
    "url": "https://www.leadloop.example/docs/routing",
    "visitor": {"external_system": "website", "external_id": "v-77aa01"},
}

FORM = {
    "kind": "form",
    "subject": "Ask for a demo",
    "url": "https://www.leadloop.example/demo",
    "lead": {"email": "ana.duarte@nortex.example", "name": "Ana Duarte", "consent": "opt_in"},
    "visitor": {"external_system": "website", "external_id": "v-77aa01"},
    "external_system": "forms",
    "external_id": "submission-301",
}

_KNOWN = {"city": "", "merged_into": None, "disqualified_at": None, "created_at": "2026-11-02T08:15:00Z"}
ACCOUNT_SAID = {"uid": _ACCOUNT_UID, **ACCOUNT, **_KNOWN}
ACCOUNT_NAMED = {
    "uid": _ACCOUNT_UID,
    "name": "Nortex",
    "external_system": "crm",
    "external_id": "001A0000017",
}
LEAD_SAID = {
    "uid": UID,
    **LEAD,
    "phone": "",
    "account": ACCOUNT_NAMED,
    "merged_into": None,
    "suppressed_at": None,
    "disqualified_at": None,
    "created_at": "2026-11-02T08:15:00Z",
}
STANDING = {
    "fit": 78,
    "intent": 64,
    "parts": {"fit": {"Logistics": 20, "200 to 2,000 people": 15}, "intent": {"Looked at pricing": 30}},
    "rule": "pricing-three-times",
    "why": "Looked at pricing three times this week",
    "held_back": "",
    "agreement": 3,
    "met_at": "2026-11-20T09:12:04Z",
    "scored_at": "2026-11-20T09:12:04Z",
}
LEAD_NAMED = {"uid": UID, "name": "Ana Duarte", "external_system": "crm", "external_id": "00QA0000042"}
CAMPAIGN_NAMED = {"uid": _CAMPAIGN_UID, "name": "Routing 101", "external_system": "crm", "external_id": "701A0000009"}
CAMPAIGN_SAID = {"uid": _CAMPAIGN_UID, **CAMPAIGN, "created_at": "2026-10-01T07:00:00Z"}
WEBINAR_SAID = {
    "uid": UID,
    **{name: WEBINAR[name] for name in ("kind", "subject", "duration_seconds", "external_system", "external_id")},
    "occurred_at": "2026-11-18T14:00:00Z",
    "lead": LEAD_NAMED,
    "account": ACCOUNT_NAMED,
    "visitor": None,
    "campaign": CAMPAIGN_NAMED,
    "url": "",
    "page_group": "",
    "confidence": 100,
}
VISIT_SAID = {
    **WEBINAR_SAID,
    **{"kind": "page_view", "subject": "", "duration_seconds": None, "external_system": "", "external_id": ""},
    "occurred_at": "2026-11-20T09:12:03Z",
    "lead": None,
    "campaign": None,
    "visitor": {"uid": _VISITOR_UID, **_IDENTIFIED},
    "url": "https://www.leadloop.example/pricing",
    "page_group": "pricing",
    "confidence": 85,
}
