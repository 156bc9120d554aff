"""The fit of thousands: many differ, but few in any one thing that is asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.logic import scoring
from leads.logic.agreement import Agreement, FitTerm
from leads.logic.scoring import Score
from leads.models import Account, Lead
from leads.reports.facts import facts_of

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


@dataclass
class _Group:
    """The terms that look at the same columns, which stand at `places` of a row.

    `labels` are the sets of labels found so far, `found` the place in it for each kind of value.
    """

    columns: tuple[str, ...]
    places: tuple[int, ...]
    terms: list[FitTerm]
    labels: list[tuple[str, ...]] = field(default_factory=list)
    found: dict[tuple[Any, ...], int] = field(default_factory=dict)


class Fits:
    """Judges each kind of value once, by the same code as anybody alone. `columns` are what rows must hold."""

    def __init__(self, agreement: Agreement, *, has_leads: bool) -> None:
        self._has_leads, self._terms = has_leads, agreement.fit
        grouped = defaultdict(list)
        for term in agreement.fit:
            names = COLUMNS[term.condition.field]
            kept = names if has_leads else tuple(one for one in names if one.startswith(_OF_ACCOUNT))
            grouped[kept].append(term)
        asked = sorted({name for names in grouped for name in names})
        self.columns = asked if has_leads else [name.removeprefix(_OF_ACCOUNT) for name in asked]
        self._groups = [_Group(names, tuple(map(asked.index, names)), terms) for names, terms in grouped.items()]
        # Of an address that nothing else asks for, the domain alone matters.
        is_whole = any(term.condition.field == "lead_email" for term in agreement.fit)
        self._email = asked.index("email") if "email" in asked and not is_whole else None
        self._totals: dict[tuple[int, ...], Score] = {}

    def of(self, values: Sequence[Any]) -> Score:
        """The fit of who has these values in `columns`."""
        if self._email is not None:
            values = [*values]
            values[self._email] = "@" + values[self._email].rpartition("@")[2] if values[self._email] else ""
        key = tuple([self._place(group, tuple([values[place] for place in group.places])) for group in self._groups])
        total = self._totals.get(key)
        if total is None:
            labels = {label for group, place in zip(self._groups, key, strict=True) for label in group.labels[place]}
            total = scoring.total({term.label: float(term.points) for term in self._terms if term.label in labels})
            self._totals[key] = total
        return total

    def _place(self, group: _Group, values: tuple[Any, ...]) -> int:
        place = group.found.get(values)
        if place is None:
            labels = self._labels(group, dict(zip(group.columns, values, strict=True)))
            if labels not in group.labels:
                group.labels.append(labels)
            place = group.labels.index(labels)
            if len(group.found) < _MOST_REMEMBERED:
                group.found[values] = place
        return place

    def _labels(self, group: _Group, values: Mapping[str, Any]) -> tuple[str, ...]:
        of_account = {k.removeprefix(_OF_ACCOUNT): v for k, v in values.items() if k.startswith(_OF_ACCOUNT)}
        of_lead = {k: v for k, v in values.items() if not k.startswith(_OF_ACCOUNT)}
        # A lead without an account has nothing in any of its columns.
        has_account = any(value is not None for value in of_account.values())
        account = Account(**of_account) if has_account else None
        lead = Lead(**of_lead) if self._has_leads and of_lead else None
        return tuple(scoring.fit(group.terms, facts_of(lead, account)).parts)
