"""`manage.py replay_policy`: the past, judged by other rules; the same figures as the page, from the same functions."""

import datetime as dt
import json
import zoneinfo
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from feedback.logic.periods import day_start, read_day
from feedback.logic.rights import LEADLOOP
from leads.logic.csv_cells import csv_lines
from leads.logic.errors import LeadLoopError
from sla.actions.replays import name_of
from sla.models import Policy
from sla.pages.replay_files import COLUMNS, data_of, rows_of
from sla.pages.replays import CANNOT_KNOW, Figures, Side, figures_of
from sla.reports.replay_reading import Span, count_of
from sla.reports.replay_rules import DRAFT, document_to_judge, judge_of, rules_alone, rules_among
from sla.reports.replays import names_for, run

_DAY = dt.timedelta(days=1)


class Command(BaseCommand):
    """`manage.py replay_policy --policy "Fast lane" --draft --weeks 8 --format csv`."""

    help = "Judges handoffs of the past by a policy's draft or version, from the journal; changes nothing."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """A parser in which --version is a policy's, not Django's."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked for."""
        parser.add_argument(
            "--policy",
            action="append",
            required=True,
            metavar="NAME",
            help="name or uid; again for several, one after the other",
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--draft", action="store_true", help="as edited; without this, as in force")
        which.add_argument("--version", type=int, metavar="N", help="as published under this number")
        parser.add_argument("--among", action="store_true", help="in its place among all rules in force")
        parser.add_argument("--weeks", type=int, metavar="N", help="handoffs offered in the last N weeks; 8 is usual")
        parser.add_argument("--from", dest="start", metavar="DAY", help="first day counted, 2026-10-05")
        parser.add_argument("--to", dest="end", metavar="DAY", help="first day no longer counted")
        parser.add_argument("--tz", default=settings.TIME_ZONE, metavar="ZONE", help="whose days")
        parser.add_argument("--format", choices=["text", "json", "csv"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the figures to stdout, progress to stderr. CommandError for what cannot be read or judged."""
        if options["tz"] not in zoneinfo.available_timezones():
            raise CommandError("--tz is an IANA time zone, like Europe/Berlin.")
        zone = zoneinfo.ZoneInfo(options["tz"])
        try:
            span = _span(options, zone=zone, now=timezone.now())
            found = [(name, figures) for name, figures in self._replayed(options, span=span, zone=zone)]
        except LeadLoopError as error:
            raise CommandError(error.message) from None
        if options["format"] == "json":
            told = {name: data_of(figures) for name, figures in found}
            window = {"from": span.begins_at.isoformat(), "to": span.ends_at.isoformat(), "replays": told}
            self.stdout.write(json.dumps(window, ensure_ascii=False, indent=2))
        elif options["format"] == "csv":
            rows = [(name, *row) for name, figures in found for row in rows_of(figures)]
            self.stdout.write("".join(csv_lines(("replay", *COLUMNS), rows)), ending="")
        else:
            self.stdout.write("\n".join(_text(found, span=span, zone=zone)))

    def _replayed(self, options: Mapping[str, Any], *, span: Span, zone: dt.tzinfo) -> Iterator[tuple[str, Figures]]:
        teams, users, _ = names_for(LEADLOOP)
        version = DRAFT if options["draft"] else str(options["version"] or "")
        total = count_of(span)
        for word in options["policy"]:
            policy = _policy(word)
            document = document_to_judge(policy, version)
            kept = rules_among(document, policy_id=policy.pk) if options["among"] else rules_alone(document)
            name = name_of(policy, version, is_among=options["among"])
            with tqdm(total=total, desc=name, unit=" handoffs", file=self.stderr, disable=None) as bar:
                result = run(span, judge_of(kept), told=partial(_shown, bar))
            yield name, figures_of(result, teams=teams, users=users, zone=zone)


def _shown(bar: "tqdm[Any]", done: int) -> None:
    bar.update(done - bar.n)


def _span(options: Mapping[str, Any], *, zone: dt.tzinfo, now: dt.datetime) -> Span:
    start, end, weeks = options["start"], options["end"], options["weeks"]
    if weeks and (start or end):
        raise CommandError("Give --weeks, or --from and --to.")
    if bool(start) != bool(end):
        raise CommandError("--from and --to go together.")
    if weeks is not None and not 1 <= weeks <= 260:
        raise CommandError("--weeks is 1 to 260.")
    if start:
        begins_at = day_start(read_day(start, field="from"), zone=zone)
        ends_at = day_start(read_day(end, field="to"), zone=zone)
    else:
        end_on = now.astimezone(zone).date() + _DAY
        begins_at, ends_at = (day_start(on, zone=zone) for on in (end_on - dt.timedelta(weeks=weeks or 8), end_on))
    if begins_at >= ends_at:
        raise CommandError("--to lies after --from.")
    return Span(begins_at, ends_at, now)


def _policy(word: str) -> Policy:
    policy = Policy.objects.filter(name=word).first()
    if policy is None:
        policy = next((one for one in Policy.objects.all() if str(one.uid) == word.lower()), None)
    if policy is None:
        known = ", ".join(Policy.objects.values_list("name", flat=True)) or "none yet"
        raise CommandError(f"There is no policy {word!r}. There are: {known}.")
    return policy


def _text(found: list[tuple[str, Figures]], *, span: Span, zone: dt.tzinfo) -> Iterator[str]:
    first, last = (at.astimezone(zone).date() for at in (span.begins_at, span.ends_at))
    yield f"Handoffs offered from {first} up to {last}, followed until {span.until.astimezone(zone):%Y-%m-%d %H:%M %Z}."
    for name, figures in found:
        applied = f"{figures.promised:,} under these rules, of which {figures.really_promised:,} had a promise"
        yield f"\n{name}: {figures.handoffs:,} handoffs, {applied}"
        yield f"  {'':<20}{'':<8}{'due':>9}{'in time':>9}{'breached':>9}{'rate':>9}  {'likely':<14}{'running':>9}"
        for line in figures.targets:
            for side, counts in (("judged", line.judged), ("real", line.real)):
                yield f"  {line.label:<20}{side:<8}{_side(counts)}"
        for step in (*figures.steps, *figures.moved):
            yield f"  {step.label:<34} judged {step.judged:>8,}   real {step.real:>8,}"
        for load in figures.loads:
            busiest = "; ".join(f"{at:%Y-%m-%d %H:%M} {count}" for at, count in load.busiest[:3])
            yield f"  {load.user}, {load.side}: tellings {load.total:,}, at most {load.most:,} in an hour ({busiest})"
        yield from (f"  {sentence}" for sentence in figures.says)
    yield ""
    yield from CANNOT_KNOW


def _side(side: Side) -> str:
    return f"{side.due:>9,}{side.met:>9,}{side.breached:>9,}{side.words:>9}  {side.likely:<14}{side.running:>9,}"
