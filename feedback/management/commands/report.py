"""A report on the command line: the same figures as its page, from the same function."""

import json
import zoneinfo
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.http import QueryDict
from django.utils import timezone

from feedback.forms_reports import read_report
from feedback.logic.rights import LEADLOOP
from feedback.models import Team
from feedback.pages.rejections import sentence_of
from feedback.reports.rejection_tables import Value, counts_of, data_of, in_words, table_of
from feedback.reports.rejections import GROUPINGS, RejectionReport, rejections
from feedback.reports.snapshot import snapshot
from leads.logic.csv_cells import csv_lines
from leads.logic.errors import InvalidInput

_WIDEST = 40


class Command(BaseCommand):
    """`manage.py report rejections --by month --tz America/Sao_Paulo --format csv`."""

    help = "Prints a report: every handoff, or those offered in a window, as LeadLoop itself sees them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked for."""
        parser.add_argument("name", choices=["rejections"])
        parser.add_argument("--by", choices=GROUPINGS, default="reason")
        parser.add_argument("--from", dest="start", default="", metavar="DAY", help="first day counted, 2026-10-05")
        parser.add_argument("--to", dest="end", default="", metavar="DAY", help="first day no longer counted")
        parser.add_argument("--period", default="", help="4w, 12w, 26w, 2026-10, or all, which is the default")
        parser.add_argument("--tz", default=settings.TIME_ZONE, metavar="ZONE", help="whose days and months")
        parser.add_argument("--team", default="", metavar="NAME", help="name or uid of one team")
        parser.add_argument("--channel", default="", help="one channel, (none) for those without")
        parser.add_argument("--campaign", default="", metavar="UID", help="one campaign, (none) for those without")
        parser.add_argument("--format", choices=["table", "json", "csv"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report to stdout. CommandError for what cannot be read."""
        if options["tz"] not in zoneinfo.available_timezones():
            raise CommandError("--tz is an IANA time zone, like Europe/Berlin.")
        zone, now = zoneinfo.ZoneInfo(options["tz"]), timezone.now()
        try:
            with snapshot():
                query = read_report(_asked(options), person=LEADLOOP, zone=zone, now=now)
                report = rejections(query.cohort, query.period, by=query.by, zone=zone, now=now)
        except InvalidInput as error:
            raise CommandError(error.message) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(data_of(report, zone=options["tz"]), ensure_ascii=False, indent=2))
        elif options["format"] == "csv":
            table = in_words(table_of(report))
            self.stdout.write("".join(csv_lines(table.columns, table.rows)), ending="")
        else:
            self.stdout.write(f"{sentence_of(report, query)}\n")
            self._print(report)

    def _print(self, report: RejectionReport) -> None:
        total = counts_of(report.total)
        shown = ("offered", "decided", "accepted", "rejected", "returned", "void", "turned_back", "silent", "won")
        self.stdout.write(" · ".join(f"{name.replace('_', ' ')} {total[name]}" for name in shown))
        if report.total.acceptance.share is not None:
            share, low, high = (_cell(total[name]) for name in ("acceptance", "acceptance_low", "acceptance_high"))
            self.stdout.write(f"acceptance {share} ({low} to {high})")
        table = in_words(table_of(report))
        kept = [index for index, name in enumerate(table.columns) if not name.endswith(("_key", "_low", "_high"))]
        rows = [[table.columns[index].replace("_", " ") for index in kept]]
        rows += [[_cell(row[index]) for index in kept] for row in table.rows]
        self.stdout.write("\n" + "\n".join(_aligned(rows)))


def _asked(options: dict[str, Any]) -> QueryDict:
    """The same parameters as in the address of the page."""
    asked = QueryDict(mutable=True)
    period = options["period"] or ("" if options["start"] or options["end"] else "all")
    names = {"period": period, "from": options["start"], "to": options["end"], "team": _team(options["team"])}
    for name, word in {**names, **{name: options[name] for name in ("channel", "campaign", "by")}}.items():
        asked[name] = word
    return asked


def _team(word: str) -> str:
    """The uid of a team called by its name; what is no name is taken for a uid."""
    team = Team.objects.filter(name=word).first() if word else None
    return str(team.uid) if team else word


def _cell(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return "" if value is None else str(value)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the columns under each other, numbers to the right."""
    widths = [min(max(len(cell) for cell in column), _WIDEST) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell[:width].rjust(width) if cell[:1].isdigit() or cell[:1] == "-" else cell[:width].ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
