"""`manage.py forget_old`: what the schedule does every hour, for installations without Celery."""

from typing import Any

from django.core.management.base import BaseCommand

from leads.actions.retention import forget_old


class Command(BaseCommand):
    help = "Remove engagements and their counts that are older than LEADLOOP_ENGAGEMENT_MONTHS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old(seconds=float('inf'))} engagements removed")
