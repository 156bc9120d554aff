"""Chat rooms: told once, in plain words, through services that are allowed, and never for longer than a deadline."""

import datetime as dt
import subprocess
import sys
import time

import pytest
from django.db.models import F

from feedback.actions import decisions
from feedback.logic.rights import LEADLOOP
from leads import chat
from leads.actions import outbox
from leads.actions.delivery import deliver
from leads.actions.delivery_chat import deliver_chats
from leads.actions.renderers import render
from leads.logic.errors import InvalidInput
from leads.models import OutboxMessage
from sla.actions.policies import publish
from sla.actions.sweep import sweep
from sla.logic.chat import LONGEST, SCHEMES, check_url, plain
from sla.models import ChatChannel, LadderStep
from sla.rooms import address_of
from tests.factories import RepFactory, ago, as_person, offered, policy
from tests.leads.room import room  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(room, settings):  # noqa: F811
    settings.LEADLOOP_CHAT_SCHEMES = ["json"]
    settings.LEADLOOP_CHAT_PRIVATE = True
    return ChatChannel.objects.create(name="sales", url=room.url)


@pytest.fixture
def rep():
    return RepFactory(capacity=1_000)


def tell(channel: ChatChannel, rep, *, count: int = 1):
    """Handoffs that are late, each told to the channel."""
    made = policy(ladder=())
    LadderStep.objects.create(target=made.targets.get(), action="notify_channel", minutes_after=0, channel=channel)
    publish(made.pk, by=LEADLOOP)
    handoffs = [offered(rep, at=ago(minutes=61 + number)) for number in range(count)]
    sweep()
    return handoffs


def states() -> list[tuple[str, int]]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", "attempt_count"))


def now_due() -> None:
    OutboxMessage.objects.filter(state="waiting").update(not_before_at=F("created_at"))


def test_a_late_handoff_is_told_to_the_room_once(channel, rep, room):  # noqa: F811
    (handoff,) = tell(channel, rep)
    assert deliver_chats() == 1
    assert deliver_chats() == deliver() == 0
    assert states() == [("sent", 1)]
    ((path, post),) = room.posts
    assert path == "/room"
    assert post["title"] == f"Decide for {handoff.lead} is late"
    assert str(handoff.uid) in post["message"]
    assert str(handoff.lead.email) not in str(post)


def test_what_is_no_longer_true_is_not_sent(channel, rep, room):  # noqa: F811
    (handoff,) = tell(channel, rep)
    decisions.accept(handoff.uid, by=as_person(rep))
    deliver_chats()
    assert (states(), room.posts) == ([("stale", 1)], [])


def test_a_room_that_is_no_longer_in_use_gets_nothing(channel, rep, room):  # noqa: F811
    tell(channel, rep)
    ChatChannel.objects.update(is_active=False)
    deliver_chats()
    assert (states(), room.posts) == ([("stale", 1)], [])


def test_a_service_that_is_no_longer_allowed_gets_nothing(channel, rep, room, settings):  # noqa: F811
    tell(channel, rep)
    settings.LEADLOOP_CHAT_SCHEMES = ["slack"]
    deliver_chats()
    assert (states(), room.posts) == ([("dead", 1)], [])
    assert channel.url not in OutboxMessage.objects.get().last_error


def test_a_room_on_this_machine_gets_nothing_unless_it_is_set(channel, rep, room, settings):  # noqa: F811
    tell(channel, rep)
    settings.LEADLOOP_CHAT_PRIVATE = False
    deliver_chats()
    assert (states(), room.posts) == ([("dead", 1)], [])
    assert channel.url not in OutboxMessage.objects.get().last_error


def test_a_refusal_is_tried_again_on_the_schedule_of_mails(channel, rep, room):  # noqa: F811
    tell(channel, rep)
    room.behave = "refuse"
    deliver_chats()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempt_count, message.lease_key) == ("waiting", 1, None)
    assert dt.timedelta(seconds=3) < message.not_before_at - message.created_at < dt.timedelta(seconds=30)
    assert "error=500" in message.last_error
    room.behave = "take"
    now_due()
    deliver_chats()
    assert states() == [("sent", 2)]


def test_a_redirect_is_not_followed(channel, rep, room):  # noqa: F811
    tell(channel, rep)
    room.behave = "redirect"
    deliver_chats()
    assert [path for path, _ in room.posts] == ["/room"]
    assert states() == [("waiting", 1)]


def test_a_room_that_answers_without_end_is_cut_off(channel, rep, room, monkeypatch):  # noqa: F811
    monkeypatch.setattr(chat, "DEADLINE_SECONDS", 3.0)
    tell(channel, rep)
    room.behave = "drip"
    start = time.monotonic()
    deliver_chats()
    assert time.monotonic() - start < 6
    assert states() == [("waiting", 1)]
    assert "longer than 3 seconds" in OutboxMessage.objects.get().last_error
    assert outbox.LEASE.total_seconds() > 15


def test_many_for_one_room_leave_as_one(channel, rep, room):  # noqa: F811
    handoffs = tell(channel, rep, count=15)
    decisions.accept(handoffs[0].uid, by=as_person(rep))
    assert deliver_chats() == 1
    assert states() == [("sent", 1)] * 15
    ((_, post),) = room.posts
    assert post["title"] == "14 handoffs need an answer"
    named = [line for line in post["message"].splitlines() if line.startswith("Lead ")]
    assert [line.split(" · ")[0] for line in named] == [str(handoff.lead) for handoff in handoffs[1:11]]


def test_many_that_fail_together_leave_together_later(channel, rep, room):  # noqa: F811
    tell(channel, rep, count=8)
    room.behave = "refuse"
    assert deliver_chats() == 1
    assert states() == [("waiting", 1)] * 8
    assert not OutboxMessage.objects.exclude(lease_key=None).exists()
    room.behave = "take"
    now_due()
    deliver_chats()
    assert states() == [("sent", 2)] * 8
    assert len(room.posts) == 2


def test_who_lost_the_lease_settles_nothing(channel, rep, room, monkeypatch):  # noqa: F811
    tell(channel, rep)

    def slow(url, message):
        OutboxMessage.objects.update(lease_key="00000000-0000-0000-0000-000000000001")

    monkeypatch.setattr(chat, "send", slow)
    deliver_chats(limit=1)
    assert states() == [("waiting", 1)]


def test_a_name_cannot_call_people_or_make_links(channel, rep):
    (handoff,) = tell(channel, rep)
    type(handoff.lead).objects.update(name="<!channel> @here <https://evil.example|click> [x](https://evil.example)")
    message = OutboxMessage.objects.get()
    mail = render(message.payload, message.handoff_uid)
    said = mail.subject + mail.body.replace(str(handoff.uid), "")
    assert not set("<>[`|") & set(said)
    assert "@here" not in said


def test_plain_text_stays_as_it_is():
    assert plain("Jürgen O'Neil & Söhne (Hamburg), 3 > 2") == "Jürgen O'Neil & Söhne (Hamburg), 3 › 2"


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "workflows://host:443/workflow/signature/",
        "gchat://workspace/key/token",
        "discord://1234567890/abcdef",
        "mmosts://chat.example/token/#sales",
        "mmosts://bot@chat.example:8443/token",
        "mmosts://93.184.215.14/token",
        "mmosts://[2606:2800:21f:cb07::1]/token",
        "mmosts://cafe/token",
        "mmosts://localhost.example/token",
    ],
)
def test_known_services_are_taken(url):
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "slack",
        "slack://",
        "json://127.0.0.1/x",
        "file:///etc/passwd",
        "exec://rm",
        "http://example.com",
        "slack://a/b/c?redirect=yes",
        "workflows://h/w/s?TEMPLATE=/etc/passwd",
        "mmosts://h/t?verify=no",
        "mmosts://h/t?rto=900",
        "slack://a/b/c d",
        "slack://a/b/c\nx",
        "slack://[/",
        "mmosts://chat.example/token?channel=sales",
        "mmosts://chat.example/token?",
        "mmosts://chat.example/token?+X-Forwarded-For=a",
        "mmosts://chat.example/token/#sales?template=/etc/passwd",
        "mmosts:///127.0.0.1/token",
        "mmosts://a@127.0.0.1@chat.example/token",
        "mmosts://chat.example\\@127.0.0.1/token",
        "mmosts://local%68ost/token",
        "mmosts://chat.example:/token",
        "slack://" + "x" * LONGEST,
    ],
)
def test_other_addresses_are_refused_and_not_repeated(url):
    with pytest.raises(InvalidInput) as refused:
        check_url(url)
    assert refused.value.field == "url"
    assert "://" not in url or url not in refused.value.message


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "x.localhost",
        "bot:word@localhost:8065",
        "127.0.0.1",
        "127.9.9.9:8065",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "2130706433",
        "0x7f000001",
        "0X7F000001",
        "127.1",
        "127.1.",
        "0177.0.0.1",
        "0x7f.0.0.0x1",
        "[::]",
        "[::1]",
        "[::1]:8065",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::1::]",
    ],
)
def test_this_machine_and_one_s_own_network_are_refused_unless_they_are_allowed(host):
    with pytest.raises(InvalidInput) as refused:
        check_url(f"mmosts://{host}/token")
    assert refused.value.field == "url"
    assert host not in refused.value.message
    check_url(f"mmosts://{host}/token", allow_private=True)


def test_what_is_allowed_privately_still_sets_no_options():
    with pytest.raises(InvalidInput):
        check_url("mmosts://127.0.0.1/token?verify=no", allow_private=True)


def test_rooms_of_one_s_own_network_are_not_allowed_by_themselves(settings):
    assert settings.LEADLOOP_CHAT_PRIVATE is False


def test_the_services_are_the_ones_that_are_set(settings):
    assert set(settings.LEADLOOP_CHAT_SCHEMES) == set(SCHEMES)


def test_an_unknown_room_has_no_address():
    assert address_of("no uid") is None
    assert address_of("00000000-0000-0000-0000-000000000001") is None


def test_apprise_knows_every_service_and_none_of_django(settings):
    """An address of each kind can be read, in a process that has loaded nothing of ours but the sender."""
    code = (
        "import sys, apprise, leads.chat_process\n"
        "known = set()\n"
        "for one in apprise.Apprise().details()['schemas']:\n"
        "    known.update(one['secure_protocols'] or ())\n"
        "    known.update(one['protocols'] or ())\n"
        f"assert set({SCHEMES!r}) <= known, known\n"
        "assert 'django' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=settings.BASE_DIR)
    assert done.returncode == 0, done.stderr[-500:]
