"""The loop runs without the promise: sla can be taken out of INSTALLED_APPS."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent

STORY = """
import django
from django.conf import settings
settings.INSTALLED_APPS.remove("sla")
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")
from django.contrib.auth.models import Group, User
from django.test import Client
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Rep, Team
from leads.actions.people import LeadInput
user = User.objects.create(username="sam")
user.groups.add(Group.objects.get(name="rep"))
rep = Rep.objects.create(user=user, team=Team.objects.create(name="EMEA"))
handoff = offer(OfferInput(lead=LeadInput(email="ana@nortex.example"), owner="sam"), by=LEADLOOP).handoff
client = Client(SERVER_NAME="localhost")
client.force_login(user)
assert client.get("/queue/").status_code == 200
assert client.get(f"/handoffs/{handoff.uid}/").status_code == 200
assert client.post(f"/handoffs/{handoff.uid}/accept/").status_code == 302
assert Handoff.objects.values_list("state", "due_at").get() == ("accepted", None)
assert not [table for table in connection.introspection.table_names() if table.startswith("sla_")]
print("the loop ran")
"""


@pytest.mark.django_db(transaction=True)
def test_a_lead_is_offered_and_accepted_without_sla():
    name = f"{connection.settings_dict['NAME']}_without_sla"
    quoted = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        cursor.execute(f"CREATE DATABASE {quoted}")
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    try:
        done = subprocess.run(
            [sys.executable, "-c", STORY],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": f"{server}/{name}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")
    assert done.stdout.endswith("the loop ran\n"), done.stderr
