"""A file of handoffs through the import, against COPY and upserts in bare SQL that leave the same rows."""

import csv
import io
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from django.db import connection, transaction

from feedback.models import Handoff, Team
from leads.actions.import_kinds import kind_named
from leads.actions.import_source import Source, digest_of, mapping_for
from leads.actions.imports import RunRequest, begin, go_on
from leads.logic.actors import Actor
from leads.models import ImportRun

Line = tuple[str, float, str]
ROWS = int(os.environ.get("LEADLOOP_BENCH_ROWS") or 20_000)
MANY = 5 * ROWS
HEADER = (
    "external_id,lead.external_id,lead.email,lead.name,lead.title,account.name,account.domain,account.employee_count,"
    "campaign.name,channel,team,offered_at,fit,intent,why"
)
TEAM = "Imported"

_STAGE = """
CREATE TEMP TABLE stage (
    id text, lead_id text, email text, name text, title text, account text, domain text, employees int, campaign text,
    channel text, team text, offered_at timestamptz, fit int, intent int, why text
) ON COMMIT DROP
"""
_BARE = (
    """INSERT INTO leads_account (uid, external_system, external_id, name, domain, industry, employee_count, city,
           country, segment, relation, is_target, created_at)
       SELECT DISTINCT ON (domain) gen_random_uuid(), '', '', account, domain, '', employees, '', '', '', '', false,
           now()
       FROM stage
       WHERE NOT EXISTS (SELECT 1 FROM leads_account known WHERE known.domain = stage.domain)""",
    """INSERT INTO leads_campaign (uid, external_system, external_id, name, channel, created_at)
       SELECT DISTINCT ON (campaign) gen_random_uuid(), '', '', campaign, '', now() FROM stage
       WHERE NOT EXISTS (SELECT 1 FROM leads_campaign known WHERE known.name = stage.campaign)""",
    """INSERT INTO leads_lead (uid, external_system, external_id, account_id, email, name, title, phone, country,
           language, product, consent, created_at)
       SELECT gen_random_uuid(), 'bare', lead_id, a.id, email, stage.name, title, '', '', '', '', 'unknown', now()
       FROM stage JOIN leads_account a ON a.domain = stage.domain
       ON CONFLICT (external_system, external_id) WHERE NOT external_id = '' DO UPDATE
       SET name = EXCLUDED.name, title = EXCLUDED.title""",
    """WITH made AS (
           INSERT INTO feedback_handoff (uid, external_system, external_id, lead_id, account_id, team_id, campaign_id,
               channel, state, fit, intent, score_parts, why, evidence, is_void, decision_note, offered_at,
               attempt_count, priority, mql_rule)
           SELECT gen_random_uuid(), 'bare', stage.id, l.id, l.account_id, t.id, c.id, stage.channel, 'pending', fit,
               intent, '{}', why, '{}', false, '', stage.offered_at, 0, 2, ''
           FROM stage
           JOIN leads_lead l ON l.external_system = 'bare' AND l.external_id = stage.lead_id
           JOIN feedback_team t ON t.name = stage.team
           JOIN leads_campaign c ON c.name = stage.campaign
           ON CONFLICT (external_system, external_id) WHERE NOT external_id = '' DO NOTHING
           RETURNING uid, lead_id, offered_at)
       INSERT INTO leads_journalentry (uid, kind, handoff_uid, lead_uid, actor_label, via, data, occurred_at)
       SELECT gen_random_uuid(), 'handoff.offered', made.uid, l.uid, 'Import', 'import', '{}', made.offered_at
       FROM made JOIN leads_lead l ON l.id = made.lead_id""",
    """INSERT INTO leads_importrow (run_id, line, result, field, message)
       SELECT %(run)s, row_number() OVER (), 'created', '', '' FROM stage""",
)


def run() -> Iterator[Line]:
    """What was measured, the figure, and its unit with the goal where there is one."""
    Team.objects.get_or_create(name=TEAM)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "handoffs.csv"
        # Turn by turn, so that a busy machine is busy for both.
        turns = [(_bare(f"bare{turn}", ROWS), _import(path, f"ours{turn}", ROWS)) for turn in range(3)]
        again = _import(path, "ours0", ROWS)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        many = _import(path, "many", MANY)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert Handoff.objects.filter(external_system="bare").count() == 3 * ROWS
    assert Handoff.objects.filter(external_system="ours").count() == 3 * ROWS + MANY
    bare, ours = (min(seconds) for seconds in zip(*turns, strict=True))
    yield ("COPY and upserts in bare SQL", ROWS / bare, "rows/s")
    yield ("import", ROWS / ours, "rows/s")
    yield ("import / bare SQL", bare / ours, "x of its rate, goal 0.5")
    yield ("the same file again, every row unchanged", ROWS / again, "rows/s")
    yield (f"import of {MANY} rows", MANY / many, "rows/s")
    yield (f"memory more than for {ROWS} rows", grown, "MB")


def _rows(prefix: str, number: int) -> Iterator[list[object]]:
    for n in range(number):
        company = n % (number // 5)
        domain = f"{prefix}-company{company}.example.com"
        lead = [f"{prefix}H{n}", f"{prefix}L{n}", f"person{n}@{domain}", f"Person Number {n}", "Head of Ops"]
        origin = [f"Company {prefix} {company}", domain, 5 + company % 4000, f"Campaign {n % 40}", f"channel {n % 8}"]
        when = f"2025-{1 + n % 12:02d}-{1 + n % 28:02d} 10:{n % 60:02d}+00:00"
        yield [*lead, *origin, TEAM, when, n % 101, n * 7 % 101, "looked at pricing three times"]


def _written(rows: Iterator[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _bare(prefix: str, number: int) -> float:
    """Seconds for one transaction that copies the rows and upserts them."""
    text = _written(_rows(prefix, number))
    run = ImportRun.objects.create(kind="handoffs", file_name=prefix, file_path="", file_digest=prefix)
    began = perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY stage FROM STDIN (FORMAT csv)") as copy:
            copy.write(text)
        cursor.execute("ANALYZE stage")
        for statement in _BARE:
            cursor.execute(statement.replace("%(run)s", str(run.pk)))
    return perf_counter() - began


def _import(path: Path, prefix: str, number: int) -> float:
    """Seconds for a run, begun anew, over the same rows in a file."""
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        csv.writer(file, lineterminator="\n").writerows(_rows(prefix, number))
    kind, text = kind_named("handoffs"), 'external_system = "ours"'
    began = perf_counter()
    source = Source(lambda: path.open("rb"), kind=kind, mapping=mapping_for(kind, text))
    asked = RunRequest(
        kind=kind.name, file_name=path.name, file_digest=digest_of(lambda: path.open("rb")), mapping=text
    )
    done: ImportRun = go_on(begin(asked, by=Actor(user_id=None, label="Import", via="import")), source)
    assert done.failed_count == 0
    assert done.created_count + done.unchanged_count == number
    return perf_counter() - began
