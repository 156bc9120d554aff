"""`manage.py outlook`: the last quarter under the draft; the same figures as the page, from the same functions."""

import zoneinfo
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from feedback.pages.agreements import name_of
from feedback.pages.outlook import OutlookWords, words_of
from feedback.pages.outlook_rows import Row
from feedback.reports.outlook import whole_quarter
from leads.models import AgreementState
from leads.reports.agreements import the_draft, versions

_WIDEST = 60


class Command(BaseCommand):
    """`manage.py outlook --draft --tz Europe/Berlin`."""

    help = "Prints what the last 13 full weeks would have looked like under the agreement; changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked for."""
        parser.add_argument("--draft", action="store_true", help="the draft beside the agreement in force")
        parser.add_argument("--tz", default=settings.TIME_ZONE, metavar="ZONE", help="whose weeks")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the figures to stdout, however large the quarter. CommandError where there is nothing to replay."""
        if options["tz"] not in zoneinfo.available_timezones():
            raise CommandError("--tz is an IANA time zone, like Europe/Berlin.")
        in_force = next((one for one in versions() if one.state == AgreementState.IN_FORCE), None)
        asked = the_draft() if options["draft"] else in_force
        if asked is None:
            raise CommandError("Nobody is drafting an agreement." if options["draft"] else "No agreement is in force.")
        before = in_force if options["draft"] else None
        found = whole_quarter(
            asked.agreement,
            before.agreement if before else None,
            zone=zoneinfo.ZoneInfo(options["tz"]),
            now=timezone.now(),
        )
        theirs = (name_of(before), before.agreement) if before else None
        words = words_of(found, asked.agreement, theirs, name=name_of(asked))
        self.stdout.write("\n".join(_lines(words)))


def _lines(words: OutlookWords) -> Iterator[str]:
    yield f"{words.title}: {words.window}"
    yield ""
    if words.refusal:
        yield words.refusal
        return
    yield from words.sentences
    for head, rows in (("Figure", words.rows), ("Rule", words.rules), ("Week of", words.weeks)):
        yield ""
        yield from _table(head, words.names, rows)
    yield ""
    yield words.caveat
    yield from words.how


def _table(head: str, names: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    lines = [(head, *names), *((row.name, *(text for _, text in row.cells)) for row in rows)]
    widths = [min(_WIDEST, max(len(cell) for cell in column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells))
