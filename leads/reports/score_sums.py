"""Fit and intent of thousands at once, the sums made by the database.

Gives what leads.logic.scoring gives for each of them alone; tests compare the two.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from leads.logic import scoring
from leads.logic.agreement import Agreement
from leads.logic.scoring import Score
from leads.models import Account, Lead
from leads.reports.fits import Fits

LEADS, ACCOUNTS = "lead_id", "account_id"

_DENSE = 4

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


@dataclass(kw_only=True)
class Sums:
    """Reads the scores of leads or (`who` ACCOUNTS) accounts under one agreement, as of the UTC day `on`."""

    who: str
    agreement: Agreement
    on: dt.date

    def __post_init__(self) -> None:
        self._fits = Fits(self.agreement, has_leads=self.who == LEADS)
        self._since = self.on - dt.timedelta(days=scoring.horizon(self.agreement))

    def ids(self, *, after: int, limit: int) -> list[int]:
        """The next primary keys beyond `after` of those who have a standing or did something that can still count."""
        values: dict[str, Any] = {"after": after, "limit": limit, "since": self._since, "on": self.on}
        with connection.cursor() as cursor:
            cursor.execute(_IDS.format(who=self.who), values)
            return [pk for (pk,) in cursor.fetchall()]

    def scores(self, ids: Sequence[int]) -> Iterator[tuple[int, Score, Score]]:
        """(primary key, fit, intent) of each in `ids`, which come from one call of `ids`; two statements. What was
        merged into another is left out.
        """
        intents = self._intents(ids[0], ids[-1])
        nothing, wanted = scoring.total({}), set(ids)
        # A list of thousands of keys costs more than some rows too many.
        is_dense = ids[-1] - ids[0] < _DENSE * len(ids)
        asked = {"pk__range": (ids[0], ids[-1])} if is_dense else {"pk__in": ids}
        model = Lead if self.who == LEADS else Account
        rows = model._default_manager.filter(**asked, merged_into=None).order_by("pk")
        for pk, *values in rows.values_list("pk", *self._fits.columns):
            if pk in wanted:
                yield pk, self._fits.of(values), intents.get(pk, nothing)

    def _intents(self, first: int, last: int) -> dict[int, Score]:
        terms = self.agreement.intent
        if not terms:
            return {}
        least = scoring.least_confidence(self.agreement) if self.who == ACCOUNTS else 0
        values: dict[str, Any] = {"first": first, "last": last, "since": self._since, "on": self.on, "least": least}
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
