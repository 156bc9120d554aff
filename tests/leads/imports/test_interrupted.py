"""Killed, cut off, cancelled, or worked on by two at once: each row is in exactly once."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection, connections

from feedback.models import Handoff
from leads.actions import import_steps, imports
from leads.actions.import_files import keep_upload
from leads.actions.imports import RunRequest, begin, cancel, go_on
from leads.logic.actors import Actor
from leads.models import ImportRow, ImportRun, JournalEntry, Lead, RunState
from tests.factories import TeamFactory, UserFactory
from tests.leads.imports.taking import counts, csv_of, run_for, source_of

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]


def handoffs_file(number: int) -> str:
    header = ("external_id", "lead.email", "team")
    return csv_of(header, [(f"H{n}", f"p{n}@nortex.example", "EMEA") for n in range(number)])


def command(path: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "import_csv", str(path), "--kind", "handoffs", *more]


def environment() -> dict[str, str]:
    """What makes another process use this test's database."""
    settings = connection.settings_dict
    place = f"{settings['HOST']}".replace("/", "%2F")
    login = settings["USER"] + (f":{settings['PASSWORD']}" if settings["PASSWORD"] else "")
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    url = f"postgres://{login}@{place}{port}/{settings['NAME']}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "LEADLOOP_TEST_DB": ""}


def wait_for(condition, *, seconds: float = 30) -> None:
    stop = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < stop, "it did not happen in time"
        time.sleep(0.01)


def assert_all_in_once(run: ImportRun, number: int) -> None:
    assert run.state == RunState.DONE
    assert counts(run) == (number, 0, 0, 0)
    assert ImportRow.objects.filter(run=run).count() == number
    assert Handoff.objects.count() == Lead.objects.count() == number
    assert JournalEntry.objects.filter(kind="handoff.offered").count() == number


@pytest.mark.machine
def test_killed_in_mid_import_it_goes_on_where_it_was(tmp_path: Path):
    TeamFactory(name="EMEA")
    path = tmp_path / "handoffs.csv"
    path.write_text(handoffs_file(12_000))
    reached = []
    for least in (500, 4000):
        child = subprocess.Popen(command(path), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda least=least: ImportRun.objects.filter(done_count__gte=least).exists())
        child.send_signal(signal.SIGKILL)
        child.communicate()
        run = ImportRun.objects.get()
        assert run.state == RunState.RUNNING, "it was too fast to be killed"
        assert ImportRow.objects.filter(run=run).count() == run.done_count == Handoff.objects.count()
        reached.append(run.done_count)
    assert reached[0] < reached[1] < 12_000
    done = subprocess.run(command(path), env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert_all_in_once(ImportRun.objects.get(), 12_000)
    again = subprocess.run(command(path), env=environment(), capture_output=True, text=True, timeout=120)
    assert again.returncode == 0
    assert "0 created, 0 updated, 12000 unchanged, 0 refused" in again.stdout
    assert Handoff.objects.count() == 12_000


@pytest.mark.machine
def test_a_lost_connection_interrupts_and_the_same_command_goes_on(tmp_path: Path):
    TeamFactory(name="EMEA")
    path = tmp_path / "handoffs.csv"
    path.write_text(handoffs_file(6000))
    child = subprocess.Popen(
        command(path), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: ImportRun.objects.filter(done_count__gte=500).exists())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    _, said = child.communicate(timeout=60)
    assert child.returncode == 3, said
    assert "The same command goes on." in said
    assert subprocess.run(command(path), env=environment(), capture_output=True, timeout=120).returncode == 0
    assert_all_in_once(ImportRun.objects.get(), 6000)


def upload(text: str, **more) -> ImportRun:
    user = UserFactory(roles=("marketer",))
    path, digest = keep_upload(ContentFile(text.encode(), name="x.csv"))
    asked = RunRequest(kind="handoffs", file_name="x.csv", file_path=path, file_digest=digest, **more)
    return begin(asked, by=Actor(user_id=user.pk, label="Mia", via="import"))


def in_threads(*works) -> None:
    """Run each in a thread with a connection of its own, and raise what one of them raised."""
    raised: list[BaseException] = []

    def guarded(work) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def work_to_the_end() -> None:
    while ImportRun.objects.filter(state__in=["waiting", "running"]).exists():
        imports.work(seconds=5)


def test_two_workers_share_two_files_and_double_nothing():
    TeamFactory(name="EMEA")
    header = ("external_id", "lead.email", "team")
    runs = [
        upload(csv_of(header, [(f"{name}{n}", f"{name}{n}@nortex.example", "EMEA") for n in range(2600)]))
        for name in "ab"
    ]
    in_threads(work_to_the_end, work_to_the_end)
    for run in runs:
        run.refresh_from_db()
        assert (run.state, counts(run)) == (RunState.DONE, (2600, 0, 0, 0))
        assert run.file_path == ""
    assert Handoff.objects.count() == 5200


def test_two_workers_on_one_file_double_nothing():
    """Without asking whether the other has it in hand: they meet in the middle of it, again and again."""
    TeamFactory(name="EMEA")
    text = handoffs_file(5000)
    run = run_for(text, kind="handoffs")

    def go() -> None:
        while ImportRun.objects.get().state in import_steps.OPEN:
            go_on(ImportRun.objects.get(), source_of(text, kind="handoffs"))

    in_threads(go, go)
    run.refresh_from_db()
    assert_all_in_once(run, 5000)


def test_two_dry_runs_at_once_report_once():
    TeamFactory(name="EMEA")
    text = handoffs_file(1500)
    run = run_for(text, kind="handoffs", is_dry_run=True)

    def go() -> None:
        while ImportRun.objects.get().state in import_steps.OPEN:
            go_on(ImportRun.objects.get(), source_of(text, kind="handoffs"))

    in_threads(go, go)
    run.refresh_from_db()
    assert (run.state, counts(run)) == (RunState.DONE, (1500, 0, 0, 0))
    assert ImportRow.objects.filter(run=run).count() == 1500
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(("mapping", "is_dry_run"), [("", True), ("all_or_nothing = true", False)])
def test_what_goes_through_one_transaction_can_be_cancelled(mapping: str, is_dry_run: bool):
    TeamFactory(name="EMEA")
    text = handoffs_file(2200)
    run = run_for(text, kind="handoffs", mapping=mapping, is_dry_run=is_dry_run)

    def stop(now: ImportRun) -> None:
        if now.done_count == 1000:
            in_threads(lambda: cancel(run.uid))

    after = go_on(run, source_of(text, kind="handoffs", mapping=mapping), told=stop)
    assert after.state == RunState.CANCELLED
    assert not Handoff.objects.exists()
    assert not Lead.objects.exists()
    assert not ImportRow.objects.exists()


def test_one_file_begun_by_two_at_once_is_one_run():
    barrier, found = threading.Barrier(2), []

    def go() -> None:
        barrier.wait(5)
        found.append(run_for("external_id\nx\n", kind="handoffs").pk)

    in_threads(go, go)
    assert len(found) == 2
    assert ImportRun.objects.count() == 1
