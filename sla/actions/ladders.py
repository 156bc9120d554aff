"""Writing down a target's ladder as it was edited; clocks run under what is published from it."""

from collections.abc import Sequence

from django.db import transaction

from sla.logic import ladder
from sla.models import ChatChannel, LadderStep, StepTemplate


@transaction.atomic
def replace_ladder(target_id: int, steps: Sequence[ladder.StepRule]) -> None:
    """Make `steps` the whole ladder of the target; nothing runs under it until it is published.

    InvalidInput(steps) for what ladder.check refuses. A channel or template that does not exist is a KeyError: whoever
    read the steps has looked.
    """
    ladder.check(steps)
    channels = {str(uid): pk for uid, pk in ChatChannel.objects.values_list("uid", "pk")}
    templates = {str(uid): pk for uid, pk in StepTemplate.objects.values_list("uid", "pk")}
    LadderStep.objects.filter(target_id=target_id).delete()
    LadderStep.objects.bulk_create(
        LadderStep(
            target_id=target_id,
            action=step.action,
            percent=step.percent,
            minutes_before=step.minutes_before,
            minutes_after=step.minutes_after,
            channel_id=channels[step.channel] if step.channel else None,
            template_id=templates[step.template] if step.template else None,
        )
        for step in steps
    )
