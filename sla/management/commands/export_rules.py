"""All rules as one file: `manage.py export_rules > rules.toml`."""

from typing import Any

from django.core.management.base import BaseCommand

from sla.reports.rules_file import exported


class Command(BaseCommand):
    """Prints the drafts as they are edited now."""

    help = "Prints calendars, policies, templates and the names of chat channels as one TOML file."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the file to stdout."""
        self.stdout.write(exported(), ending="")
