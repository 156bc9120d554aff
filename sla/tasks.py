"""Doors for Celery: the tick carries nothing and may be lost, doubled or late without harm."""

from celery import shared_task

from sla.actions import moves, replays
from sla.actions import sweep as sweeping
from sla.actions.calendar_days import extend_holidays
from sla.actions.calendars import catch_up

# Under the ten seconds between two ticks, so that replays do not keep a worker from everything else.
_REPLAY_SECONDS = 8.0


@shared_task(name="sla.tasks.sweep")
def sweep() -> None:
    """Take every due step."""
    sweeping.sweep()


@shared_task(name="sla.tasks.run_replays")
def run_replays() -> None:
    """Judge handoffs of the replays that wait."""
    replays.work(seconds=_REPLAY_SECONDS)


@shared_task(name="sla.tasks.keep_calendars")
def keep_calendars() -> None:
    """Write down public holidays before they run out, and bring clocks to the hours and rules in force."""
    extend_holidays()
    catch_up()
    moves.catch_up()
