"""Taking in engagements and leads: batches against COPY of the same rows, one POST against a bare ping."""

import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4
from zlib import crc32

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.test import override_settings

from benchmarks.served import CONNECTIONS, Asked, rate, serving
from leads.actions import api_keys
from leads.actions.engagements import EngagementInput, clean_engagement, keep_engagements
from leads.actions.people import AccountInput, LeadInput, clean_lead, keep_leads
from leads.actions.visitors import VisitorInput
from leads.logic.actors import SYSTEM
from leads.models import Engagement, Lead, PageGroup

Line = tuple[str, float, str]
BATCH, TURNS, LEADS, POSTS, SERVED_TURNS = 500, 20, 20_000, 400, 5
NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
PAGES = ("/pricing", "/docs/start", "/careers/sales", "/", "/blog/handoff")

_LEADS = """
INSERT INTO leads_account (uid, external_system, external_id, name, domain, industry, employee_count, city, country,
    segment, relation, is_target, created_at)
SELECT gen_random_uuid(), '', '', 'Company ' || n, 'company' || n || '.example.com', '', 50, '', '', '', '', false,
    now()
FROM generate_series(0, %(leads)s / 5 - 1) n;
INSERT INTO leads_lead (uid, external_system, external_id, account_id, email, name, title, phone, country, language,
    product, consent, created_at)
SELECT gen_random_uuid(), 'bench', 'L' || n, a.id, 'person' || n || '@' || a.domain, 'Person ' || n, '', '', '', '', '',
    'unknown', now()
FROM generate_series(0, %(leads)s - 1) n JOIN leads_account a ON a.domain = 'company' || n %% (%(leads)s / 5) ||
    '.example.com';
"""
_COPIED = (
    *("uid", "external_system", "external_id", "lead_id", "account_id", "visitor_id", "kind", "subject", "url"),
    *("page_group", "confidence", "duration_seconds", "occurred_at"),
)
_BARE_LEADS = (
    """CREATE TEMP TABLE stage (id text, email text, name text, title text, domain text) ON COMMIT DROP""",
    """INSERT INTO leads_lead (uid, external_system, external_id, account_id, email, name, title, phone, country,
           language, product, consent, created_at)
       SELECT gen_random_uuid(), 'bench', stage.id, a.id, email, stage.name, title, '', '', '', '', 'unknown', now()
       FROM stage JOIN leads_account a ON a.domain = stage.domain
       ON CONFLICT (external_system, external_id) WHERE NOT external_id = '' DO UPDATE
       SET name = EXCLUDED.name, title = EXCLUDED.title""",
)


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    with connection.cursor() as cursor:
        for statement in filter(str.strip, (_LEADS % {"leads": LEADS}).split(";")):
            cursor.execute(statement)
        cursor.execute("ANALYZE leads_account, leads_lead")
    for at, key in enumerate(("pricing", "docs", "careers")):
        patterns = [{"operator": "prefix", "value": f"/{key}"}]
        PageGroup.objects.create(key=key, label=key, position=at, patterns=patterns)
    yield from _batches()
    yield from _lead_batches()
    yield from _posts()


def _batches() -> Iterator[Line]:
    given = [[_engagement(random, f"t{turn}e{n}") for n in range(BATCH)] for turn, random in _turns()]
    # Turn by turn, so that a busy machine is busy for both.
    turns = [(_seconds(_kept, batch), _copy(batch)) for batch in given]
    again = [_seconds(_kept, batch) for batch in given]
    ours, bare = (median(seconds) for seconds in zip(*turns, strict=True))
    yield f"COPY of {BATCH} engagements", BATCH / bare, "rows/s"
    yield f"batch of {BATCH} engagements, cleaned and kept", BATCH / ours, "rows/s"
    yield "batch / COPY", bare / ours, "x of its rate, goal 0.5"
    yield "the same batch again, every row unchanged / COPY", bare / median(again), "x of its rate, goal 0.5"


def _turns() -> Iterator[tuple[int, Random]]:
    return ((turn, Random(turn)) for turn in range(TURNS))


def _engagement(random: Random, key: str) -> EngagementInput:
    """Four in five of known leads; the others of new ones, of visitors, and of accounts alone."""
    kind, number = random.random(), random.randrange(LEADS)
    who: dict[str, Any] = {}
    if kind < 0.85:
        who["lead"] = LeadInput(email=f"person{number}@company{number % (LEADS // 5)}.example.com")
    elif kind < 0.9:
        who["lead"] = LeadInput(email=f"new{key}@company{number % (LEADS // 5)}.example.com", name="Somebody New")
    else:
        who["visitor"] = VisitorInput(external_system="site", external_id=f"v{number % 2000}")
        if kind < 0.95:
            who["account"] = AccountInput(domain=f"company{number % (LEADS // 5)}.example.com")
    return EngagementInput(
        kind="page_view",
        occurred_at=NOW - dt.timedelta(minutes=random.randrange(40_000)),
        url=f"https://www.example.com{random.choice(PAGES)}?utm_source=mail",
        duration_seconds=random.randrange(600),
        external_system="bench",
        external_id=key,
        **who,
    )


def _kept(batch: list[EngagementInput]) -> None:
    keep_engagements([clean_engagement(one, now=NOW) for one in batch])


def _seconds(work: Callable[[Any], object], given: Any) -> float:
    began = perf_counter()
    work(given)
    return perf_counter() - began


def _copy(batch: list[EngagementInput]) -> float:
    """Seconds for one transaction that copies the rows which the batch became, under other keys."""
    kept = Engagement.objects.filter(external_system="bench", external_id__in=[one.external_id for one in batch])
    rows = [(uuid4(), "bare", *row) for row in kept.values_list(*_COPIED[2:])]
    began = perf_counter()
    statement = f"COPY leads_engagement ({', '.join(_COPIED)}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    seconds = perf_counter() - began
    assert len(rows) == BATCH
    return seconds


def _lead_batches() -> Iterator[Line]:
    turns, again = [], []
    for turn, random in _turns():
        rows = [_lead_row(random, turn, n) for n in range(BATCH)]
        bare = _seconds(_bare_leads, [("b" + row[0], "b" + row[1], *row[2:]) for row in rows])
        turns.append((_seconds(_kept_leads, rows), bare))
        again.append(_seconds(_kept_leads, rows))
    ours, bare = (median(seconds) for seconds in zip(*turns, strict=True))
    yield f"COPY and upsert of {BATCH} leads in bare SQL", BATCH / bare, "rows/s"
    yield "batch of leads, half of them new / bare SQL", bare / ours, "x of its rate, goal 0.5"
    yield "the same batch again / bare SQL", bare / median(again), "x of its rate, goal 0.5"


def _lead_row(random: Random, turn: int, n: int) -> tuple[str, str, str, str, str]:
    number = turn * 250 + n if n % 2 else LEADS + turn * BATCH + n
    domain = f"company{number % (LEADS // 5)}.example.com"
    return f"L{number}", f"person{number}@{domain}", f"Person {number}", f"Head of {random.randrange(9)}", domain


def _kept_leads(rows: list[tuple[str, str, str, str, str]]) -> None:
    keep_leads(
        [
            clean_lead(
                LeadInput(
                    external_system="bench",
                    external_id=key,
                    email=email,
                    name=name,
                    title=title,
                    account=AccountInput(domain=domain),
                )
            )
            for key, email, name, title, domain in rows
        ]
    )


def _bare_leads(rows: list[tuple[str, str, str, str, str]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BARE_LEADS[0])
        with cursor.copy("COPY stage FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_BARE_LEADS[1])


def _posts() -> Iterator[Line]:
    user = get_user_model().objects.create(username="bench-intake")
    user.groups.add(Group.objects.get(name="integrator"))
    limits = api_keys.Limits(reads_a_minute=1_000_000, writes_a_minute=1_000_000)
    _, key = api_keys.make(user, name="bench", scopes=["intake", "read"], by=SYSTEM, limits=limits)
    known = Lead.objects.filter(external_system="bench").exclude(email="")
    emails = list(known.values_list("email", flat=True)[:POSTS])
    with override_settings(ROOT_URLCONF="benchmarks.ping"):
        app = get_wsgi_application()
        pings, posts = [], []
        for n in range(POSTS):
            pings.append(_seconds(lambda _: _call(app, *_PING, key), None))
            posts.append(_seconds(lambda asked: _call(app, *asked, key), _post(emails, f"post{n}")))
    ours, bare = median(posts[POSTS // 2 :]), median(pings[POSTS // 2 :])
    yield "bare ping view, called in this process", 1 / bare, "requests/s"
    yield "POST of one engagement, called in this process", 1 / ours, "requests/s"
    yield "POST / ping, in this process", 100 * bare / ours, "% of its rate"
    yield from _served(key, emails)


def _served(key: str, emails: list[str]) -> Iterator[Line]:
    """Both over HTTP, as they are asked for: in turns, so that a busy machine is busy for both."""
    pings, posts = [], []
    with serving() as port:
        for turn in range(SERVED_TURNS + 1):
            asked = [_post(emails, f"served{turn}n{n}") for n in range(POSTS)]
            figures = rate(port, key, [_PING] * len(asked)), rate(port, key, asked)
            if turn:  # The first warms up.
                pings.append(figures[0])
                posts.append(figures[1])
    yield f"bare ping over HTTP, {CONNECTIONS} connections", median(pings), "requests/s"
    yield f"POST of one engagement over HTTP, {CONNECTIONS} connections", median(posts), "requests/s"
    ratio = median(ours / bare for ours, bare in zip(posts, pings, strict=True))
    yield "POST / ping, over HTTP", 100 * ratio, "% of its rate, goal 15"


_PING: Asked = ("GET", "/ping/", b"")


def _post(emails: list[str], external_id: str) -> Asked:
    body = {
        "kind": "page_view",
        "url": "https://www.example.com/pricing",
        "lead": {"email": emails[crc32(external_id.encode()) % len(emails)]},
        "external_system": "bench",
        "external_id": external_id,
    }
    return "POST", "/api/v1/engagements/", json.dumps(body).encode()


def _call(app: Any, method: str, where: str, raw: bytes, key: str) -> None:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": where,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": settings.ALLOWED_HOSTS[0],
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(raw),
        "wsgi.errors": io.StringIO(),
    }
    status: list[str] = []
    response = app(environ, lambda line, _headers: status.append(line))
    content = b"".join(response)
    response.close()
    assert status[0][:3] in ("200", "201"), (status, content[:300])
