"""What scores are made of, read for many leads and accounts at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Max, Sum

from leads.logic import scoring
from leads.logic.agreement import Agreement
from leads.logic.conditions import Facts
from leads.logic.scoring import DayCount, Score, horizon
from leads.models import Account, EngagementDay, Lead
from leads.reports.facts import facts_of

__all__ = ["Subject", "horizon", "scored", "subjects"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A lead with its account and what the lead did, or an account (`lead` None) with what everybody there did.

    `days` of an account are of every confidence; scoring.sure leaves out what is too much of a guess.
    """

    lead: Lead | None
    account: Account | None
    facts: Facts
    days: tuple[DayCount, ...]


def subjects(
    *, lead_ids: Collection[int] = (), account_ids: Collection[int] = (), on: dt.date, within_days: int
) -> list[Subject]:
    """The leads, then the accounts, each by primary key, with their engagements of the UTC day `on` and the
    `within_days` days before it. What was merged into another is left out. At most four statements.
    """
    window = (on - dt.timedelta(days=within_days), on)
    leads = Lead.objects.filter(pk__in=lead_ids, merged_into=None).select_related("account") if lead_ids else ()
    accounts = Account.objects.filter(pk__in=account_ids, merged_into=None) if account_ids else ()
    of_leads = _days("lead_id", lead_ids, window)
    of_accounts = _days("account_id", account_ids, window)
    people = [
        Subject(lead=lead, account=lead.account, facts=facts_of(lead, lead.account), days=of_leads.get(lead.pk, ()))
        for lead in sorted(leads, key=lambda lead: lead.pk)
    ]
    companies = [
        Subject(lead=None, account=account, facts=facts_of(None, account), days=of_accounts.get(account.pk, ()))
        for account in sorted(accounts, key=lambda account: account.pk)
    ]
    return people + companies


def scored(subject: Subject, agreement: Agreement, *, on: dt.date) -> tuple[Score, Score]:
    """(fit, intent) on the UTC day `on`. An account's intent counts the unknown visitors that are sure enough."""
    days = subject.days
    if subject.lead is None:
        days = tuple(scoring.sure(days, least=scoring.least_confidence(agreement)))
    return scoring.fit(agreement.fit, subject.facts), scoring.intent(agreement.intent, days, on=on)


def _days(column: str, ids: Collection[int], window: tuple[dt.date, dt.date]) -> Mapping[int, tuple[DayCount, ...]]:
    """What was done in the window, both days included, by the key in `column`, latest day first."""
    if not ids:
        return {}
    rows = (
        EngagementDay.objects.filter(**{f"{column}__in": ids}, happened_on__range=window)
        .order_by("-happened_on", "kind", "page_group", "-confidence")
        .values_list(column, "kind", "page_group", "happened_on", "confidence")
        .annotate(Sum("count"), Max("last_at"))
    )
    found = defaultdict(list)
    for pk, kind, page_group, happened_on, confidence, count, last_at in rows:
        found[pk].append(
            DayCount(
                kind=kind,
                page_group=page_group,
                happened_on=happened_on,
                count=count,
                last_at=last_at,
                confidence=confidence,
            )
        )
    return {pk: tuple(days) for pk, days in found.items()}
