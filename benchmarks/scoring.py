"""Scoring 100,000 leads and their 20,000 accounts anew, from a million days of what they did."""

import datetime as dt
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.company import SIZE, make_agreement
from leads.actions.scoring import rescore_all
from leads.logic.agreement import IntentTerm
from leads.models import Standing
from leads.reports.agreements import InForce, in_force
from leads.reports.scores import horizon, scored, subjects

LEADS = SIZE // 10
_DAYS_EACH = 10
_ALONE = 1_000
Line = tuple[str, float, str]

_MAKE = """
INSERT INTO leads_account (uid, external_system, external_id, name, domain, industry, employee_count, city, country,
    segment, relation, is_target, created_at)
SELECT gen_random_uuid(), '', '', 'Scored ' || n, '', CASE n %% 3 WHEN 0 THEN 'logistics' ELSE 'retail' END,
    10 + n %% 900, 'Hamburg', CASE n %% 4 WHEN 0 THEN 'DE' ELSE 'FR' END, '', '', n %% 10 = 0, now()
FROM generate_series(1, %(accounts)s) n;
INSERT INTO leads_lead (uid, external_system, external_id, account_id, email, name, title, phone, country, language,
    product, consent, created_at)
SELECT gen_random_uuid(), 'scored', n::text, (SELECT min(id) FROM leads_account WHERE name LIKE 'Scored %%')
    + n %% %(accounts)s, 'lead' || n || '@scored' || n %% %(accounts)s || '.example', 'Lead ' || n,
    (ARRAY['Head of Operations', 'Student', 'Buyer', 'CTO'])[1 + n %% 4] || n %% 50, '', '', '', '', 'unknown', now()
FROM generate_series(1, %(leads)s) n;
INSERT INTO leads_engagementday (lead_id, account_id, kind, page_group, confidence, happened_on, count,
    duration_seconds, last_at)
SELECT id, account_id, (ARRAY['page_view', 'page_view', 'form', 'email_click', 'webinar'])[1 + n %% 5],
    (ARRAY['pricing', '', 'careers', ''])[1 + n %% 4], 100, current_date - (id %% 7 + n * 5)::int, 1 + n %% 3, 0, now()
FROM leads_lead, generate_series(0, %(days)s - 1) n WHERE external_system = 'scored'
"""
# What a person at the database would write: the intent of every lead, and nothing else.
_BARE = """
SELECT lead_id, {terms} FROM leads_engagementday
WHERE lead_id IS NOT NULL AND happened_on BETWEEN %s AND %s GROUP BY lead_id
"""
_BARE_TERM = """greatest(-{cap}, least({cap}, sum({points} * count * power(0.5::float8,
    (date '{on}' - happened_on)::float8 / {half_life_days})) FILTER (WHERE kind = '{kind}'{page_group})))"""


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    ruling = _company()
    today = timezone.now().astimezone(dt.UTC).date()
    bare = median(_seconds(lambda: _bare(ruling, on=today)) for _ in range(3))
    first = _seconds(rescore_all)
    everybody = Standing.objects.count()
    yield f"first scores of {LEADS:,} leads and {everybody - LEADS:,} accounts", first, "seconds"
    days = iter(range(1, 10))
    with CaptureQueriesContext(connection) as asked:
        again = median(_seconds(lambda: _next_day(next(days))) for _ in range(3))
    yield f"the same {everybody:,} a day later", again, "seconds"
    yield "statements for each 10,000 of them", len(asked) / 3 / (everybody / 10_000), ""
    at = timezone.now() + dt.timedelta(days=3)
    yield "the same day once more, when nothing changes", _seconds(lambda: rescore_all(at=at)), "seconds"
    yield "bare aggregate of the leads' intent alone", bare, "seconds"
    yield "fit, intent, parts, rules, written : bare aggregate", again / bare, "times"
    alone = _seconds(lambda: _alone(ruling, on=today)) / _ALONE
    yield "one by one : the pass", alone * everybody / again, "times"


def _company() -> InForce:
    if in_force() is None:
        make_agreement()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        numbers = {"leads": LEADS, "accounts": max(LEADS // 5, 1), "days": _DAYS_EACH}
        for statement in _MAKE.split(";\n"):
            cursor.execute(statement, numbers)
        cursor.execute("VACUUM ANALYZE leads_lead, leads_account, leads_engagementday")
    ruling = in_force()
    if ruling is None:
        raise RuntimeError("the company has no agreement")
    return ruling


def _next_day(days: int) -> None:
    rescore_all(at=timezone.now() + dt.timedelta(days=days))


def _bare(ruling: InForce, *, on: dt.date) -> None:
    terms = ", ".join(_bare_term(term, on=on) for term in ruling.agreement.intent)
    with connection.cursor() as cursor:
        cursor.execute(_BARE.format(terms=terms), [on - dt.timedelta(days=horizon(ruling.agreement)), on])
        cursor.fetchall()


def _bare_term(term: IntentTerm, *, on: dt.date) -> str:
    page_group = f" AND page_group = '{term.page_group}'" if term.page_group else ""
    return _BARE_TERM.format(on=on, **(vars(term) | {"page_group": page_group}))


def _alone(ruling: InForce, *, on: dt.date) -> None:
    """As a first version would: each lead read, scored and saved by itself."""
    rows = Standing.objects.filter(lead__isnull=False).order_by("pk").values_list("lead_id", flat=True)[:_ALONE]
    for pk in rows:
        (one,) = subjects(lead_ids=[pk], on=on, within_days=horizon(ruling.agreement))
        fit, intent = scored(one, ruling.agreement, on=on)
        Standing.objects.filter(lead_id=pk).update(
            fit=fit.value, intent=intent.value, parts={"fit": fit.parts, "intent": intent.parts}
        )


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
