"""Reading all rules in from one file: `manage.py import_rules rules.toml --dry-run`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.logic.actors import Actor
from leads.logic.errors import LeadLoopError
from sla.actions.rules_file import import_rules
from sla.models import AppliesTo
from sla.reports.rules_file import looked_at

_BY = Actor(user_id=None, label="import_rules", via="command")


class Command(BaseCommand):
    """Writes drafts, all or nothing; publishes them with --publish."""

    help = "Makes the drafts say what a rules file says. What the file does not hold is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What can be asked for."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and write nothing")
        parser.add_argument("--publish", choices=AppliesTo.values, help="publish what differs from what is in force")
        parser.add_argument("--only-these", action="store_true", help="withdraw the policies the file does not hold")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what changed, a line each. CommandError names the place of what cannot be read."""
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from None
        only_these, versions = options["only_these"], []
        try:
            if options["dry_run"]:
                lines, _ = looked_at(text, only_these=only_these)
            else:
                publish = AppliesTo(options["publish"]) if options["publish"] else None
                done = import_rules(text, by=_BY, applies_to=publish, only_these=only_these)
                lines, versions = done.lines, done.versions
        except LeadLoopError as error:
            raise CommandError(f"{error.message} Nothing was changed.") from None
        for line in lines or ["Nothing differs."]:
            self.stdout.write(line)
        for version in versions:
            self.stdout.write(f"published: {version}")
        if options["dry_run"]:
            self.stdout.write("Nothing was written: this was a dry run.")
