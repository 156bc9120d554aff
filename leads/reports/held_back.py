"""Who is sales-ready and was not offered, a page at a time."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from leads.logic.errors import InvalidInput
from leads.models import Standing

PAGE = 50
PEOPLE, ACCOUNTS = "people", "accounts"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which part: `who` is PEOPLE, ACCOUNTS or "" for both, `rule` the key of a rule, `query` is looked for in names
    and in why they were not offered, `after` is a cursor.
    """

    who: str = ""
    rule: str = ""
    query: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """Standings with lead, account and the lead's account, ready the latest first; `cursor` goes on, "" at the end."""

    rows: list[Standing]
    cursor: str


def held_back(wanted: Wanted, *, without: Q | None = None) -> HeldBack:
    """Up to PAGE of them, `without` those of whom that is true. Two statements at most, whatever the place.
    InvalidInput(after).
    """
    rows = Standing.objects.exclude(held_back="").filter(~(without or Q(pk__in=())))
    rows = rows.filter(
        Q(lead__isnull=True) | Q(lead__merged_into=None), Q(account__isnull=True) | Q(account__merged_into=None)
    )
    if wanted.who:
        rows = rows.filter(lead__isnull=wanted.who != PEOPLE)
    if wanted.rule:
        rows = rows.filter(rule=wanted.rule)
    if wanted.query:
        said = ("held_back", "lead__name", "lead__email", "lead__account__name", "account__name")
        matching = Q()
        for column in said:
            matching |= Q(**{f"{column}__icontains": wanted.query})
        rows = rows.filter(matching)
    if wanted.after:
        met_at, pk = _position(wanted.after)
        rows = rows.filter(Q(met_at__lte=met_at), Q(met_at__lt=met_at) | Q(pk__lt=pk))
    ordered = rows.select_related("lead__account", "account").order_by("-met_at", "-id")
    found = list(ordered[: PAGE + 1])
    return HeldBack(rows=found[:PAGE], cursor=_cursor(found[PAGE - 1]) if len(found) > PAGE else "")


def rules_of_held_back() -> list[str]:
    """The keys of the rules that those held back meet, in order; one statement."""
    rows = Standing.objects.exclude(held_back="").order_by("rule")
    return list(rows.values_list("rule", flat=True).distinct()[:PAGE])


def _cursor(row: Standing) -> str:
    subject = row.lead or row.account
    assert subject is not None
    return f"{row.met_at.isoformat() if row.met_at else ''}~{subject.uid}"


def _position(cursor: str) -> tuple[dt.datetime, int]:
    """The instant and the row at which the cursor stands; everything of an earlier instant when the row is gone."""
    lost = InvalidInput("This part of the list cannot be found; start again from the top.", field="after")
    at, _, uid = cursor.partition("~")
    try:
        met_at, key = dt.datetime.fromisoformat(at), UUID(uid)
    except ValueError:
        raise lost from None
    if met_at.tzinfo is None:
        raise lost
    row = Standing.objects.filter(Q(lead__uid=key) | Q(account__uid=key)).values_list("pk", flat=True).first()
    return met_at, row or 0
