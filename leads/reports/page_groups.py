"""Which pages mean the same, as operations say it."""

import logging
from time import monotonic

from django.conf import settings

from leads.logic.errors import InvalidInput
from leads.logic.pages import Group, read_patterns
from leads.models import PageGroup

log = logging.getLogger(__name__)

_kept: tuple[float, tuple[Group, ...]] | None = None


def page_groups() -> tuple[Group, ...]:
    """The groups in their order, as they were at most LEADLOOP_PAGE_GROUPS_SECONDS ago. At most one statement.

    A group whose patterns cannot be read takes no page, and the log says so.
    """
    global _kept
    now = monotonic()
    if _kept is None or now - _kept[0] >= settings.LEADLOOP_PAGE_GROUPS_SECONDS:
        _kept = (now, tuple(group for row in PageGroup.objects.all() if (group := _group(row))))
    return _kept[1]


def forget() -> None:
    """Have the groups read anew: somebody changed one here."""
    global _kept
    _kept = None


def _group(row: PageGroup) -> Group | None:
    try:
        return Group(row.key, read_patterns(row.patterns))
    except InvalidInput as error:
        log.error("page group %s takes no page: %s", row.key, error.message)
        return None
