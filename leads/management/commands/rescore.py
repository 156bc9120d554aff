"""manage.py rescore: score everybody anew under the agreement in force, now."""

from typing import Any

from django.core.management.base import BaseCommand

from leads.actions.scoring import rescore_all


class Command(BaseCommand):
    help = "Score every lead and account anew under the agreement in force. Offers nobody."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rescore_all()} standings changed")
