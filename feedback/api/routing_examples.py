"""The examples of the API on routing: the story of leads.api.examples goes on."""

from feedback.api.examples import REP_UID, TEAM_UID
from leads.api import examples as story
from leads.api.errors import Problem

_RULE_UID = "6d0c2b9a-8e47-4f13-b5a6-1c9f7e3d0b44"
_OTHER_RULE_UID = "f1a7c3e5-2b68-4d90-9c14-8e0b6d5a3f22"

STEPS = [
    {"what": "rule", "rule": _OTHER_RULE_UID, "held": False, "condition": ["account_segment", "eq", "enterprise"]},
    {"what": "rule", "rule": _RULE_UID, "held": True},
    {"what": "turn", "rep": REP_UID, "rule": _RULE_UID, "weight": 2, "of": 5, "owed": False},
]
PREVIEW = {"lead": story.LEAD, "channel": "webinar", "fit": 78, "intent": 64}
ANSWER = {
    "team": {"uid": TEAM_UID, "name": "EMEA", "external_system": "", "external_id": ""},
    "owner": {"uid": REP_UID, "name": "Sam Okafor", "external_system": "", "external_id": ""},
    "rule": _RULE_UID,
    "headline": "Sam Okafor of EMEA would get it.",
    "words": [
        "Rule “Enterprise”: no, it asks that account's segment is enterprise.",
        "Rule “DACH”: yes.",
        "Sam Okafor: it was their turn, 2 of every 5.",
    ],
    "steps": STEPS,
}
OWNER = {"account": {"name": "Nortex", "domain": "nortex.example"}, "owner": REP_UID}
_NOBODY = "There is no rep “nobody”."
OWNED = [
    {"status": 201},
    {"status": 400, "problem": Problem(status=400, detail=_NOBODY, fields=(("owner", _NOBODY),)).body()},
]
