"""One target running on one handoff, and the steps that were taken."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from feedback.models import Handoff
from leads.models.identity import Identified
from sla.models.calendars import CalendarVersion
from sla.models.policies import PolicyVersion, TargetKey


class ClockState(models.TextChoices):
    RUNNING = "running", "running"
    HELD = "held", "on hold"
    STOPPED = "stopped", "stopped"
    CANCELLED = "cancelled", "cancelled"


class Clock(models.Model):
    """Narrow on purpose: the sweep reads nothing else.

    `step_actions` and `step_ats` are the whole ladder, computed in business time when the clock starts; `next_step` is
    the position of the next one and `next_action_at` its instant. Whether the promise was kept follows from
    `stopped_at` and `due_at` alone; `breached_at` repeats `due_at` once the deadline has passed unanswered,
    `breach_seen_at` is when we noticed. A handoff that is given to the next rep after a breach gets a new row, one
    `cycle` higher.

    `amount` is the business time promised, fixed when the clock starts. `version` and `calendar_version` are those it
    counts under now; its journal says which came before. `step_refs` are places in the rule's list of steps, -1 for
    the breach. While held, `due_at` is the deadline as it stood when the hold began. `adjusted_due_at` is the deadline
    with approved excused time taken out, null where there is none. `check_owner` asks the sweep to look whether the
    owner can answer in time at all.
    """

    # clock_once_per_cycle begins with the handoff; nothing reads by version.
    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    calendar_version = models.ForeignKey(
        CalendarVersion, on_delete=models.PROTECT, related_name="clocks", db_index=False
    )
    target = models.CharField(max_length=20, choices=TargetKey)
    cycle = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ClockState, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    amount = models.DurationField()
    due_at = models.DateTimeField()
    adjusted_due_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    breach_seen_at = models.DateTimeField(null=True)
    step_actions = ArrayField(models.CharField(max_length=20))
    step_refs = ArrayField(models.SmallIntegerField())
    step_ats = ArrayField(models.DateTimeField())
    next_step = models.PositiveSmallIntegerField(default=0)
    next_action_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    check_owner = models.BooleanField(default=False)
    failure_count = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = (
            # Promise: a target runs once at a time on a handoff.
            models.UniqueConstraint(fields=["handoff", "target", "cycle"], name="clock_once_per_cycle"),
            models.UniqueConstraint(
                fields=["handoff", "target"], condition=Q(state__in=["running", "held"]), name="clock_running_once"
            ),
            # Promise: what has ended is never looked at again.
            models.CheckConstraint(
                condition=Q(state="running", stopped_at__isnull=True)
                | Q(state="held", stopped_at__isnull=True, next_action_at__isnull=True)
                | Q(~Q(state__in=["running", "held"]), stopped_at__isnull=False, next_action_at__isnull=True),
                name="clock_ended_rests",
            ),
        )
        indexes = (
            # Read by the sweep alone: cost follows what is due, never what is open.
            models.Index(F("next_action_at"), condition=Q(state="running"), name="clock_due"),
            # Read by the sweep: clocks whose owner may not be able to answer in time.
            models.Index(F("id"), condition=Q(state="running", check_owner=True), name="clock_check_owner"),
            # Read by a calendar that is published anew: what still counts in its earlier versions.
            models.Index(
                F("calendar_version"), condition=Q(state__in=["running", "held"]), name="clock_open_of_calendar"
            ),
            # Read by attainment: the promises that fell due in a period.
            models.Index(fields=["due_at"], include=["target", "version", "state", "stopped_at"], name="clock_due_at"),
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


class Telling(models.Model):
    """That a step tells a person, written by the step itself; it leaves as a message of its own or in a digest.

    `told_at` is when a notice and a mail for it were written, alone or together with others.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="tellings", db_index=False)
    step = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=20)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            # Promise: a step tells each person once.
            models.UniqueConstraint(fields=["clock", "step", "user"], name="telling_once"),
        )
        indexes = (
            # Read by the sweep: who still has to hear of what.
            models.Index(fields=["user", "created_at"], condition=Q(told_at__isnull=True), name="telling_waiting"),
            # Read by the digest: how much a person was told lately.
            models.Index(fields=["user", "told_at"], condition=Q(told_at__isnull=False), name="telling_told"),
        )

    def __str__(self) -> str:
        return f"{self.action} to {self.user_id}"


class ExcuseState(models.TextChoices):
    REQUESTED = "requested", "requested"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"


class Excuse(Identified):
    """Time that a rep asks not to be held to, on one handoff; counts in adjusted figures once a manager approves it."""

    handoff = models.ForeignKey(Handoff, on_delete=models.PROTECT, related_name="excuses")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.TextField()
    state = models.CharField(max_length=10, choices=ExcuseState, default=ExcuseState.REQUESTED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    requested_at = models.DateTimeField()
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    settled_at = models.DateTimeField(null=True)
    settled_note = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-id",)
        constraints = (
            # Promise: excused time ends after it began.
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="excuse_span"),
            # Promise: what is settled says by whom and when.
            models.CheckConstraint(
                condition=Q(state="requested", settled_at__isnull=True, settled_by__isnull=True)
                | Q(~Q(state="requested"), settled_at__isnull=False, settled_by__isnull=False),
                name="excuse_settled_by_somebody",
            ),
        )
        indexes = (
            # Read by the manager's list of what waits for an answer.
            models.Index(F("id"), condition=Q(state="requested"), name="excuse_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.state}: {self.begins_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"


class Heartbeat(models.Model):
    """When each loop last finished a round; read by /healthz."""

    name = models.CharField(max_length=50, primary_key=True)
    beaten_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} at {self.beaten_at}"
