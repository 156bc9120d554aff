"""Writing many rows at once: what one row would say, all say, by either way of writing."""

import datetime as dt
import uuid

import pytest
from django.db import DataError, IntegrityError, transaction

from leads.actions.bulk import insert_rows, update_rows
from leads.models import Account, JournalEntry, Lead

pytestmark = pytest.mark.django_db
EITHER_WAY = pytest.mark.parametrize("number", [1, 3, 250])
AT = dt.datetime(2026, 11, 30, 9, 5, 6, 789, tzinfo=dt.UTC)


def entries(number: int) -> list[JournalEntry]:
    return [
        JournalEntry(
            kind="handoff.offered",
            handoff_uid=uuid.uuid4(),
            actor_label=f'Zoë \\ "{n}"\t',
            via="test",
            data={"n": n, "text": 'a\\b\n"c"', "none": None},
            occurred_at=AT,
        )
        for n in range(number)
    ]


@EITHER_WAY
def test_rows_come_back_as_they_were_in_order_and_with_their_keys(number: int):
    rows = entries(number)
    assert insert_rows(JournalEntry, rows) == number
    found = list(JournalEntry.objects.order_by("id"))
    assert [row.pk for row in found] == [row.pk for row in rows]
    for was, row in zip(rows, found, strict=True):
        assert (row.uid, row.handoff_uid, row.lead_uid) == (was.uid, was.handoff_uid, None)
        assert (row.actor_label, row.data, row.occurred_at) == (was.actor_label, was.data, AT)
        assert row.recorded_at is not None


def test_nothing_is_written_for_nothing():
    assert insert_rows(Lead, []) == 0
    update_rows(Lead, [], ["name"])


@EITHER_WAY
def test_a_broken_promise_is_django_s_error_and_writes_nothing(number: int):
    Lead.objects.create(email="p0@nortex.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Lead, [Lead(email=f"p{n}@nortex.example") for n in range(number)])
    assert Lead.objects.count() == 1


@EITHER_WAY
def test_text_that_is_too_long_is_refused_not_cut(number: int):
    with pytest.raises(DataError), transaction.atomic():
        insert_rows(Account, [Account(name="x" * 201) for _ in range(number)])
    assert not Account.objects.exists()


@EITHER_WAY
def test_rows_in_conflict_are_skipped_and_have_no_key(number: int):
    Lead.objects.create(email="p0@nortex.example")
    rows = [Lead(email=f"p{n}@nortex.example") for n in range(number)]
    assert insert_rows(Lead, rows, skip_conflicts=True) == number - 1
    assert rows[0].pk is None
    assert all(row.pk for row in rows[1:])
    assert Lead.objects.count() == number


@EITHER_WAY
def test_named_fields_are_updated_and_no_others(number: int):
    insert_rows(Account, [Account(name=f"A{n}", city="Berlin") for n in range(number)])
    rows = list(Account.objects.order_by("id"))
    for row in rows:
        row.name, row.employee_count, row.city = f"{row.name} GmbH", row.pk, "Hamburg"
    update_rows(Account, rows, ["name", "employee_count"])
    for row in Account.objects.order_by("id"):
        assert row.name.endswith(" GmbH")
        assert (row.employee_count, row.city) == (row.pk, "Berlin")
