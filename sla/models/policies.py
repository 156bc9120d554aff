"""SLA rules: what is promised, and the steps around the deadline."""

from django.db import models
from django.db.models import Q

from feedback.models import Team
from leads.models.identity import Identified
from sla.models.calendars import WorkCalendar


class TargetKey(models.TextChoices):
    """What is promised. Decide starts with the offer; the other two with the acceptance."""

    DECIDE = "decide", "decide"
    FIRST_ATTEMPT = "first_attempt", "first attempt"
    QUALIFY = "qualify", "qualify or return"


class StepAction(models.TextChoices):
    WARN = "warn", "remind the owner"
    NOTIFY_OWNER = "notify_owner", "tell the owner"
    NOTIFY_MANAGER = "notify_manager", "tell the manager"
    REASSIGN = "reassign", "give it to the next rep"
    EXPIRE = "expire", "expire the handoff"


class Policy(Identified):
    """An SLA rule as it is edited. The first active one that matches, in `position` order, applies.

    Clocks never read this table: they run under the PolicyVersion that was published from it.
    """

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, related_name="policies")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="policies")
    channel = models.CharField(max_length=50, blank=True, default="")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")
        verbose_name_plural = "policies"
        constraints = (
            # Promise: a policy that ends does so after it began.
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=models.F("valid_from")),
                name="policy_valid_span",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Target(models.Model):
    """One promise of a policy, in business minutes of the policy's calendar."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="targets")
    key = models.CharField(max_length=20, choices=TargetKey)
    minutes = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (
            # Promise: a policy promises each thing once.
            models.UniqueConstraint(fields=["policy", "key"], name="target_once_per_policy"),
            # Promise: an amount of at least a minute and at most a year.
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=525_600), name="target_within_a_year"),
        )

    def __str__(self) -> str:
        return f"{self.get_key_display()} in {self.minutes} min"


class LadderStep(models.Model):
    """A step of a target's ladder: at a share of the amount before the deadline, or business minutes after it."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="steps")
    action = models.CharField(max_length=20, choices=StepAction)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes_after = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("percent", "minutes_after", "id")
        constraints = (
            # Promise: a step is either before the deadline or after it.
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=99, minutes_after__isnull=True)
                | Q(percent__isnull=True, minutes_after__isnull=False),
                name="step_before_or_after",
            ),
        )

    def __str__(self) -> str:
        when = f"at {self.percent} %" if self.percent is not None else f"{self.minutes_after} min after"
        return f"{self.get_action_display()} {when}"


class PolicyVersion(Identified):
    """A policy as it was published, whole: calendar, targets and steps in `rules`. Never changed (migration 0002)."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("policy", "-number")
        # Promise: a version is named by its policy and number.
        constraints = (models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number"),)

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"
