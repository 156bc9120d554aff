"""Recounting every clock from the journal, on the command line."""

import datetime as dt
import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from leads.logic.errors import NotFound
from sla.reports.verification import Found, Verified, verify


class Command(BaseCommand):
    """`manage.py verify_clocks --since 2026-10-01 --format json`."""

    help = (
        "Recounts every clock from the journal and the published versions alone, and prints each difference. "
        "Ends with 1 when there is any, with 0 otherwise. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked for."""
        parser.add_argument("--handoff", type=UUID, metavar="UID", help="the clocks of one handoff")
        parser.add_argument("--since", default="", metavar="DAY", help="handoffs offered since, 2026-10-05")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what differs, then how much was recounted. CommandError for what cannot be read."""
        since = _instant(options["since"]) if options["since"] else None
        is_text, total = options["format"] == "text", Verified()
        try:
            for verified in verify(handoff_uid=options["handoff"], since=since):
                total.checked_count += verified.checked_count
                total.older_count += verified.older_count
                total.found += verified.found
                for found in verified.found if is_text else ():
                    self.stdout.write(_line(found))
        except NotFound as error:
            raise CommandError(error.message) from None
        self.stdout.write(_sum(total) if is_text else json.dumps(_document(total), indent=2))
        if total.found:
            raise SystemExit(1)


def _line(found: Found) -> str:
    one = found.difference
    return (
        f"{found.handoff_uid} {found.target} cycle {found.cycle}: {one.field}: "
        f"journal says {one.journal_says}, clock says {one.clock_says}"
    )


def _sum(total: Verified) -> str:
    return (
        f"{total.checked_count:,} clocks recounted, {len(total.found):,} differences. "
        f"{total.older_count:,} older than the journal's clock entries, not recounted."
    )


def _document(total: Verified) -> dict[str, Any]:
    return {
        "checked_count": total.checked_count,
        "older_count": total.older_count,
        "differences": [
            {
                "handoff": str(found.handoff_uid),
                "target": found.target,
                "cycle": found.cycle,
                **asdict(found.difference),
            }
            for found in total.found
        ],
    }


def _instant(text: str) -> dt.datetime:
    """The instant, or the beginning of the day in the installation's zone."""
    try:
        if at := parse_datetime(text):
            return at if at.tzinfo else timezone.make_aware(at)
        if on := parse_date(text):
            return timezone.make_aware(dt.datetime.combine(on, dt.time()))
    except ValueError:
        pass
    raise CommandError("--since is a day or an instant, like 2026-10-05 or 2026-10-05T09:00:00+02:00.")
