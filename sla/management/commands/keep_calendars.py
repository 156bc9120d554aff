"""`manage.py keep_calendars`: what the schedule does every minute, for installations without Celery."""

from typing import Any

from django.core.management.base import BaseCommand

from sla.actions import moves
from sla.actions.calendar_days import extend_holidays
from sla.actions.calendars import catch_up


class Command(BaseCommand):
    help = (
        "Write down public holidays where they end within twelve months; bring clocks to the hours and rules in force."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for version in extend_holidays():
            self.stdout.write(f"{version}: public holidays up to {version.calendar.holidays_until}")
        self.stdout.write(
            f"{catch_up()} clocks brought to the hours in force, {moves.catch_up()} to the rules in force"
        )
