"""What beat rings for in this app. A tick carries no data: each task looks up what is due."""

from celery import shared_task

from leads.actions import imports
from leads.actions.delivery import deliver
from leads.actions.delivery_chat import deliver_chats

# Under the ten seconds between two ticks, so that files do not keep a worker from everything else.
_IMPORT_SECONDS = 8.0


@shared_task
def deliver_outbox() -> None:
    """Send the messages of the outbox that are due."""
    deliver()


@shared_task
def deliver_rooms() -> None:
    """Send the messages of the outbox that are due in chat rooms."""
    deliver_chats()


@shared_task
def run_imports() -> None:
    """Take in rows of the uploads that wait."""
    imports.work(seconds=_IMPORT_SECONDS)
