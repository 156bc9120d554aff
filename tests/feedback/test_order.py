"""The order of the lists: by priority, then due first, then what was promised nothing; on any page boundary."""

import datetime as dt
import random
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.models import Handoff, person_of
from feedback.reports import board, queue
from feedback.reports.queue import Asked, Listing, cursor_of, due_first
from leads.logic.errors import InvalidInput
from leads.models import Account
from tests.factories import RepFactory, ago, as_person, manager_of

pytestmark = pytest.mark.django_db


def pile(rep, count: int, *, seed: int, **more) -> list[Handoff]:
    """Handoffs with many ties in priority and due time."""
    rng = random.Random(seed)
    start = ago(hours=1)
    accounts = Account.objects.bulk_create(Account(name=f"Company {seed} {n}") for n in range(count))
    return Handoff.objects.bulk_create(
        Handoff(
            **{"owner": rep, "state": "pending", **more},
            team=rep.team,
            account=account,
            offered_at=start,
            decided_at=start if more.get("state") == "accepted" else None,
            priority=rng.choice((1, 2, 2, 3, 3, 3)),
            due_at=rng.choice((None, *(start + dt.timedelta(minutes=n) for n in range(4)))),
        )
        for account in accounts
    )


def place(row: Handoff) -> tuple[object, ...]:
    return row.priority, row.due_at is None, row.due_at or start_of_time(), row.pk


def start_of_time() -> dt.datetime:
    return dt.datetime.min.replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("seed", [1, 2])
def test_pages_laid_end_to_end_are_the_whole_list_in_order(seed, limit):
    rep = RepFactory()
    wanted = [row.pk for row in sorted(pile(rep, 60, seed=seed), key=place)]
    rows = Handoff.objects.filter(owner=rep, state="pending")
    found, after = [], ""
    while page := due_first(rows, after=after, limit=limit):
        assert len(page) == limit or len(found) + len(page) == len(wanted)
        found += page
        after = cursor_of(page[-1].priority, page[-1].due_at, page[-1].uid)
    assert [row.pk for row in found] == wanted


def test_the_queue_page_by_page():
    rep = RepFactory()
    wanted = [row.pk for row in sorted(pile(rep, 25, seed=3), key=place)]
    pile(RepFactory(team=rep.team), 5, seed=4)
    found, after, more = [], "", True
    while more:
        page = queue.page(as_person(rep), Asked(listing=Listing.QUEUE, after=after, rows=4), now=ago())
        found += page.rows
        after, more = page.rows[-1].cursor, page.has_more
    assert [row.pk for row in found] == wanted
    assert [row.priority for row in found] == sorted(row.priority for row in found)


def test_the_board_page_by_page(monkeypatch):
    monkeypatch.setattr(board, "PAGE", 4)
    rep = RepFactory()
    lena = RepFactory(team=rep.team)
    unowned = pile(rep, 9, seed=5, owner=None)
    owned = [*pile(rep, 13, seed=6), *pile(lena, 10, seed=7, state="accepted"), *pile(lena, 8, seed=8)]
    wanted = [row.pk for part in (unowned, owned) for row in sorted(part, key=place)]
    boss = person_of(manager_of(rep.team))
    found, after, more = [], "", True
    while more:
        page = board.open_handoffs(rep.team, board.BoardAsked(after=after), person=boss, now=ago())
        found += [row.pk for row in page.handoffs]
        after, more = page.cursor, bool(page.cursor)
    assert found == wanted


def test_the_next_in_line_is_the_raised_one():
    rep = RepFactory()
    usual, raised = pile(rep, 2, seed=9)
    Handoff.objects.filter(pk=usual.pk).update(priority=3, due_at=ago(hours=5))
    Handoff.objects.filter(pk=raised.pk).update(priority=2, due_at=None)
    person, asked = as_person(rep), Asked(listing=Listing.QUEUE)
    assert queue.following(person, asked, cursor="", now=ago()) == raised.uid
    assert queue.following(person, asked, cursor=cursor_of(2, None, raised.uid), now=ago()) == usual.uid


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "~",
        "3~",
        f"~~{UUID(int=7)}",
        f"0~~{UUID(int=7)}",
        f"4~~{UUID(int=7)}",
        f"03~~{UUID(int=7)}",
        f"3~2026-11-22~{UUID(int=7)}",
        f"3~2026-11-22T10:00:00~{UUID(int=7)}",
        f"3~later~{UUID(int=7)}",
        f"2026-11-22T10:00:00+00:00~{UUID(int=7)}",
        "3~~no",
        "٣~~00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_cursor_that_is_none(cursor):
    with pytest.raises(InvalidInput) as refused:
        queue.asked_for(Listing.QUEUE, chip="", query="", after=cursor)
    assert refused.value.field == "after"


def test_a_page_costs_the_same_wherever_it_lies():
    rep = RepFactory()
    rows = sorted(pile(rep, 300, seed=10), key=place)
    connection.cursor().execute("ANALYZE feedback_handoff")
    mine = Handoff.objects.filter(owner=rep, state="pending")
    for start in range(0, 290, 7):
        row = rows[start]
        with CaptureQueriesContext(connection) as captured:
            page = due_first(mine, after=cursor_of(row.priority, row.due_at, row.uid), limit=5)
        assert [one.pk for one in page] == [one.pk for one in rows[start + 1 : start + 6]]
        assert len(captured) <= 3


def test_the_index_gives_the_order():
    """Nothing is sorted: the rows of a page come along handoff_queue, from where it begins."""
    rep = RepFactory()
    rows = sorted(pile(rep, 2000, seed=11), key=place)
    for seed in range(12, 20):
        pile(RepFactory(), 500, seed=seed)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feedback_handoff")
    row = next(row for row in rows if row.priority == 3 and row.due_at)
    mine = Handoff.objects.filter(owner=rep, state="pending")
    for after in ("", cursor_of(row.priority, row.due_at, row.uid)):
        with CaptureQueriesContext(connection) as captured:
            due_first(mine, after=after, limit=20)
        for query in captured.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "handoff_queue" in plan, plan
            assert "Sort" not in plan, plan
