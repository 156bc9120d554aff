"""The queue page of a rep with a thousand pending handoffs, among a million."""

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.company import SIZE, make_handoffs, make_people
from feedback.models import Handoff, person_of
from feedback.reports.queue import Asked, Listing, page

Line = tuple[str, float, str]
RUNS = 30


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    if not Handoff.objects.exists():
        make_handoffs(1, SIZE, version=make_people())
    user = get_user_model().objects.get(username="rep1")
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)

    def view() -> None:
        if client.get("/queue/").status_code != 200:
            raise RuntimeError("the queue did not answer")

    view()
    ours = _median(view)
    with CaptureQueriesContext(connection) as asked:
        view()
    statements = [query["sql"] for query in asked if query["sql"].startswith("SELECT")]
    bare = _median(lambda: _ask(statements))
    yield f"queue page, 1 of 1,000 reps, {Handoff.objects.count():,} handoffs", ours * 1000, "ms"
    yield "statements of the whole request", float(len(asked)), ""
    yield "the same statements, bare", bare * 1000, "ms"
    yield "page : its statements", ours / bare, "times, goal at most 12"
    person, now = person_of(user), timezone.now()
    first = page(person, Asked(listing=Listing.QUEUE), now=now)
    before, cursor, depth = "", first.rows[-1].cursor, 1
    while (deep := page(person, Asked(listing=Listing.QUEUE, after=cursor), now=now)).has_more:
        before, cursor, depth = cursor, deep.rows[-1].cursor, depth + 1
    top = _median(lambda: page(person, Asked(listing=Listing.QUEUE), now=now))
    bottom = _median(lambda: page(person, Asked(listing=Listing.QUEUE, after=before), now=now))
    yield f"list page {depth} : list page 1", bottom / top, "times, goal at most 1.5"


def _ask(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def _median(work: Callable[[], object]) -> float:
    return median(_seconds(work) for _ in range(RUNS))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
