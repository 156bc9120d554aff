"""What a machine that watches is told."""

import pytest
from django.test import Client

from leads.actions import qualification
from leads.models import Touched
from sla.actions.sweep import sweep
from sla.models import Heartbeat
from tests.factories import RepFactory, ago, offered, policy

pytestmark = pytest.mark.django_db


def test_it_is_ill_until_a_sweep_has_run_and_again_when_it_falls_silent():
    assert Client().get("/healthz").status_code == 503
    sweep()
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    Heartbeat.objects.update(beaten_at=ago(seconds=40))
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()["sweep_seconds"]) == (503, 40)


def test_a_step_that_waits_makes_it_ill_though_the_sweep_beats():
    sweep()
    policy(minutes=1)
    offered(RepFactory(), at=None)
    from sla.models import Clock

    Clock.objects.update(next_action_at=ago(minutes=2))
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["step_seconds"] >= 120
    sweep()
    assert Client().get("/healthz").status_code == 200


def test_leads_that_nobody_judges_make_it_ill():
    sweep()
    Touched.objects.create(lead_id=1, not_before_at=ago(seconds=100))
    assert Client().get("/healthz").status_code == 200
    Touched.objects.update(not_before_at=ago(seconds=130))
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["unjudged_seconds"] >= 130
    qualification.drain()
    assert Client().get("/healthz").status_code == 200


def test_nobody_keeps_it_and_it_tells_no_names():
    answer = Client().get("/healthz")
    assert "no-store" in answer["Cache-Control"]
    assert set(answer.json()) == {"ok", "sweep_seconds", "step_seconds", "message_seconds", "unjudged_seconds"}
