"""Fit and intent of thousands at once, the sums made by the database.

Gives what leads.logic.scoring gives for each of them alone; tests compare the two.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from leads.logic import scoring
from leads.logic.agreement import Agreement
from leads.logic.scoring import Score
from leads.models import Account, Lead
from leads.reports.facts import facts_of

LEADS, ACCOUNTS = "lead_id", "account_id"

# From which columns of a lead and its account each fact is made.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "account_name": ("account__name",),
    "account_domain": ("account__domain",),
    "account_industry": ("account__industry",),
    "account_employees": ("account__employee_count",),
    "account_city": ("account__city",),
    "region": ("account__country",),
    "account_segment": ("account__segment",),
    "account_relation": ("account__relation",),
    "account_is_target": ("account__is_target",),
    "lead_title": ("title",),
    "lead_email": ("email",),
    "lead_mail_is_free": ("email",),
    "lead_country": ("country", "account__country"),
    "lead_language": ("language",),
    "lead_product": ("product",),
    "lead_consent": ("consent",),
}
_OF_ACCOUNT = "account__"
_MOST_REMEMBERED = 50_000

# Those with something done in the window or a standing, by primary key.
_IDS = """
SELECT who FROM (
    (SELECT DISTINCT {who} AS who FROM leads_engagementday
     WHERE {who} > %(after)s AND happened_on BETWEEN %(since)s AND %(on)s ORDER BY {who} LIMIT %(limit)s)
    UNION
    (SELECT {who} FROM leads_standing WHERE {who} > %(after)s ORDER BY {who} LIMIT %(limit)s)
) AS one ORDER BY who LIMIT %(limit)s
"""
_SUMS = """
SELECT {who}, {sums} FROM leads_engagementday
WHERE {who} BETWEEN %(first)s AND %(last)s AND happened_on BETWEEN %(since)s AND %(on)s AND confidence >= %(least)s
GROUP BY {who}
"""
_SUM = """sum(%(points{n})s * count * power(0.5::float8, (%(on)s::date - happened_on)::float8 / %(half_life{n})s))
    FILTER (WHERE kind = %(kind{n})s{page_group} AND happened_on >= %(since{n})s)"""


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Reads the scores of leads or (`who` ACCOUNTS) accounts under one agreement, as of the UTC day `on`."""

    who: str
    agreement: Agreement
    on: dt.date
    _fits: dict[tuple[Any, ...], Score] = field(default_factory=dict, repr=False)

    def ids(self, *, after: int, limit: int) -> list[int]:
        """The next primary keys beyond `after` of those who have a standing or did something that can still count."""
        values = {"after": after, "limit": limit, "since": self._since(), "on": self.on}
        with connection.cursor() as cursor:
            cursor.execute(_IDS.format(who=self.who), values)
            return [pk for (pk,) in cursor.fetchall()]

    def scores(self, ids: Sequence[int]) -> Iterator[tuple[int, Score, Score]]:
        """(primary key, fit, intent) of each in `ids`, which come from one call of `ids`; two statements. What was
        merged into another is left out.
        """
        intents = self._intents(ids[0], ids[-1])
        nothing = scoring.total({})
        for pk, fit in self._read_fits(ids):
            yield pk, fit, intents.get(pk, nothing)

    def _since(self) -> dt.date:
        return self.on - dt.timedelta(days=scoring.horizon(self.agreement))

    def _read_fits(self, ids: Sequence[int]) -> Iterator[tuple[int, Score]]:
        asked = sorted({column for term in self.agreement.fit for column in COLUMNS[term.condition.field]})
        if self.who == LEADS:
            columns = asked
            rows = Lead.objects.filter(pk__in=ids, merged_into=None).values_list("pk", "account_id", *columns)
        else:
            columns = [one for one in asked if one.startswith(_OF_ACCOUNT)]
            names = [one.removeprefix(_OF_ACCOUNT) for one in columns]
            rows = Account.objects.filter(pk__in=ids, merged_into=None).values_list("pk", "pk", *names)
        for pk, account_id, *values in rows.order_by("pk"):
            key = (account_id is None, *values)
            fit = self._fits.get(key)
            if fit is None:
                fit = self._fit(dict(zip(columns, values, strict=True)), has_account=account_id is not None)
                if len(self._fits) < _MOST_REMEMBERED:
                    self._fits[key] = fit
            yield pk, fit

    def _fit(self, values: Mapping[str, Any], *, has_account: bool) -> Score:
        """Few differ in what is asked: each kind is judged once, by the same code as anybody alone."""
        of_account = {k.removeprefix(_OF_ACCOUNT): v for k, v in values.items() if k.startswith(_OF_ACCOUNT)}
        of_lead = {k: v for k, v in values.items() if not k.startswith(_OF_ACCOUNT)}
        account = Account(**of_account) if has_account else None
        lead = Lead(**of_lead) if self.who == LEADS else None
        return scoring.fit(self.agreement.fit, facts_of(lead, account))

    def _intents(self, first: int, last: int) -> dict[int, Score]:
        terms = self.agreement.intent
        if not terms:
            return {}
        least = scoring.least_confidence(self.agreement) if self.who == ACCOUNTS else 0
        values: dict[str, Any] = {"first": first, "last": last, "since": self._since(), "on": self.on, "least": least}
        sums = []
        for n, term in enumerate(terms):
            values |= {
                f"points{n}": term.points,
                f"half_life{n}": term.half_life_days,
                f"kind{n}": term.kind,
                f"page_group{n}": term.page_group,
                f"since{n}": self.on - dt.timedelta(days=scoring.memory_days(term)),
            }
            asked = f" AND page_group = %(page_group{n})s" if term.page_group else ""
            sums.append(_SUM.format(n=n, page_group=asked))
        with connection.cursor() as cursor:
            cursor.execute(_SUMS.format(who=self.who, sums=", ".join(sums)), values)
            found = cursor.fetchall()
        return {
            pk: scoring.total(
                {
                    term.label: scoring.capped(raw, term)
                    for term, raw in zip(terms, raws, strict=True)
                    if raw is not None
                }
            )
            for pk, *raws in found
        }
