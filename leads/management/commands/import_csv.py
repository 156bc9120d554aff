"""Take a CSV file in."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import OperationalError
from tqdm import tqdm

from leads.actions.import_kinds import ALL_OR_NOTHING, all_kinds, kind_named
from leads.actions.import_source import Source, digest_of, mapping_for
from leads.actions.imports import RunRequest, begin, go_on, with_option
from leads.logic.actors import Actor
from leads.logic.errors import LeadLoopError
from leads.models import ImportRun, RunState
from leads.reports.imports import refused_rows

_SHOWN = 20
_ROWS_REFUSED, _FILE_REFUSED, _INTERRUPTED = 1, 2, 3
_OPEN = (RunState.WAITING, RunState.RUNNING)


class Command(BaseCommand):
    """Exit code 0: every row is in. 1: rows were refused. 2: refused before work. 3: interrupted; the same command
    goes on.
    """

    help = (
        "Take a CSV file in, row by row; the same file again doubles nothing, and goes on where it was interrupted. "
        "Exit code 0: every row is in; 1: rows were refused; 2: the file or mapping was refused; 3: interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE --kind KIND [--mapping FILE] [--dry-run] [--all-or-nothing]."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", required=True, choices=[kind.name for kind in all_kinds()])
        parser.add_argument("--mapping", type=Path, help="a TOML file; without it the column names are the fields")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--all-or-nothing", action="store_true", help="take nothing in when a row is refused")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the file in and say what became of it."""
        try:
            run = self._taken_in(options)
        except (LeadLoopError, OSError, UnicodeDecodeError) as error:
            message = error.message if isinstance(error, LeadLoopError) else f"{error}"
            self._leave(f"Refused: {message}", code=_FILE_REFUSED)
        except OperationalError as error:
            self._leave(f"Interrupted: {str(error).strip()}\nThe same command goes on.", code=_INTERRUPTED)
        self._tell(run)

    def _taken_in(self, options: dict[str, Any]) -> ImportRun:
        path: Path = options["file"]
        kind = kind_named(options["kind"])
        text = options["mapping"].read_text(encoding="utf-8") if options["mapping"] else ""
        if options["all_or_nothing"]:
            text = with_option(text, ALL_OR_NOTHING)
        source = Source(lambda: path.open("rb"), kind=kind, mapping=mapping_for(kind, text))
        asked = RunRequest(
            kind=kind.name,
            file_name=path.name,
            file_digest=digest_of(lambda: path.open("rb")),
            mapping=text,
            is_dry_run=options["dry_run"],
        )
        run = begin(asked, by=Actor(user_id=None, label="Import", via="import"))
        # disable=None: no bar where standard error is no terminal.
        with tqdm(desc=path.name, unit=" rows", disable=None) as bar:

            def show(now: ImportRun) -> None:
                bar.total = now.row_count
                bar.update(now.done_count - bar.n)

            while run.state in _OPEN:
                run = go_on(run, source, told=show)
                if run.state in _OPEN:
                    # Another process has it in hand for the moment.
                    time.sleep(0.5)
        return run

    def _tell(self, run: ImportRun) -> None:
        if run.state == RunState.REFUSED and not run.failed_count:
            self._leave(f"Refused: {run.error}", code=_FILE_REFUSED)
        verb = "would be " if run.is_dry_run else ""
        self.stdout.write(
            f"{run.done_count} rows: {run.created_count} {verb}created, {run.updated_count} {verb}updated, "
            f"{run.unchanged_count} unchanged, {run.failed_count} refused."
        )
        if run.error:
            self.stdout.write(run.error)
        for row in refused_rows(run).rows[:_SHOWN]:
            where = f"line {row.line}, {row.field}" if row.field else f"line {row.line}"
            self.stderr.write(f"{where}: {row.message}")
        if run.failed_count > _SHOWN:
            self.stderr.write(f"… and {run.failed_count - _SHOWN} more: /imports/{run.uid}/")
        if run.state == RunState.CANCELLED:
            self._leave("Cancelled; what is in stays in.", code=_INTERRUPTED)
        if run.failed_count:
            raise SystemExit(_ROWS_REFUSED)

    def _leave(self, message: str, *, code: int) -> NoReturn:
        self.stderr.write(message)
        raise SystemExit(code)
