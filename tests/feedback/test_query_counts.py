"""How many statements every page and every action of a page costs, against a baseline that is reviewed like code.

The counts hold for a small company and for a larger one alike: what grows with the list is a bug. After a deliberate
change, run with LEADLOOP_WRITE_QUERY_COUNTS=1 and look at the difference of tests/query_counts.json.
"""

import json
import os
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback import panels
from feedback.actions import decisions, holds
from feedback.actions.offer_input import KnownOffer
from feedback.actions.offers import offer_known
from feedback.logic.rights import LEADLOOP
from feedback.models import RoutingRule
from feedback.reports import queue as lists
from feedback.reports.queue import Listing
from feedback.views_queue import read_list
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import LeadInput
from leads.actions.visitors import VisitorInput
from leads.models import Engagement, Lead
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, offered, policy

pytestmark = pytest.mark.django_db
BASELINE = Path(__file__).resolve().parent.parent / "query_counts.json"
HTMX = {"HX-Request": "true"}


def company(size: int):
    """A rep with `size` handoffs in the queue and as many being worked, each with engagements."""
    rep = RepFactory(team=TeamFactory(), capacity=500)
    policy(minutes=60, targets=("decide", "first_attempt"))
    pending = [offered(rep) for _ in range(size + 5)]
    for handoff in pending:
        Engagement.objects.bulk_create(
            Engagement(
                lead=handoff.lead,
                account=handoff.account,
                kind="page_view",
                subject="Pricing",
                occurred_at=ago(hours=n),
            )
            for n in range(5)
        )
    worked = [offered(rep) for _ in range(size)]
    for handoff in worked:
        decisions.accept(handoff.uid, by=as_person(rep))
    for _ in range(size):
        offered(team=rep.team)
        waiting = offered(rep)
        holds.hold(waiting.uid, by=as_person(rep), reason="missing_context", question="Who is it?")
    RoutingRule.objects.create(name="Everybody", team=rep.team)
    return rep, pending, worked


def counts(size: int) -> dict[str, int]:
    rep, pending, worked = company(size)
    clients = {"rep": rep.user, "manager": manager_of(rep.team), "marketer": UserFactory(roles=("marketer",))}
    found: dict[str, int] = {}

    def ask(label: str, who: str, name: str, uid=None, *, data=None, htmx: bool = False, **query: str) -> None:
        client = Client()
        client.force_login(clients[who])
        path = reverse(name, args=[uid] if uid else None, query=query or None)
        headers = HTMX if htmx else {}
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path, headers=headers) if data is None else client.post(path, data, headers=headers)
        assert answer.status_code in (200, 204, 302), (label, answer.status_code)
        found[label] = len(captured)

    reason = {"reason": "fit.company_size", "evidence.employee_count": "38", "note": ""}
    waits = {"reason": "missing_context", "question.missing_context": "Who is it?"}
    uids = [handoff.uid for handoff in pending]
    # What a process reads once and keeps (calendars, rules, intervals) is read before counting.
    ask("warm", "rep", "feedback:queue")
    ask("queue", "rep", "feedback:queue")
    ask("queue, unchanged poll", "rep", "feedback:queue", htmx=True, known="0")
    ask("queue, searched", "rep", "feedback:queue", q="lead")
    ask("working", "rep", "feedback:working")
    ask("warm", "rep", "feedback:handoff", uids[0], htmx=True)
    ask("handoff, fragment", "rep", "feedback:handoff", uids[0], htmx=True)
    ask("handoff, page", "rep", "feedback:handoff", uids[0])
    ask("handoff, opened first", "rep", "feedback:handoff", uids[1], htmx=True)
    ask("handoff, manager", "manager", "feedback:handoff", uids[0])
    ask("lead", "rep", "feedback:lead", pending[0].lead.uid)
    ask("reject, question", "rep", "feedback:handoff-reject", uids[0], htmx=True)
    ask("board, manager", "manager", "feedback:board")
    ask("board, rep", "rep", "feedback:board")
    ask("board, marketer", "marketer", "feedback:board")
    ask("board, on hold", "manager", "feedback:board", show="held")
    ask("questions", "marketer", "feedback:questions")
    ask("absences, rep", "rep", "feedback:absences")
    ask("absences, manager", "manager", "feedback:absences")
    ask("hold, question", "rep", "feedback:handoff-hold", uids[4], htmx=True)
    ask("notices", "rep", "leads:notices")
    ask("accept, htmx", "rep", "feedback:handoff-accept", uids[0], data={}, htmx=True)
    ask("undo, htmx", "rep", "feedback:handoff-undo", uids[0], data={}, htmx=True)
    ask("hold, htmx", "rep", "feedback:handoff-hold", uids[4], data=waits, htmx=True)
    ask("handoff, on hold", "rep", "feedback:handoff", uids[4], htmx=True)
    ask("answer", "marketer", "feedback:handoff-answer", uids[4], data={"text": "Ana Duarte."})
    ask("hold", "rep", "feedback:handoff-hold", uids[5], data=waits)
    ask("take off hold", "rep", "feedback:handoff-resume", uids[5], data={})
    ask("release", "manager", "feedback:board-release", data={"uid": str(uids[5])})
    ask("accept", "rep", "feedback:handoff-accept", uids[2], data={})
    ask("reject, htmx", "rep", "feedback:handoff-reject", uids[1], data=reason, htmx=True)
    ask("turn back", "rep", "feedback:handoff-turn-back", uids[3], data={})
    ask("log attempt", "rep", "feedback:handoff-log", worked[0].uid, data={"kind": "call"})
    ask("qualify", "rep", "feedback:handoff-qualify", worked[0].uid, data={})
    ask("routing", "manager", "feedback:routing", email="", country="DE")
    for asked in (1, 50):
        leads = [Lead.objects.create(email=f"routed{size}.{asked}.{n}@nortex.example") for n in range(asked)]
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            offer_known([KnownOffer(lead=lead, account=None) for lead in leads], by=LEADLOOP)
        found[f"route {asked}"] = len(captured)
    for asked in (1, size + 30):
        engagements = intake(asked, [handoff.lead for handoff in pending])
        with CaptureQueriesContext(connection) as captured:
            record_engagements(engagements)
        found["intake of one" if asked == 1 else "intake of many"] = len(captured)
    del found["warm"]
    return found


def intake(number: int, leads: list[Lead]) -> list[EngagementInput]:
    """So many engagements of leads that are known, and as many of visitors of whom nothing is known, when many."""
    made = [
        EngagementInput(
            kind="page_view",
            occurred_at=ago(),
            url="/pricing",
            lead=LeadInput(email=leads[n % len(leads)].email),
            external_id=f"intake{number}.{n}",
        )
        for n in range(number)
    ]
    visitors = [VisitorInput(external_id=f"v{number}.{n}") for n in range(number if number > 1 else 0)]
    return made + [EngagementInput(kind="page_view", occurred_at=ago(), visitor=visitor) for visitor in visitors]


def test_the_list_takes_four_statements_whatever_its_size():
    rep, _, _ = company(60)
    asked = lists.asked_for(Listing.QUEUE, chip="", query="")
    now = ago()
    panels.promises([])
    read_list(as_person(rep), asked, active=None, now=now)
    person = as_person(rep)
    with CaptureQueriesContext(connection) as captured:
        shown = read_list(person, asked, active=None, now=now)
    assert len(shown.rows) == lists.PAGE
    assert len(captured) <= 4


def test_pages_and_actions_cost_what_the_baseline_says():
    found = counts(1)
    if os.environ.get("LEADLOOP_WRITE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(BASELINE.read_text())


def test_a_larger_company_costs_no_more():
    baseline = json.loads(BASELINE.read_text())
    assert {label: count for label, count in counts(55).items() if count > baseline[label]} == {}
