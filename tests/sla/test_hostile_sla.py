"""What strangers send to the pages on which rules are edited: refused soon, with its place, and nothing written."""

import datetime as dt
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from leads.logic.errors import InvalidInput
from sla.actions import replays
from sla.actions.replays import ReplayInput
from sla.logic.rules_reading import Known, read
from sla.models import Replay
from tests.admin_pages import entered, staff
from tests.calling import rows
from tests.factories import LEADLOOP, policy

DEEP = {
    "plain": "a" + ".a" * 50_000 + " = 1",
    "quoted": '"a"' + '."a"' * 30_000 + " = 1",
    "spaced": "a" + " . a" * 30_000 + " = 1",
    "table": "[" + ".".join(["a"] * 50_000) + "]",
    "inline": "x = {a" + ".a" * 50_000 + " = 1}",
    "long parts": ".".join(["a" * 100] * 9_000) + " = 1",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_keys_within_keys_do_not_keep_a_worker_busy(text):
    begun = time.process_time()
    with pytest.raises(InvalidInput, match="line 3 names lies too deep") as refused:
        read(f"format = 1\n\n{text}\n", Known())
    assert refused.value.field == "file"
    assert time.process_time() - begun < 1


def test_text_with_many_dots_is_no_key():
    body = "Wait" + ". Then" * 20 + "." * 500 + "\\n" + ", ".join(f"shop{number}.example.com" for number in range(100))
    found = read(f'format = 1\n[[templates]]\nname = "a"\nsubject = "b"\nbody = "{body}"\n', Known())
    assert found.templates["a"][0] == "b"


@pytest.mark.django_db
def test_a_rules_file_that_is_a_bomb_is_refused_on_its_page():
    client = entered(staff("operations"))
    before = rows()
    file = SimpleUploadedFile("rules.toml", DEEP["plain"].encode())
    page = client.post(reverse("admin:sla_policy_rules_file"), {"file": file}).content.decode()
    assert "what line 1 names lies too deep" in page
    assert rows() == before


@pytest.mark.django_db
def test_a_replay_of_the_end_of_all_days_is_no_error_of_ours():
    made = policy()
    last = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    given = ReplayInput(policy=str(made.uid), version="", is_among=False, begins_at=last, ends_at=last)
    with pytest.raises(InvalidInput, match="ends after it begins"):
        replays.ask(given, by=LEADLOOP)
    assert not Replay.objects.exists()
