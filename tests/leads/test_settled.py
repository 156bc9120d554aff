"""What is begun anew when another transaction was in the way, and what is not."""

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected, LockNotAvailable

from leads.actions.upsert import ChangedMeanwhile, settled
from leads.logic.errors import StateConflict
from leads.models import Campaign

pytestmark = pytest.mark.django_db


def broken_by(error: Exception, *, times: int) -> list[str]:
    """The campaigns that are there after work that `error` broke so many times, each time with one written."""
    left = [error] * times

    @settled
    def work() -> None:
        Campaign.objects.create(name=f"try {times - len(left)}")
        if left:
            raise left.pop()

    work()
    assert not left
    return list(Campaign.objects.values_list("name", flat=True))


def refused(cause: type[Exception]) -> OperationalError:
    error = OperationalError("canceled")
    error.__cause__ = cause()
    return error


@pytest.mark.parametrize("error", [ChangedMeanwhile(), refused(DeadlockDetected)], ids=["changed", "deadlock"])
def test_it_is_begun_anew_and_the_first_try_leaves_nothing(error: Exception):
    assert broken_by(error, times=2) == ["try 2"]


def test_it_is_not_begun_anew_for_ever():
    with pytest.raises(StateConflict):
        broken_by(ChangedMeanwhile(), times=50)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("error", [refused(LockNotAvailable), ValueError("ours")], ids=["lock time-out", "a mistake"])
def test_what_would_come_again_or_is_our_own_is_passed_on(error: Exception):
    with pytest.raises(type(error)):
        broken_by(error, times=1)
    assert not Campaign.objects.exists()


def test_within_another_it_is_a_part_of_that_one():
    begun: list[str] = []

    @settled
    def inner() -> None:
        begun.append("inner")
        if len(begun) < 4:
            raise ChangedMeanwhile

    @settled
    def outer() -> None:
        begun.append("outer")
        inner()

    outer()
    assert begun == ["outer", "inner", "outer", "inner"]
    assert connection.in_atomic_block
