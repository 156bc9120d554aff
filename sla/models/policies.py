"""SLA rules: what is promised, and the steps around the deadline."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.logic.conditions import OPERATORS
from leads.models.identity import Identified
from sla.logic import events
from sla.logic.conditions import FIELDS
from sla.models.calendars import WorkCalendar


class TargetKey(models.TextChoices):
    """What is promised. What starts and ends each is in sla.logic.events.USUAL, unless a policy says otherwise."""

    DECIDE = events.DECIDE, "decide"
    FIRST_ATTEMPT = events.FIRST_ATTEMPT, "first attempt"
    DEPTH = events.DEPTH, "enough attempts"
    QUALIFY = events.QUALIFY, "qualify or return"
    OWNER = events.OWNER, "find an owner"


class CountsIn(models.TextChoices):
    """Whose hours a target counts in; the policy's where a rep, team or country has none of its own."""

    POLICY = "policy", "the policy's calendar"
    OWNER = "owner", "the owner's calendar"
    REGION = "region", "the calendar of the account's country"


class StepAction(models.TextChoices):
    WARN = "warn", "remind the owner"
    NOTIFY_OWNER = "notify_owner", "tell the owner"
    NOTIFY_MANAGER = "notify_manager", "tell the manager"
    NOTIFY_CHANNEL = "notify_channel", "tell the channel"
    RAISE_PRIORITY = "raise_priority", "raise the priority"
    REASSIGN = "reassign", "give it to the next rep"
    BENCH = "bench", "bench the rep"
    EXPIRE = "expire", "expire the handoff"
    RETURN_TO_MARKETING = "return_to_marketing", "return it to marketing"


class Policy(Identified):
    """An SLA rule as it is edited: the draft. Nothing runs under it until it is published.

    The first published one whose conditions all hold, in `position` order, applies. Clocks never read this table: they
    run under the PolicyVersion that was published from it.
    """

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    calendar = models.ForeignKey(WorkCalendar, on_delete=models.PROTECT, related_name="policies")
    hop_limit = models.PositiveSmallIntegerField(default=3)
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
            # Promise: nobody's lead is passed around without end.
            models.CheckConstraint(condition=Q(hop_limit__lte=20), name="policy_hops_end"),
        )

    def __str__(self) -> str:
        return self.name


class Condition(models.Model):
    """One thing that must hold for the policy to apply; `value` is as typed (see sla.logic.conditions)."""

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="conditions")
    field = models.CharField(max_length=30, choices=[(key, one.words) for key, one in FIELDS.items()])
    operator = models.CharField(max_length=15, choices=list(OPERATORS.items()))
    value = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_field_display()} {self.get_operator_display()} {self.value}"


def _events(words: str) -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.CharField(max_length=15), default=list, blank=True, help_text=words)


class Target(models.Model):
    """One promise of a policy: business `minutes`, or for enough attempts whole business `days`.

    Empty `starts`, `stops`, `cancels` mean the usual ones of its key. `runs_through`: holds
    that do not pause it, by who owes the answer.
    """

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="targets")
    key = models.CharField(max_length=20, choices=TargetKey)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(null=True, blank=True)
    channels = models.PositiveSmallIntegerField(null=True, blank=True)
    counts_in = models.CharField(max_length=10, choices=CountsIn, default=CountsIn.POLICY)
    starts = _events("Empty: the usual.")
    stops = _events("Empty: the usual.")
    cancels = _events("Empty: the usual.")
    runs_through = _events("Holds that do not pause it: marketing, prospect.")

    class Meta:
        ordering = ("id",)
        constraints = (
            # Promise: a policy promises each thing once.
            models.UniqueConstraint(fields=["policy", "key"], name="target_once_per_policy"),
            # Promise: an amount of at least a minute and at most a year, in minutes or in days.
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=525_600, days__isnull=True)
                | Q(days__gte=1, days__lte=365, minutes__isnull=True),
                name="target_within_a_year",
            ),
            # Promise: enough attempts says how many, on how many channels; nothing else does.
            models.CheckConstraint(
                condition=Q(key="depth", attempts__gte=1, attempts__lte=50, channels__gte=1, channels__lte=4)
                | Q(~Q(key="depth"), attempts__isnull=True, channels__isnull=True),
                name="target_depth_has_counts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_key_display()} of {self.policy}"


class ChatChannel(Identified):
    """A chat room or shared mailbox that ladders can tell; `url` is a secret, in the notation of Apprise."""

    name = models.CharField(max_length=50, unique=True)
    url = models.CharField(max_length=500)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class StepTemplate(Identified):
    """The words of a step's mail. Placeholders in braces are those of sla.logic.templates."""

    name = models.CharField(max_length=50, unique=True)
    subject = models.CharField(max_length=150)
    body = models.TextField(max_length=4000)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class LadderStep(models.Model):
    """A step of a target's ladder: at a share of the amount, or business minutes before or after the deadline."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="steps")
    action = models.CharField(max_length=20, choices=StepAction)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes_before = models.PositiveIntegerField(null=True, blank=True)
    minutes_after = models.PositiveIntegerField(null=True, blank=True)
    channel = models.ForeignKey(ChatChannel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    template = models.ForeignKey(StepTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("percent", "-minutes_before", "minutes_after", "id")
        constraints = (
            # Promise: a step has one place, before the deadline or after it.
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=99, minutes_before__isnull=True, minutes_after__isnull=True)
                | Q(percent__isnull=True, minutes_before__gte=1, minutes_after__isnull=True)
                | Q(percent__isnull=True, minutes_before__isnull=True, minutes_after__isnull=False),
                name="step_before_or_after",
            ),
            # Promise: a channel is named exactly where one is told.
            models.CheckConstraint(
                condition=Q(action="notify_channel", channel__isnull=False)
                | Q(~Q(action="notify_channel"), channel__isnull=True),
                name="step_channel_where_told",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} of {self.target}"


class AppliesTo(models.TextChoices):
    """What a published version governs."""

    NEW = "new", "new handoffs only"
    RUNNING = "running", "new handoffs and, from now on, clocks that run"
    REPORT = "report", "nothing: reports and replays only"


class PolicyVersion(Identified):
    """A policy as it was published, whole, in `rules` (see sla.logic.rules). Never changed (migration 0002).

    The calendar is named by uid: calendars have versions of their own.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    applies_to = models.CharField(max_length=10, choices=AppliesTo, default=AppliesTo.NEW)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("policy", "-number")
        # Promise: a version is named by its policy and number.
        constraints = (models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number"),)

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"
