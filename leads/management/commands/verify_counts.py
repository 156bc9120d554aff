"""`manage.py verify_counts`: whether the counts by day are those of the engagements; reads every one of them."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from leads.reports.counts import differences


class Command(BaseCommand):
    help = "Count the engagements anew and say where the counts by day differ. Exit code 1 when they do."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(differences())
        for line in found:
            self.stdout.write("  ".join(map(str, line)))
        if found:
            sys.exit(1)
        self.stdout.write("The counts are those of the engagements.")
