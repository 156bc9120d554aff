"""The words of the mails that ladder steps send; written at delivery, when it is known whether they are still true."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from feedback.models import Handoff, Team
from leads.actions.clock import database_now
from leads.logic.mail import Mail
from sla.models import Clock, ClockState, StepAction
from sla.reports.promises import promises

_SUBJECTS = {
    StepAction.WARN.value: "{target} for {name} is due soon",
    StepAction.NOTIFY_OWNER.value: "{target} for {name} is late",
    StepAction.NOTIFY_MANAGER.value: "{owner} is late: {target} for {name}",
}


def step_mail(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The mail of one step, or None when it is no longer true: the clock has ended, the deadline that was warned of has
    passed, or the person has nothing to do with the handoff any more.
    """
    clock = Clock.objects.filter(pk=payload["clock"], state=ClockState.RUNNING).first()
    if clock is None:
        return None
    handoff = Handoff.objects.select_related("lead", "account", "owner__user", "team").get(pk=clock.handoff_id)
    action = clock.step_actions[payload["step"]]
    if action == StepAction.WARN and database_now() > clock.due_at:
        return None
    if not _concerned(handoff, payload["user"], action=action):
        return None
    promise = promises([handoff.pk])[handoff.pk]
    context = {
        "name": str(handoff.lead or handoff.account),
        "account": str(handoff.account or ""),
        "owner": str(handoff.owner or "Nobody yet"),
        "target": promise.target,
        "promise": promise,
        "action": action,
        "link": settings.LEADLOOP_ORIGIN + reverse("feedback:handoff", args=[handoff.uid]),
    }
    return Mail(subject=_SUBJECTS[action].format(**context), body=render_to_string("sla/step_mail.txt", context))


def _concerned(handoff: Handoff, user_id: int, *, action: str) -> bool:
    """Whether the person is still the one to hear of it: the owner, else who manages the team, else operations."""
    if action != StepAction.NOTIFY_MANAGER and handoff.owner and handoff.owner.is_active:
        return handoff.owner.user_id == user_id
    managers = set(Team.managers.through.objects.filter(team=handoff.team_id).values_list("user_id", flat=True))
    return user_id in managers or not managers
