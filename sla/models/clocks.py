"""One target running on one handoff, and the steps that were taken."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from feedback.models import Handoff
from leads.models.identity import Identified
from sla.models.policies import PolicyVersion, TargetKey


class ClockState(models.TextChoices):
    RUNNING = "running", "running"
    STOPPED = "stopped", "stopped"
    CANCELLED = "cancelled", "cancelled"


class Clock(models.Model):
    """Narrow on purpose: the sweep reads nothing else.

    `step_actions` and `step_ats` are the whole ladder, computed in business time when the clock starts; `next_step` is
    the position of the next one and `next_action_at` its instant. Whether the promise was kept follows from
    `stopped_at` and `due_at` alone; `breached_at` repeats `due_at` once the deadline has passed unanswered,
    `breach_seen_at` is when we noticed. A handoff that is given to the next rep after a breach gets a new row, one
    `cycle` higher.
    """

    # clock_once_per_cycle begins with the handoff; nothing reads by version.
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    target = models.CharField(max_length=20, choices=TargetKey)
    cycle = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ClockState, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breach_seen_at = models.DateTimeField(null=True)
    step_actions = ArrayField(models.CharField(max_length=20))
    step_ats = ArrayField(models.DateTimeField())
    next_step = models.PositiveSmallIntegerField(default=0)
    next_action_at = models.DateTimeField(null=True)
    failure_count = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = (
            # Promise: a target runs once at a time on a handoff.
            models.UniqueConstraint(fields=["handoff", "target", "cycle"], name="clock_once_per_cycle"),
            models.UniqueConstraint(
                fields=["handoff", "target"], condition=Q(state="running"), name="clock_running_once"
            ),
            # Promise: what has ended is never looked at again.
            models.CheckConstraint(
                condition=Q(state="running", stopped_at__isnull=True)
                | Q(~Q(state="running"), stopped_at__isnull=False, next_action_at__isnull=True),
                name="clock_ended_rests",
            ),
        )
        indexes = (
            # Read by the sweep alone: cost follows what is due, never what is open.
            models.Index(F("next_action_at"), condition=Q(state="running"), name="clock_due"),
        )

    def __str__(self) -> str:
        return f"{self.target} of {self.handoff_id}, due {self.due_at:%Y-%m-%d %H:%M}"


class Escalation(Identified):
    """A step that was taken. Its uniqueness is what makes every step happen exactly once."""

    # escalation_once begins with the clock.
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="escalations", db_index=False)
    step = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(db_default=Now())

    class Meta:
        # Promise: each step of a clock is taken once, however many sweeps there are.
        constraints = (models.UniqueConstraint(fields=["clock", "step"], name="escalation_once"),)

    def __str__(self) -> str:
        return f"{self.action} of clock {self.clock_id}"


class Heartbeat(models.Model):
    """When each loop last finished a round; read by /healthz."""

    name = models.CharField(max_length=50, primary_key=True)
    beaten_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} at {self.beaten_at}"
