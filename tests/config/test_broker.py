"""The embedded broker, started and killed for real, spoken to with the client that Celery uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from config.processes.broker import Broker
from config.processes.children import end_leftovers
from config.processes.places import LONGEST_SOCKET_PATH


@pytest.fixture(params=["broker", f"a folder {'x' * LONGEST_SOCKET_PATH}"], ids=["short path", "long path"])
def broker(home: Path, request: pytest.FixtureRequest) -> Iterator[Broker]:
    server = Broker(home / request.param, log=home / "log", owner=home)
    yield server
    server.remove()


def pass_on(url: str, word: str) -> str:
    with Connection(url, transport_options={"socket_connect_timeout": 1}) as connection:
        connection.ensure_connection(max_retries=1, timeout=1)
        queue = connection.SimpleQueue("test")
        queue.put(word)
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
        return str(message.payload)


def test_it_passes_messages_and_is_gone_after_stop(broker: Broker):
    process = broker.start()
    assert pass_on(broker.url, "hello") == "hello"
    broker.stop()
    assert process.returncode == 0
    with pytest.raises(OperationalError):
        pass_on(broker.url, "anybody?")


def test_killed_it_starts_again_at_the_same_address(broker: Broker):
    process = broker.start()
    url = broker.url
    process.kill()
    process.wait()
    broker.start()
    assert broker.url == url
    assert pass_on(url, "again") == "again"


def test_the_next_launcher_ends_one_that_was_left_behind(broker: Broker, home: Path):
    process = broker.start()
    assert end_leftovers(home) == 1
    assert process.wait(5) == 0
