"""Doors for Celery: the tick carries nothing and may be lost, doubled or late without harm."""

from celery import shared_task

from feedback.actions import holds, outlooks

# Under the ten seconds between two ticks, so that outlooks do not keep a worker from everything else.
_OUTLOOK_SECONDS = 8.0


@shared_task
def end_holds() -> None:
    """End the holds whose limit has passed."""
    holds.end_due()


@shared_task
def work_out_outlooks() -> None:
    """Go on with the quarters that pages wait for."""
    outlooks.work(seconds=_OUTLOOK_SECONDS)
