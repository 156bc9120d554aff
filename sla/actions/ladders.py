"""Writing down a target's ladder as it was edited; clocks run under what is published from it."""

from collections.abc import Sequence

from django.db import transaction

from sla.logic import ladder
from sla.models import LadderStep


@transaction.atomic
def replace_ladder(target_id: int, steps: Sequence[ladder.StepRule]) -> None:
    """Make `steps` the whole ladder of the target; nothing runs under it until it is published. InvalidInput(steps)."""
    ladder.check(steps)
    LadderStep.objects.filter(target_id=target_id).delete()
    LadderStep.objects.bulk_create(
        LadderStep(target_id=target_id, action=step.action, percent=step.percent, minutes_after=step.minutes_after)
        for step in steps
    )
