"""What leaves: written once, sent at least once, under one name, and never the cause of something else's delay."""

import datetime as dt
import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.models import F

from leads import smtp
from leads.actions import outbox, renderers
from leads.actions.delivery import deliver
from leads.logic.actors import SYSTEM
from leads.logic.errors import NotFound, StateConflict
from leads.logic.mail import Mail, clean_line, message_id
from leads.logic.retries import WAITS, next_wait
from leads.models import Delivery, JournalEntry, OutboxMessage
from tests.leads.receiver import dripping_server, receiver  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _renderers(monkeypatch):
    monkeypatch.setattr(renderers, "_renderers", dict(renderers._renderers))
    renderers.register(
        "test.say", lambda payload, uid: Mail(payload.get("subject", "Hello"), payload.get("body", "Hi"))
    )
    renderers.register("test.stale", lambda payload, uid: None)
    renderers.register("test.broken", lambda payload, uid: Mail(payload["nothing"], ""))


def put(key="k1", *, target="ana@nortex.example", renderer="test.say", uid=None, **payload):
    outbox.enqueue("mail", target=target, payload={"renderer": renderer, **payload}, dedup_key=key, handoff_uid=uid)
    return OutboxMessage.objects.get(dedup_key=key)


def now_due():
    """Let every wait and lease run out."""
    OutboxMessage.objects.filter(state="waiting").update(not_before_at=F("created_at"))


# --- written with its cause ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_key_again_changes_nothing():
    first = put("same", target="ana@nortex.example")
    second = put("same", target="somebody@else.example")
    assert OutboxMessage.objects.count() == 1
    assert (second.pk, second.target) == (first.pk, "ana@nortex.example")


@pytest.mark.django_db
def test_a_message_goes_the_way_of_its_transaction():
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


# --- claimed, sent, settled ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_message_arrives_under_the_name_of_its_key(receiver):  # noqa: F811
    put("k1", subject="Nortex waits")
    put("k2")
    assert deliver() == 2
    assert receiver.ids == [message_id(key, domain="localhost") for key in ("k1", "k2")]
    to, first = receiver.mails[0]
    assert (to, first["Subject"], first["Auto-Submitted"]) == (["ana@nortex.example"], "Nortex waits", "auto-generated")
    assert set(OutboxMessage.objects.values_list("state", "attempt_count", "last_error")) == {("sent", 1, "")}
    assert deliver() == 0


@pytest.mark.django_db
def test_a_stale_message_is_settled_and_not_sent(receiver):  # noqa: F811
    message = put(renderer="test.stale")
    deliver()
    message.refresh_from_db()
    assert (message.state, receiver.mails) == (Delivery.STALE, [])
    assert message.settled_at is not None


@pytest.mark.django_db
def test_a_closed_port_costs_one_try_and_everything_arrives_later(settings, receiver):  # noqa: F811
    open_port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for key in ("k1", "k2", "k3"):
        put(key)
    assert deliver() == 1, "one refused connection is enough to know"
    failed = OutboxMessage.objects.get(attempt_count=1)
    assert "ConnectionRefusedError" in failed.last_error
    assert failed.lease_key is None
    settings.EMAIL_PORT = open_port
    now_due()
    assert deliver() == 3
    assert len(receiver.mails) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("behave", ["tempfail", "refuse_data", "refuse_recipient"])
def test_a_refused_message_waits_and_is_tried_again(receiver, behave):  # noqa: F811
    receiver.behave = behave
    message = put()
    deliver()
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == (Delivery.WAITING, 1)
    assert dt.timedelta(seconds=3) < message.not_before_at - message.created_at < dt.timedelta(seconds=10)
    assert message.last_error
    receiver.behave = "take"
    now_due()
    deliver()
    message.refresh_from_db()
    assert (message.state, len(receiver.mails)) == (Delivery.SENT, 1)


@pytest.mark.django_db
def test_one_refused_person_does_not_hold_up_the_others(receiver):  # noqa: F811
    receiver.refused = {"gone@nortex.example"}
    put("k1", target="gone@nortex.example")
    put("k2")
    assert deliver() == 2
    assert [to for to, _ in receiver.mails] == [["ana@nortex.example"]]


@pytest.mark.django_db
def test_a_line_cut_after_the_mail_repeats_it_under_the_same_name(receiver):  # noqa: F811
    receiver.behave = "drop"
    message = put()
    deliver()
    message.refresh_from_db()
    assert message.state == Delivery.WAITING
    receiver.behave = "take"
    now_due()
    deliver()
    assert receiver.ids == [message_id("k1", domain="localhost")] * 2
    assert deliver() == 0


@pytest.mark.django_db
def test_a_server_that_drips_is_cut_off(settings, monkeypatch):
    monkeypatch.setattr(smtp, "DEADLINE_SECONDS", 0.6)
    settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "leads.smtp.EmailBackend", 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    message = put()
    with dripping_server() as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        begun = time.monotonic()
        deliver()
        assert time.monotonic() - begun < 3
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == (Delivery.WAITING, 1)


def test_the_lease_outlasts_connecting_and_sending():
    assert outbox.LEASE.total_seconds() >= 2 * smtp.DEADLINE_SECONDS


@pytest.mark.django_db
def test_who_slept_through_the_lease_changes_nothing():
    put()
    asleep = outbox.claim("mail")
    now_due()
    awake = outbox.claim("mail")
    assert (asleep.pk, awake.attempt_count) == (awake.pk, 2)
    assert not outbox.sent(asleep)
    assert not outbox.failed(asleep, error="too late")
    row = OutboxMessage.objects.get()
    assert (row.state, row.lease_key, row.last_error) == (Delivery.WAITING, awake.lease_key, "")
    assert outbox.sent(awake)
    assert OutboxMessage.objects.get().state == Delivery.SENT


@pytest.mark.django_db
def test_at_most_two_are_on_their_way_to_one_server():
    for number in range(4):
        put(f"k{number}")
    assert [outbox.claim("mail") is not None for _ in range(3)] == [True, True, False]


# --- poison ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("renderer", ["test.broken", "nobody.registered"])
def test_what_cannot_be_rendered_goes_out_as_a_plain_notice(receiver, renderer, caplog):  # noqa: F811
    uid = uuid.uuid4()
    message = put(renderer=renderer, uid=uid)
    put("k2")
    deliver()
    message.refresh_from_db()
    notice = receiver.mails[0][1]
    assert notice["Subject"] == "A handoff needs you"
    assert str(uid) in notice.get_content()
    assert notice.as_bytes().isascii()
    assert (message.state, len(receiver.mails)) == (Delivery.SENT, 2)
    assert message.last_error.startswith("Sent as a plain notice")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "subject", ["a\nBcc: evil@x.example", "a\r\nb", "a\u2028b", "a\x85b", "a\ud800b", "a\x00b", "", "   ", "x" * 5000]
)
def test_no_subject_breaks_the_mail(receiver, subject):  # noqa: F811
    renderers.register("test.subject", lambda payload, uid: Mail(subject, "Hi"))
    put(renderer="test.subject")
    deliver()
    assert len(receiver.mails) == 1
    assert receiver.last()["Bcc"] is None
    assert receiver.last()["Subject"].strip() == clean_line(subject)


@pytest.mark.django_db
def test_a_body_that_cannot_be_encoded_goes_out_as_a_plain_notice(receiver, caplog):  # noqa: F811
    renderers.register("test.body", lambda payload, uid: Mail("Hello", "half \ud800 character"))
    message = put(renderer="test.body")
    deliver()
    message.refresh_from_db()
    assert (message.state, receiver.last()["Subject"]) == (Delivery.SENT, "LeadLoop needs you")


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["", "nobody", "a@b.co, evil@x.yz", "a@b.co\nBcc: evil@x.yz"])
def test_what_is_no_address_is_given_up_at_once(receiver, target, caplog):  # noqa: F811
    message = put(target=target)
    put("k2")
    deliver()
    message.refresh_from_db()
    assert (message.state, message.last_error) == (Delivery.DEAD, "The target is not one mail address.")
    assert [to for to, _ in receiver.mails] == [["ana@nortex.example"]]


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "a\x85b", "a\ud800b", "a\u202eb", "a\x00b"])
def test_a_clean_line_has_no_seam(text):
    assert clean_line(text) == "a b"


# --- given up, and retried -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", [-1, 0, 1])
def test_eleven_tries_over_three_days_and_never_dead_before(jitter):
    age, tries = dt.timedelta(), 1
    while (wait := next_wait(tries, age=age, jitter=jitter)) is not None:
        age, tries = age + wait, tries + 1
    assert age >= 72 * HOUR
    assert tries in (11, 12)
    assert sum(WAITS, dt.timedelta()) > 75 * HOUR


@pytest.mark.django_db
def test_a_message_is_dead_only_after_its_last_try_and_seventy_two_hours(settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "leads.smtp.EmailBackend", "127.0.0.1", 1
    message = put()
    OutboxMessage.objects.update(attempt_count=11)
    deliver()
    message.refresh_from_db()
    assert message.state == Delivery.WAITING
    assert message.not_before_at - message.created_at > 71 * HOUR
    OutboxMessage.objects.update(created_at=F("created_at") - 73 * HOUR, not_before_at=F("created_at"))
    deliver()
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == (Delivery.DEAD, 13)
    assert deliver() == 0


@pytest.mark.django_db
def test_a_dead_message_can_be_sent_again_and_the_journal_says_by_whom():
    mail.outbox.clear()
    message = put(target="nobody")
    deliver()
    OutboxMessage.objects.update(target="ana@nortex.example")
    outbox.retry(message.uid, by=SYSTEM)
    assert deliver() == 1
    assert [sent.to for sent in mail.outbox] == [["ana@nortex.example"]]
    assert JournalEntry.objects.get().kind == "message.retried"


@pytest.mark.django_db
def test_only_what_is_dead_can_be_retried():
    message = put()
    with pytest.raises(StateConflict):
        outbox.retry(message.uid, by=SYSTEM)
    with pytest.raises(NotFound):
        outbox.retry(uuid.uuid4(), by=SYSTEM)
    assert OutboxMessage.objects.get().attempt_count == 0
    assert not JournalEntry.objects.exists()


# --- real processes --------------------------------------------------------------------------------------------------


def deliverer(port, *arguments):
    """`manage.py deliver_outbox` as a process of its own, on the test's database and the test's mail server."""
    values = connection.settings_dict
    host = values["HOST"].replace("/", "%2F")
    secret = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    place = f"{host}:{values['PORT']}" if values["PORT"] else host
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{values['USER']}{secret}@{place}/{values['NAME']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LEADLOOP_EMAIL_HOST": "127.0.0.1",
        "LEADLOOP_EMAIL_PORT": str(port),
        "LEADLOOP_ROLE": "worker",
    }
    command = [sys.executable, "manage.py", "deliver_outbox", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.machine
@pytest.mark.django_db(transaction=True)
def test_killed_between_claim_and_settle_it_is_sent_once_more_under_the_same_name(receiver):  # noqa: F811
    # Nobody registered this kind, so the plain notice goes out: another process knows nothing of this test's renderers.
    message = put(renderer="test.unknown")
    receiver.behave = "hold"
    process = deliverer(receiver.port)
    assert receiver.arrived.wait(20), process.stdout.read()
    process.kill()
    process.communicate()
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == (Delivery.WAITING, 1)
    assert message.lease_key is not None
    receiver.behave = "take"
    assert deliver() == 0, "the lease still runs"
    now_due()
    assert deliver() == 1
    assert deliver() == 0
    assert receiver.ids == [message_id("k1", domain="localhost")] * 2
    assert OutboxMessage.objects.get().state == Delivery.SENT


@pytest.mark.machine
@pytest.mark.django_db(transaction=True)
def test_two_deliverers_send_each_mail_once(receiver):  # noqa: F811
    for number in range(40):
        put(f"k{number}", renderer="test.unknown")
    both = [deliverer(receiver.port, "--loop", "--every", "0.05") for _ in range(2)]
    ends = time.monotonic() + 25
    while OutboxMessage.objects.filter(state="waiting").exists() and time.monotonic() < ends:
        time.sleep(0.05)
    for process in both:
        process.terminate()
        process.communicate(timeout=10)
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(receiver.ids) == sorted(message_id(f"k{number}", domain="localhost") for number in range(40))
    assert set(OutboxMessage.objects.values_list("state", "attempt_count")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_at_once_take_different_messages():
    for number in range(2):
        put(f"k{number}")
    barrier, taken = threading.Barrier(2), []

    def take():
        barrier.wait()
        taken.append(outbox.claim("mail"))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [message.pk for message in taken if message]
    assert len(found) == len(set(found)) == 2
