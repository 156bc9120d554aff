"""The words of the mails that ladder steps send; written at delivery, when it is known whether they are still true."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from feedback.models import Handoff, Team
from leads.actions.clock import database_now
from leads.logic.mail import Mail
from sla.logic.ladder import StepRule
from sla.logic.templates import fill
from sla.models import Clock, ClockState, StepAction, StepTemplate
from sla.reports.promises import promise_of
from sla.reports.rules import rules_of
from sla.reports.tellings import told_together

_SUBJECTS = {
    StepAction.WARN.value: "{target} for {name} is due soon",
    StepAction.NOTIFY_OWNER.value: "{target} for {name} is late",
    StepAction.NOTIFY_MANAGER.value: "{owner} is late: {target} for {name}",
}


def step_mail(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The mail of one step, or None when it is no longer true: the clock has ended, waits or was acknowledged, the
    deadline that was warned of has passed, the lead was suppressed, or the person has nothing to do with the handoff
    any more.

    A step that names a template is told in its words, unless the template is gone or is empty.
    """
    found = told_of(payload)
    if found is None:
        return None
    clock, handoff = found
    action = clock.step_actions[payload["step"]]
    if action == StepAction.WARN and database_now() > clock.due_at:
        return None
    if not _concerned(handoff, payload["user"], action=action):
        return None
    said = facts_of(clock, handoff)
    return _own_words(clock, payload["step"], said) or Mail(
        subject=_SUBJECTS[action].format(**said), body=render_to_string("sla/step_mail.txt", said)
    )


def digest_mail(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The mail of a digest: how many handoffs, the ten most urgent by name, the newest first; None when nothing of it
    is true any more. What is left of one handoff alone is told in the words of its step.
    """
    user_id: int = payload["user"]
    told = told_together(user_id, dt.datetime.fromisoformat(payload["told_at"]))
    if told.count == 1:
        _, clock_id, step = told.first[0]
        return step_mail({"clock": clock_id, "step": step, "user": user_id}, handoff_uid)
    named = facts_of_many([clock_id for _, clock_id, _ in told.first])
    if not named:
        return None
    manages = Team.managers.through.objects.filter(user=user_id).exists()
    page = reverse("feedback:board" if manages else "feedback:queue")
    return digest(told.count, named, link=settings.LEADLOOP_ORIGIN + page)


def worth_telling() -> QuerySet[Clock]:
    """The clocks that still run, that no manager has acknowledged, and whose lead may be contacted."""
    running = Clock.objects.filter(state=ClockState.RUNNING, acknowledged_at=None)
    return running.filter(handoff__lead__suppressed_at__isnull=True)


def told_of(payload: Mapping[str, Any]) -> tuple[Clock, Handoff] | None:
    """The clock that the message is about, where it is still worth telling, and its handoff."""
    clock = worth_telling().filter(pk=payload["clock"]).first()
    if clock is None:
        return None
    return clock, Handoff.objects.select_related("lead", "account", "owner__user", "team").get(pk=clock.handoff_id)


def facts_of(clock: Clock, handoff: Handoff) -> dict[str, Any]:
    """What a message may say of a clock and its handoff; `promise` for step_mail.txt."""
    promise = promise_of(clock)
    return {
        "name": str(handoff.lead or handoff.account),
        "account": str(handoff.account or ""),
        "owner": str(handoff.owner or "Nobody yet"),
        "target": promise.target,
        "promise": promise,
        "link": settings.LEADLOOP_ORIGIN + reverse("feedback:handoff", args=[handoff.uid]),
    }


def _own_words(clock: Clock, step: int, said: Mapping[str, Any]) -> Mail | None:
    """The mail in the words of the template that the rule's step names; None without one that can be used."""
    rule = _rule_of(clock, step)
    template = StepTemplate.objects.filter(uid=rule.template).first() if rule and rule.template else None
    if template is None:
        return None
    promise = said["promise"]
    values = {key: said[key] for key in ("name", "account", "owner", "target", "link")}
    values |= {"due": f"{timezone.localtime(promise.due_at):%a %-d %b %H:%M}", "left": promise.words}
    subject, body = fill(template.subject, values).strip(), fill(template.body, values).strip()
    return Mail(subject=subject, body=f"{body}\n") if subject and body else None


def _rule_of(clock: Clock, step: int) -> StepRule | None:
    target, ref = rules_of(clock.version_id).targets.get(clock.target), clock.step_refs[step]
    return target.steps[ref] if target and 0 <= ref < len(target.steps) else None


def facts_of_many(clock_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What a digest says of each clock, in the order given."""
    clocks = Clock.objects.filter(pk__in=clock_ids).select_related(
        "handoff__lead", "handoff__account", "handoff__owner__user"
    )
    found = {clock.pk: clock for clock in clocks}
    return [facts_of(found[pk], found[pk].handoff) for pk in clock_ids]


def digest(count: int, lines: Sequence[Mapping[str, Any]], *, link: str) -> Mail:
    """One message about `count` handoffs, the most urgent of them told in `lines`, the page with all at `link`."""
    said = {"count": count, "lines": lines, "more": count - len(lines), "link": link}
    opening = "1 handoff needs" if count == 1 else f"{count:,} handoffs need"
    return Mail(subject=f"{opening} an answer", body=render_to_string("sla/digest_mail.txt", said | {"said": opening}))


def _concerned(handoff: Handoff, user_id: int, *, action: str) -> bool:
    """Whether the person is still the one to hear of it: the owner, else who manages the team, else operations."""
    if action != StepAction.NOTIFY_MANAGER and handoff.owner and handoff.owner.is_active:
        return handoff.owner.user_id == user_id
    managers = set(Team.managers.through.objects.filter(team=handoff.team_id).values_list("user_id", flat=True))
    return user_id in managers or not managers
