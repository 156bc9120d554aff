"""The steps of a run: survey, chunk, or the whole file in one transaction."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from django.db import connection, transaction
from django.utils import timezone

from leads.actions.bulk import insert_rows
from leads.actions.import_kinds import ALL_OR_NOTHING, ImportKind
from leads.actions.import_rows import Verdict, take_in
from leads.actions.import_source import Source, chunk_of
from leads.logic.actors import Actor
from leads.logic.csv_rows import CsvRow
from leads.logic.errors import InvalidInput
from leads.logic.row_reader import RowReader
from leads.models import ImportRow, ImportRun, RowResult, RunState

OPEN = (RunState.WAITING, RunState.RUNNING)
Told = Callable[[ImportRun], None]
_WRITTEN_AT_ONCE = 5000
_TOO_SLOW = (
    "A dry run and all or nothing hold one transaction from the first row to the last, and this file takes too long "
    "for that here. Nothing was taken in. Use manage.py import_csv, or a smaller file."
)


@dataclass(frozen=True)
class Job:
    """A run with what it needs: the file, who takes it in, who hears of each chunk, and when to stop
    (time.monotonic).
    """

    run_id: int
    kind: ImportKind
    source: Source
    by: Actor
    told: Told = field(default=lambda run: None)
    deadline: float = float("inf")

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.deadline

    def run(self) -> ImportRun:
        """The run as it stands now."""
        return ImportRun.objects.get(pk=self.run_id)


def survey(job: Job) -> ImportRun:
    """The run, now running: its rows counted, those refused that name what an earlier row of the file named.

    Refused when the file is no CSV, does not fit, or is too long. Reads the whole file, outside any transaction.
    """
    try:
        row_count, repeated = job.source.survey()
    except InvalidInput as error:
        return end(job.run(), RunState.REFUSED, error=error.message)
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=job.run_id)
        if run.state != RunState.WAITING:
            return run
        verdicts = [
            Verdict(line, RowResult.FAILED, message=f"This is a duplicate of line {first}.")
            for line, first in sorted(repeated.items())
        ]
        _write(run, verdicts)
        run.row_count, run.state = row_count, RunState.RUNNING
        run.save(update_fields=["row_count", "state"])
        return run


def in_chunks(job: Job) -> ImportRun:
    """The run after as many chunks as there is time for, each one transaction that holds the run.

    Comes back early when somebody else has the run in hand.
    """
    run = job.run()
    with job.source.rows() as (reader, rows):
        position = 0
        while run.state == RunState.RUNNING and not job.is_late:
            _skip(rows, run.done_count - position)
            chunk = chunk_of(rows, reader=reader, together=job.kind.together)
            if not chunk:
                return end(run, RunState.CANCELLED, error="The file has become shorter since it was first read.")
            position = run.done_count + len(chunk)
            run = _chunk(job, chunk, reader=reader, after=run.done_count)
            if run.done_count != position:
                break
            job.told(run)
    return run


def _chunk(job: Job, chunk: Sequence[CsvRow], *, reader: RowReader, after: int) -> ImportRun:
    """The run with the chunk taken in; or as it is when another process holds it, has gone on, or it was cancelled."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=job.run_id).first()
        if run is None or run.state != RunState.RUNNING or run.done_count != after:
            return run or job.run()
        verdicts, known = _verdicts(job, chunk, reader=reader)
        _write(run, verdicts)
        _count(run, verdicts, failed=known)
        if run.done_count >= (run.row_count or 0):
            run.state, run.finished_at = RunState.DONE, timezone.now()
        run.save(update_fields=[*_COUNTS, "state", "finished_at"])
        return run


def at_once(job: Job) -> ImportRun:
    """The run after the whole file went through one transaction: kept, or rolled back when it is a dry run or a row
    was refused.

    Cancelling works between chunks; out of time, the run is refused. Locks taken by the rows are held until the end.
    """
    run = job.run()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('import'), %s)", [job.run_id])
                if not cursor.fetchone()[0]:
                    return job.run()
            stopped = _through(job, run, spool)
            is_kept = not (stopped or run.is_dry_run or run.failed_count)
            if is_kept:
                return _settle(run, spool, state=RunState.DONE)
            transaction.set_rollback(True)
        if stopped:
            return end(job.run(), RunState.REFUSED, error=stopped) if job.run().state in OPEN else job.run()
        if run.is_dry_run:
            return _settle(run, spool, state=RunState.DONE)
        return _settle_refused(run, spool)


def end(run: ImportRun, state: RunState, *, error: str = "") -> ImportRun:
    """The run, ended, unless it has ended meanwhile. Locks it."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if run.state in OPEN:
            run.state, run.error, run.finished_at = state, error[:500], timezone.now()
            run.save(update_fields=["state", "error", "finished_at"])
        return run


_COUNTS = ("done_count", *(f"{result}_count" for result in RowResult.values))


def _skip(rows: Iterator[CsvRow], number: int) -> None:
    next(islice(rows, number, number), None)


def _verdicts(job: Job, chunk: Sequence[CsvRow], *, reader: RowReader) -> tuple[list[Verdict], int]:
    """What becomes of the rows that have no verdict yet, and how many have one: those were refused by the survey."""
    lines = [row.line for row in chunk]
    judged = set(ImportRow.objects.filter(run=job.run_id, line__in=lines).values_list("line", flat=True))
    fresh = [row for row in chunk if row.line not in judged]
    return take_in(fresh, reader=reader, kind=job.kind, mapping=job.source.mapping, by=job.by), len(judged)


def _write(run: ImportRun, verdicts: Sequence[Verdict]) -> None:
    insert_rows(
        ImportRow,
        [
            ImportRow(run=run, line=one.line, result=one.result, field=one.field, message=one.message)
            for one in verdicts
        ],
    )


def _count(run: ImportRun, verdicts: Sequence[Verdict], *, failed: int) -> None:
    """Add to the counts of the run, without saving it; `failed` are those whose verdicts are written already."""
    run.done_count += len(verdicts) + failed
    run.failed_count += failed
    for result, times in Counter(one.result.value for one in verdicts).items():
        setattr(run, f"{result}_count", getattr(run, f"{result}_count") + times)


def _through(job: Job, run: ImportRun, spool: IO[str]) -> str:
    """Take every row in, counted in `run` and spooled; "" at the end, or why it was stopped before."""
    with job.source.rows() as (reader, rows):
        while chunk := chunk_of(rows, reader=reader, together=job.kind.together):
            verdicts, known = _verdicts(job, chunk, reader=reader)
            _count(run, verdicts, failed=known)
            spool.writelines(json.dumps(one) + "\n" for one in verdicts)
            job.told(run)
            if job.is_late:
                return _TOO_SLOW
            if job.run().state != RunState.RUNNING:
                return "It was cancelled."
    return ""


def _spooled(spool: IO[str], *, only_failed: bool = False) -> Iterator[list[Verdict]]:
    spool.seek(0)
    found = (Verdict(line, RowResult(result), *rest) for line, result, *rest in map(json.loads, spool))
    wanted = (one for one in found if not only_failed or one.result is RowResult.FAILED)
    while batch := list(islice(wanted, _WRITTEN_AT_ONCE)):
        yield batch


def _settle(run: ImportRun, spool: IO[str], *, state: RunState, only_failed: bool = False) -> ImportRun:
    """The run with counts and verdicts written, unless it was cancelled meanwhile: then what it did is rolled back."""
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if locked.state != RunState.RUNNING:
            transaction.set_rollback(True)
            return locked
        for batch in _spooled(spool, only_failed=only_failed):
            _write(run, batch)
        run.state, run.finished_at = state, timezone.now()
        run.save(update_fields=[*_COUNTS, "state", "error", "finished_at"])
        return run


def _settle_refused(run: ImportRun, spool: IO[str]) -> ImportRun:
    run.created_count = run.updated_count = run.unchanged_count = 0
    run.error = f"{run.failed_count} of {run.row_count} rows were refused, so nothing was taken in ({ALL_OR_NOTHING})."
    return _settle(run, spool, state=RunState.REFUSED, only_failed=True)
