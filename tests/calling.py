"""Calling the API as another system does, and proof that a refused call wrote nothing."""

import json
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from feedback.logic.rights import LEADLOOP
from leads.actions import api_keys
from leads.models import Scope
from tests.factories import UserFactory

ALL_SCOPES = tuple(Scope.values)


class Caller:
    """A system with a key. Each call returns the response, its JSON under `.data`."""

    def __init__(self, user, *, scopes=ALL_SCOPES, expires_at=None) -> None:
        self.user = user
        self.row, self.key = api_keys.make(user, name="test", scopes=scopes, by=LEADLOOP, expires_at=expires_at)
        self.client = Client(headers={"Authorization": f"Bearer {self.key}"})

    def get(self, name: str, *args: Any, **query: Any):
        return answered(self.client.get(reverse(f"api:{name}", args=args), query))

    def post(self, name: str, *args: Any, data: Any = None):
        return self.raw(reverse(f"api:{name}", args=args), json.dumps({} if data is None else data))

    def raw(self, path: str, body: bytes | str, *, content_type: str = "application/json", **more: Any):
        return answered(self.client.generic("POST", path, body, content_type=content_type, **more))


def answered(response):
    """The response with its JSON under `.data`; a refusal must be a problem in the one form all refusals have."""
    response.data = response.json() if "json" in response.get("Content-Type", "") else None
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json", response.content[:300]
        assert {"type", "title", "status", "detail"} <= set(response.data)
        assert response.data["status"] == response.status_code
        assert response["Cache-Control"] == "no-store"
    return response


def integrator(**more: Any) -> Caller:
    return Caller(UserFactory(roles=("integrator",)), **more)


def rows() -> dict[str, tuple[int, str]]:
    """How many rows every table of LeadLoop has, and a digest of them; aside from keys and sessions, made and used as
    tests go, and from the counters of tries, which every refusal raises.
    """
    models = [model for app in ("leads", "feedback", "sla") for model in apps.get_app_config(app).get_models()]
    tables = sorted({model._meta.db_table for model in models} - {"leads_apikey", "leads_session", "leads_logintries"})
    sql = " UNION ALL ".join(
        f"SELECT '{table}', count(*), coalesce(md5(string_agg(row::text, '|' ORDER BY row::text)), '') FROM {table} row"
        + (" WHERE kind NOT LIKE 'api_key.%'" if table == "leads_journalentry" else "")
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {table: (count, digest) for table, count, digest in cursor.fetchall()}


def offer_body(**more: Any) -> dict[str, Any]:
    """An offer that would be taken as it is, once there is a team."""
    return {
        "external_system": "crm",
        "external_id": "opp-1",
        "lead": {
            "email": "ana.duarte@nortex.example",
            "name": "Ana Duarte",
            "title": "Head of Operations",
            "account": {"name": "Nortex", "domain": "nortex.example", "employee_count": 420, "country": "DE"},
        },
        "campaign": {"name": "Routing 101", "channel": "webinar"},
        "fit": 78,
        "intent": 64,
        "score_parts": {"fit": {"industry": 20, "size": 15}, "intent": {"pricing page": 30}},
        "why": "looked at pricing three times this week",
        **more,
    }
