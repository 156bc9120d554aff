"""From an engagement to the rep's queue: 200 a second through the API, ten in a request and one by one, one worker that
looks every second.
"""

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median, quantiles

from django.db import connection, connections
from rest_framework.test import APIClient

from benchmarks.company import make_agreement, make_people
from feedback.models import Handoff, RoutingRule, Team
from leads.actions import api_keys, qualification
from leads.logic.actors import SYSTEM
from leads.models import Touched

Line = tuple[str, float, str]
A_SECOND, SECONDS = 200, 30
TARGETS, VIEWS = 500, 3
_SEED = 20_261_122
_POSTERS = 2
_TOGETHER = {10: "ten in a request", 1: "one by one"}


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    if not Team.objects.exists():
        make_people()
    make_agreement()
    RoutingRule.objects.get_or_create(name="Everybody", defaults={"team": Team.objects.earliest("pk")})
    Handoff.objects.filter(state="pending").update(state="recalled")
    # What other benchmarks left to be judged is no part of this one.
    Touched.objects.all().delete()
    user = api_keys.service_account("bench", group="integrator")
    _, key = api_keys.make(
        user, name="bench", scopes=["intake"], by=SYSTEM, limits=api_keys.Limits(writes_a_minute=100_000)
    )
    for together, words in _TOGETHER.items():
        yield from _journey(key, together=together, words=words)


def _journey(key: str, *, together: int, words: str) -> Iterator[Line]:
    posts = _posts(together)
    connections.close_all()
    worker = multiprocessing.get_context("fork").Process(target=_work, daemon=True)
    worker.start()
    watch = _Watch(last=Handoff.objects.latest("pk").pk if Handoff.objects.exists() else 0)
    watcher = threading.Thread(target=watch.look)
    watcher.start()
    sent, took = _post(posts, key, together=together)
    deadline = time.monotonic() + 60
    while (Touched.objects.exists() or len(watch.seen) < TARGETS) and time.monotonic() < deadline:
        time.sleep(0.2)
    watch.stopping.set()
    watcher.join()
    worker.terminate()
    waits = [watch.seen[name] - sent[name] for name in sent if name in watch.seen]
    yield f"engagements posted a second, {words}", len(posts) / took, f"a second, asked {A_SECOND}"
    yield "accounts that met the rule, offered", float(len(waits)), f"of {TARGETS}"
    yield f"engagement to queue, {words}, median", median(waits), "s"
    yield f"engagement to queue, {words}, 99th percentile", quantiles(waits, n=100)[98], "s, goal 2"
    yield f"engagement to queue, {words}, longest", max(waits), "s"


@dataclass
class _Watch:
    """When each account's handoff could first be seen in a queue."""

    last: int
    seen: dict[str, float] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.stopping.is_set():
            new = Handoff.objects.filter(pk__gt=self.last - 50, owner__isnull=False).select_related("account")
            at = time.monotonic()
            for handoff in new:
                if handoff.account and handoff.account.domain not in self.seen:
                    self.seen[handoff.account.domain] = at
                self.last = max(self.last, handoff.pk)
            time.sleep(0.02)
        connection.close()


def _posts(together: int) -> list[str]:
    """The domain whose visitor looks at pricing, for each engagement: TARGETS of them often enough."""
    rng = random.Random(_SEED)
    often = [f"target{number}-{together}.example" for number in range(TARGETS)] * VIEWS
    rest = A_SECOND * SECONDS - len(often)
    posts = often + [f"other{rng.randrange(1000)}.example" for _ in range(rest)]
    rng.shuffle(posts)
    return posts


def _post(posts: list[str], key: str, *, together: int) -> tuple[dict[str, float], float]:
    """When the engagement that completed each target was sent, and how long it all took, in seconds."""
    sent: dict[str, float] = {}
    left: dict[str, int] = {}
    lock = threading.Lock()
    places = iter(range(0, len(posts), together))
    begun = time.monotonic()

    def send() -> None:
        client = APIClient(headers={"authorization": f"Bearer {key}"}, SERVER_NAME="localhost")
        while True:
            with lock:
                at = next(places, None)
            if at is None:
                break
            time.sleep(max(0.0, begun + at / A_SECOND - time.monotonic()))
            some = posts[at : at + together]
            started = time.monotonic()
            answer = client.post("/api/v1/engagements/", [_body(domain) for domain in some], format="json")
            if answer.status_code != 200 or {row["status"] for row in answer.json()["results"]} != {201}:
                raise RuntimeError(f"{answer.status_code}: {answer.content!r:.300}")
            with lock:
                for domain in some:
                    left[domain] = left.get(domain, VIEWS) - 1
                    if left[domain] == 0 and domain.startswith("target"):
                        sent[domain] = started
        connection.close()

    with ThreadPoolExecutor(_POSTERS) as pool:
        for done in [pool.submit(send) for _ in range(_POSTERS)]:
            done.result()
    return sent, time.monotonic() - begun


def _body(domain: str) -> dict[str, object]:
    page = "pricing" if domain.startswith("target") else "blog"
    return {
        "kind": "page_view",
        "url": f"https://www.leadloop.example/{page}",
        "account": {"domain": domain, "name": domain, "is_target": page == "pricing"},
    }


def _work() -> None:
    """What beat and one worker do: judge whoever was touched, every second."""
    while True:
        qualification.drain()
        time.sleep(1.0)
