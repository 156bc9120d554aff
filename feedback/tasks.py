"""Doors for Celery: the tick carries nothing and may be lost, doubled or late without harm."""

from celery import shared_task

from feedback.actions import holds


@shared_task
def end_holds() -> None:
    """End the holds whose limit has passed."""
    holds.end_due()
