"""Doors for Celery: the tick carries nothing and may be lost, doubled or late without harm."""

from celery import shared_task

from sla.actions import sweep as sweeping


@shared_task(name="sla.tasks.sweep")
def sweep() -> None:
    """Take every due step."""
    sweeping.sweep()
