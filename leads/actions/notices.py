"""Telling a person inside LeadLoop."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from leads.actions.clock import database_now
from leads.models import Notice


def tell_many(notices: Iterable[Notice]) -> None:
    """Write the notices that are not there yet (by dedup_key); one statement. Belongs in the causing transaction."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


@transaction.atomic
def mark_read(user_id: int, uids: Iterable[UUID] | None = None) -> int:
    """How many of the user's unread notices are now read: those named, or all when None."""
    unread = Notice.objects.filter(user_id=user_id, read_at__isnull=True)
    if uids is not None:
        unread = unread.filter(uid__in=list(uids))
    return unread.update(read_at=database_now())
