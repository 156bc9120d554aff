"""What beat rings for in this app. A tick carries no data: each task looks up what is due."""

from celery import shared_task

from leads.actions import answers, duplicates, imports, qualification, retention, scoring
from leads.actions.delivery import deliver
from leads.actions.delivery_chat import deliver_chats

# Under the ten seconds between two ticks, so that files do not keep a worker from everything else.
_IMPORT_SECONDS = 8.0
# After a large import others want the worker as well; the next tick goes on.
_QUALIFY_SECONDS = 5.0
# Of two hundred each, so that an import does not keep a worker either.
_BATCHES = 5
# Well under the minute between two ticks, for the same reason.
_RESCORE_SECONDS = 20.0


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


@shared_task
def qualify() -> None:
    """Score who was touched, and have offered who met the agreement's rule."""
    qualification.drain(seconds=_QUALIFY_SECONDS)


@shared_task
def find_duplicates() -> None:
    """Compare what is new or changed with the others."""
    for _ in range(_BATCHES):
        if not duplicates.work():
            return


@shared_task
def forget_answers() -> None:
    """Remove what requests with an Idempotency-Key were answered more than a week ago."""
    answers.forget()


@shared_task
def rescore() -> None:
    """Go on with scoring everybody anew: once a day, and under each new agreement."""
    scoring.rescore_due(seconds=_RESCORE_SECONDS)


@shared_task
def forget_old() -> None:
    """Remove engagements, and their counts, that are older than they are kept."""
    retention.forget_old()
