"""Counts that stop counting: a badge needs no more than "99+"."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, QuerySet, Subquery

MOST = 100


class CappedCount(Subquery):
    """How many rows a queryset has, counted up to MOST, so that its cost does not grow with the list."""

    template = "(SELECT count(*) FROM (%(subquery)s) capped)"
    output_field = IntegerField()

    def __init__(self, queryset: QuerySet[Any]) -> None:
        super().__init__(queryset.order_by().values("pk")[:MOST])


def capped(user_id: int, asked: dict[str, QuerySet[Any]], **values: str) -> dict[str, Any]:
    """Each count of `asked`, up to MOST, and columns of the user named in `values`; one statement."""
    counted = {f"count_of_{name}": CappedCount(queryset) for name, queryset in asked.items()}
    rows = get_user_model().objects.filter(pk=user_id).order_by().annotate(**counted)
    found = rows.values(*counted, *values.values()).get()
    return {name: found[f"count_of_{name}"] for name in asked} | {name: found[path] for name, path in values.items()}


def words(count: int) -> str:
    """A capped count as it is shown: "12", "99+"."""
    return str(count) if count < MOST else f"{MOST - 1}+"
