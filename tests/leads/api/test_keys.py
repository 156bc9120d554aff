"""Who enters: only the bearer of a live key, and every refusal looks the same."""

import datetime as dt
import hashlib
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.utils import timezone

from feedback.logic.rights import LEADLOOP
from leads.actions import api_keys
from leads.logic.errors import InvalidInput, NotFound
from leads.models import ApiKey, JournalEntry
from tests.calling import Caller, answered, integrator
from tests.factories import RepFactory, UserFactory, offered

pytestmark = pytest.mark.django_db

LIST = "/api/v1/handoffs/"


def with_header(value: str | bytes, path: str = LIST):
    return answered(Client().get(path, headers={"Authorization": value}))


def test_a_live_key_enters_in_any_spelling_of_the_scheme():
    key = integrator().key
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert with_header(f"{scheme} {key}").status_code == 200


def test_every_wrong_key_gets_the_same_answer():
    crm = integrator()
    prefix = crm.row.prefix
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x y",
        f"Bearer  {crm.key}",
        f"Bearer {crm.key} ",
        f"Bearer {crm.key}, Bearer {crm.key}",
        f"Bearer {crm.key},{crm.key}",
        f"Basic {crm.key}",
        f"Token {crm.key}",
        crm.key,
        f"Bearer {crm.key[:-1]}",
        f"Bearer {crm.key}0",
        f"Bearer {crm.key[:-1]}{'0' if crm.key[-1] != '0' else '1'}",
        f"Bearer ll_{prefix}_" + "0" * 64,
        "Bearer ll_0000000000_" + "0" * 64,
        f"Bearer {crm.key.upper()}",
        "Bearer ll_" + "9" * 10_000,
        "Bearer é" + crm.key,
        "Bearer " + crm.key.replace("0", "٠").replace("1", "١") + "\u0661",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        "Basic YWRtaW46YWRtaW4=",
    ]
    # A server hands over the bytes of a header as Latin-1.
    as_sent = [value.encode().decode("latin-1") for value in wrong]
    answers = [Client().get(LIST, headers={"Authorization": value}) for value in as_sent]
    answers.append(Client().get(LIST))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="LeadLoop"'}


@pytest.mark.parametrize("name", ["api_key", "key", "access_token", "anything"])
def test_a_key_in_the_query_is_refused_even_beside_a_good_header(name):
    crm = integrator()
    assert Client().get(LIST, {name: crm.key}).status_code == 401
    assert crm.client.get(LIST, {name: crm.key}).status_code == 401
    assert crm.client.get(LIST, {name: f"Bearer {crm.key}"}).status_code == 401


def test_a_session_does_not_open_the_api():
    client = Client()
    client.force_login(UserFactory(roles=("integrator",)))
    assert client.get(LIST).status_code == 401


def test_a_revoked_key_is_dead_at_once_and_stays_so():
    crm = integrator()
    assert crm.get("handoffs").status_code == 200
    first = api_keys.revoke(crm.row.uid, by=LEADLOOP).revoked_at
    assert crm.get("handoffs").status_code == 401
    assert api_keys.revoke(crm.row.uid, by=LEADLOOP).revoked_at == first
    entry = JournalEntry.objects.get(kind="api_key.revoked")
    assert entry.data == {"api_key": str(crm.row.uid), "prefix": crm.row.prefix}
    with pytest.raises(NotFound):
        api_keys.revoke(RepFactory().uid, by=LEADLOOP)


def test_an_expired_key_is_dead():
    crm = integrator(expires_at=timezone.now() + dt.timedelta(hours=1))
    assert crm.get("handoffs").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert crm.get("handoffs").status_code == 401


def test_a_disabled_user_has_no_key_and_a_changed_right_counts_at_once():
    rep = RepFactory()
    crm, handoff = Caller(rep.user), offered(rep)
    assert crm.get("handoff", handoff.uid).status_code == 200
    rep.user.groups.clear()
    assert crm.get("handoff", handoff.uid).status_code == 404
    rep.user.is_active = False
    rep.user.save()
    assert crm.get("handoff", handoff.uid).status_code == 401


def test_only_a_hash_is_kept_and_nothing_shows_the_key():
    crm = integrator()
    row = ApiKey.objects.get()
    assert row.key_hash == hashlib.sha256(crm.key.encode()).hexdigest()
    assert row.prefix == crm.key.split("_")[1]
    assert crm.key.endswith(row.last_four)
    secret = crm.key.split("_")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row::text, '') FROM leads_apikey row")
        kept = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(row::text, '') FROM leads_journalentry row")
        kept += cursor.fetchone()[0]
    assert secret not in kept + str(row)
    made = JournalEntry.objects.get(kind="api_key.made")
    assert made.data["prefix"] == row.prefix


def test_use_is_noted_at_most_once_a_minute():
    crm = integrator()
    assert ApiKey.objects.get().last_used_at is None
    crm.get("handoffs")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    crm.get("handoffs")
    api_keys.note_use(crm.row)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - dt.timedelta(seconds=61))
    crm.get("handoffs")
    assert ApiKey.objects.get().last_used_at >= first


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "root"]}, "scopes"),
        ({"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "expires_at"),
        ({"expires_at": dt.datetime(2120, 1, 1)}, "expires_at"),  # noqa: DTZ001
        ({"limits": api_keys.Limits(reads_a_minute=0)}, "reads_a_minute"),
        ({"limits": api_keys.Limits(writes_a_minute=10**9)}, "writes_a_minute"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(given, field):
    user = UserFactory()
    with pytest.raises(InvalidInput) as refusal:
        api_keys.make(user, **{"name": "CRM", "scopes": ["read"], "by": LEADLOOP, **given})
    assert refusal.value.field == field
    assert (ApiKey.objects.count(), JournalEntry.objects.count()) == (0, 0)


def test_nobody_inactive_gets_a_key():
    with pytest.raises(InvalidInput):
        api_keys.make(UserFactory(is_active=False), name="CRM", scopes=["read"], by=LEADLOOP)


def test_the_command_makes_a_service_account_and_shows_the_key_once():
    out = io.StringIO()
    call_command("make_api_key", "crm", "--name=CRM sync", "--service-account=integrator", "--days=30", stdout=out)
    key = out.getvalue().strip()
    row = ApiKey.objects.get()
    assert (row.user.username, row.name) == ("crm", "CRM sync")
    assert row.scopes == ["decide", "intake", "offer", "outcome", "read"]
    assert (row.reads_a_minute, row.writes_a_minute) == (None, None)
    assert not row.user.has_usable_password()
    assert row.expires_at > timezone.now() + dt.timedelta(days=29)
    assert with_header(f"Bearer {key}").status_code == 200


def test_the_command_makes_a_key_with_scope_and_limits():
    out = io.StringIO()
    more = ("--service-account=integrator", "--scope=intake", "--reads-a-minute=60", "--writes-a-minute=10000")
    call_command("make_api_key", "forms", "--name=Forms", *more, stdout=out)
    row = ApiKey.objects.get()
    assert (row.scopes, row.reads_a_minute, row.writes_a_minute) == (["intake"], 60, 10_000)
    assert with_header(f"Bearer {out.getvalue().strip()}").status_code == 403
    assert JournalEntry.objects.get(kind="api_key.made").data["writes_a_minute"] == 10_000


@pytest.mark.parametrize(
    "more",
    [
        ("nobody", "--name=x"),
        ("crm", "--name=x", "--service-account=no-such"),
        ("nobody", "--name=x", "--days=0"),
        ("crm", "--name=x", "--service-account=integrator", "--writes-a-minute=0"),
    ],
)
def test_the_command_says_what_is_wrong(more):
    with pytest.raises(CommandError):
        call_command("make_api_key", *more)
    assert ApiKey.objects.count() == 0


def test_a_database_that_is_away_is_503_and_lets_nobody_in(monkeypatch):
    crm = integrator()

    def away(*args, **kwargs):
        raise OperationalError("connection failed: secret host name")

    monkeypatch.setattr(ApiKey.objects, "filter", away)
    answer = crm.get("handoffs")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert b"secret" not in answer.content


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost@evil.example"])
@override_settings(ALLOWED_HOSTS=["localhost"])
def test_another_host_name_is_400(host):
    assert Client().get(LIST, headers={"Host": host}).status_code == 400
