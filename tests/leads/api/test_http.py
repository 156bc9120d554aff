"""What strangers do to the connection itself, against a real web server: bytes that lie, cut, or never come."""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from leads.models import Lead
from tests.calling import integrator, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.machine, pytest.mark.xdist_group("config")]

ROOT = Path(__file__).parents[3]
LEADS = "/api/v1/leads/"
BODY = json.dumps({"email": "ana@nortex.example", "name": "Ana Duarte"}).encode()


def database_url() -> str:
    """Of the database that this test writes to."""
    said = connection.settings_dict
    port = f":{said['PORT']}" if said["PORT"] else ""
    password = f":{quote(said['PASSWORD'], safe='')}" if said["PASSWORD"] else ""
    return f"postgres://{quote(said['USER'], safe='')}{password}@{quote(said['HOST'], safe='')}{port}/{said['NAME']}"


@pytest.fixture(scope="module")
def server(django_db_setup, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Port and log of the product's own web server, on the database of the tests."""
    folder = tmp_path_factory.mktemp("web")
    env = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LEADLOOP_SECRET_KEY": "of a web server in a test",
        "LEADLOOP_VAR": str(folder),
    }
    with socket.socket() as door, (folder / "web.log").open("w") as log:
        door.bind(("127.0.0.1", 0))
        door.listen(256)
        bind = ("--bind", f"fd://{door.fileno()}", "--workers", "2", "--no-control-socket", "--timeout", "20")
        command = [sys.executable, "-m", "gunicorn", "tests.leads.api.dying", *bind]
        web = subprocess.Popen(command, cwd=ROOT, env=env, pass_fds=[door.fileno()], stdout=log, stderr=log)
        try:
            yield door.getsockname()[1], folder / "web.log"
        finally:
            web.terminate()
            web.wait(30)


@pytest.fixture
def port(server: tuple[int, Path]) -> Iterator[int]:
    port, log = server
    logged_before = len(log.read_text())
    yield port
    # Who hung up without a word is nobody's fault; anything else is ours.
    assert "Internal Server Error" not in log.read_text()[logged_before:]


@pytest.fixture
def key() -> str:
    return integrator().key


@pytest.fixture
def send(port: int) -> Callable[..., bytes]:
    """Send bytes, close the sending half, return every byte that comes back."""

    def sent(data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            heard = b""
            try:
                while part := line.recv(65_536):
                    heard += part
            except ConnectionResetError:
                pass
            return heard

    return sent


def request(key: str, *headers: str, body: bytes = BODY, target: str = LEADS, length: int | None = None) -> bytes:
    """A POST as bytes. `length` is what it says of its body; -1 to say nothing."""
    said = [f"Content-Length: {len(body) if length is None else length}"] if length != -1 else []
    host = [] if any(header.startswith("Host:") for header in headers) else ["Host: 127.0.0.1"]
    fixed = [*host, f"Authorization: Bearer {key}", "Content-Type: application/json"]
    head = "\r\n".join([f"POST {target} HTTP/1.1", *fixed, *said, *headers])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def statuses(heard: bytes) -> list[int]:
    """The status of every answer on the connection."""
    return [int(line.split()[1]) for line in heard.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def test_an_honest_request_is_taken(send, key):
    assert statuses(send(request(key))) == [201]
    assert Lead.objects.get().email == "ana@nortex.example"


def test_lengths_that_lie_are_refused_and_nothing_is_smuggled(send, key):
    before = rows()
    second = request(key, body=b'{"email": "smuggled@nortex.example"}')
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    for data in [
        request(key, length=len(BODY) - 9),
        request(key, length=len(BODY) - 9) + second,
        request(key, length=len(BODY) + 9),
        request(key, length=10**9),
        request(key, body=b"", length=-1) + second,
        request(key, "Transfer-Encoding: chunked", body=chunked),
        request(key, "Transfer-Encoding: chunked", body=chunked, length=-1),
        request(key, "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + second, length=5 + len(second)),
        request(key, "Transfer-Encoding: xchunked", body=chunked),
        request(key, "Transfer-Encoding : chunked", body=chunked),
        request(key, f"Content-Length: {len(BODY) - 1}"),
        request(key, "Content-Length: -1", length=-1),
        request(key, "Content-Length: +5", length=-1),
        request(key, "Content-Length: 0x10", length=-1),
    ]:
        found = statuses(send(data))
        assert len(found) <= 1, data
        assert set(found) <= {400, 408, 411, 501}, (found, data)
        assert rows() == before, data


def test_a_request_cut_anywhere_leaves_nothing_and_the_whole_one_is_taken(port, key):
    data = request(key, "Idempotency-Key: cut")
    before = rows()
    for sent_bytes in range(0, len(data), 1 if os.environ.get("LEADLOOP_DATA") else 7):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(data[:sent_bytes])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(data[:-1])
    time.sleep(0.5)
    assert rows() == before
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(data)
        assert statuses(line.recv(65_536)) == [201]
    assert Lead.objects.count() == 1


def test_who_hung_up_after_sending_and_asks_again_gets_the_one_lead(port, send, key):
    data = request(key, "Idempotency-Key: hung-up")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(data)
        # Reset instead of a polite end: what comes back finds nobody.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)
    again = send(data)
    assert statuses(again) == [201]
    assert Lead.objects.count() == 1
    assert json.loads(again.partition(b"\r\n\r\n")[2])["uid"] == str(Lead.objects.get().uid)


def test_a_server_that_died_between_commit_and_answer_answers_the_next_time(send, key):
    data = request(key, "Idempotency-Key: died", "X-Die: 1")
    assert send(data) == b""
    assert Lead.objects.count() == 1
    after_first = rows()
    again = send(request(key, "Idempotency-Key: died"))
    assert statuses(again) == [201]
    assert b"Idempotency-Replayed: true" in again
    assert json.loads(again.partition(b"\r\n\r\n")[2])["uid"] == str(Lead.objects.get().uid)
    assert rows() == after_first


@pytest.mark.parametrize(
    "header",
    ["Idempotency-Key: a\r\n b", "Idempotency-Key: a\rb", "Idempotency-Key: \xfc", "Idempotency-Key: a\x00b"],
    ids=["folded", "bare CR", "not ASCII", "NUL"],
)
def test_an_idempotency_key_that_wants_to_be_two_lines_is_refused(send, key, header):
    before = rows()
    assert statuses(send(request(key, header))) == [400]
    assert rows() == before


def test_two_keys_in_two_headers_open_nothing(send, key):
    before = rows()
    other = integrator().key
    for second in (key, other, "x"):
        assert statuses(send(request(key, f"Authorization: Bearer {second}"))) == [401]
    assert statuses(send(request(key + "\x20" * 10_000 + "x"))) in ([400], [401], [431])
    assert rows() == before


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        (["Host: evil.example"], LEADS),
        (["Host: 127.0.0.1", "Host: evil.example"], LEADS),
        (["Host: evil.example"], f"http://127.0.0.1{LEADS}"),
        (["Host: "], LEADS),
        (["Host: 127.0.0.1/x"], LEADS),
    ],
)
def test_another_host_is_refused(send, key, headers, target):
    before = rows()
    assert statuses(send(request(key, *headers, target=target))) == [400]
    assert rows() == before


def test_no_address_in_an_answer_comes_from_a_header_of_the_caller(send, key):
    said = ("X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "X-Host: evil.example")
    for number, forged in enumerate(said):
        body = json.dumps({"email": f"ana{number}@nortex.example"}).encode()
        heard = send(request(key, forged, body=body))
        assert statuses(heard) == [201]
        assert b"evil.example" not in heard
    heard = send(request(key, target=f"http://evil.example{LEADS}"))
    assert b"Location: http://evil.example" not in heard


def test_a_key_in_the_query_is_not_logged(server, send, key):
    _, log = server
    assert statuses(send(request(key, target=f"{LEADS}?api_key={key}"))) == [401]
    assert key.split("_")[2] not in log.read_text()
