"""manage.py load_demo: an invented company to look around in, for an empty database."""

from typing import Any

from django.core.management.base import BaseCommand

from sla.actions.demo import in_use, load
from sla.management.commands.demo_logins import logins


class Command(BaseCommand):
    help = (
        "Load an invented company: people, rules, twelve weeks of handoffs and a live queue. Refuses a database in use."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if refusal := in_use():
            self.stdout.write(f"Nothing was loaded. {refusal}")
            return
        loaded = load()
        self.stdout.write(f"{loaded.handoff_count} handoffs, {loaded.waiting_count} of them waiting for an answer.")
        self.stdout.write(logins())
