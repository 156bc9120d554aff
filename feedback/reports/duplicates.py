"""What sales made of leads and accounts that may be one."""

from dataclasses import dataclass

from django.db.models import Count, Q

from feedback.logic.states import ACTIVE
from feedback.models import Handoff
from leads.models import Account, Duplicate, Lead
from leads.reports.duplicates import both


@dataclass(frozen=True)
class HandoffCount:
    """How many handoffs there were, and how many of them are with sales now."""

    count: int = 0
    open_count: int = 0


def handoff_counts(pairs: tuple[Duplicate, ...]) -> dict[Lead | Account, HandoffCount]:
    """The handoffs of each of the pairs; who had none is missing. Two statements."""
    everybody = [one for pair in pairs for one in both(pair)]
    found: dict[Lead | Account, HandoffCount] = {}
    for column, kind in (("lead", Lead), ("account", Account)):
        rows = {one.pk: one for one in everybody if isinstance(one, kind)}
        if rows:
            handoffs = Handoff.objects.filter(**{f"{column}_id__in": list(rows)}).order_by()
            is_open = Count("pk", filter=Q(state__in=sorted(ACTIVE)))
            counts = handoffs.values_list(f"{column}_id").annotate(count=Count("pk"), open_count=is_open)
            found |= {rows[pk]: HandoffCount(count, open_count) for pk, count, open_count in counts}
    return found
