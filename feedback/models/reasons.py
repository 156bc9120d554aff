"""Why sales says no: the coded list, kept as data."""

from django.db import models

from feedback.logic.evidence import QUESTIONS
from leads.models.identity import Identified


class Moment(models.TextChoices):
    REVIEW = "review", "at review"
    ATTEMPTS = "attempts", "after attempts"
    CONVERSATION = "conversation", "after a conversation"


class NextState(models.TextChoices):
    RECYCLE = "recycle", "may come back"
    DISQUALIFY_LEAD = "disqualify_lead", "the person is out"
    DISQUALIFY_ACCOUNT = "disqualify_account", "the company is out"
    SUPPRESS_LEAD = "suppress_lead", "never to be contacted again"
    MERGE = "merge", "joined with the other one"
    REROUTE = "reroute", "goes to somebody else"
    RECODED = "recoded", "a reviewer gives it a reason"


class RejectionReason(Identified):
    """One coded reason.

    What it meant when it was used is frozen on the handoff, so editing it never changes the past.
    """

    key = models.CharField(max_length=50, unique=True)
    group = models.CharField(max_length=50)
    label = models.CharField(max_length=100)
    at_review = models.BooleanField(default=True)
    after_attempts = models.BooleanField(default=False)
    after_conversation = models.BooleanField(default=False)
    remedy_owner = models.CharField(max_length=50)
    next_state = models.CharField(max_length=20, choices=NextState)
    cool_off_days = models.PositiveSmallIntegerField(null=True, blank=True)
    return_condition = models.CharField(max_length=100, blank=True, default="")
    evidence_field = models.CharField(
        max_length=30, blank=True, default="", choices=[(key, question.label) for key, question in QUESTIONS.items()]
    )
    evidence_required = models.BooleanField(default=False)
    counts_in_acceptance = models.BooleanField(default=True)
    informs_scoring = models.BooleanField(default=True)
    is_live = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "key")
        constraints = (
            # Promise: every reason can be given at some moment.
            models.CheckConstraint(
                condition=models.Q(at_review=True) | models.Q(after_attempts=True) | models.Q(after_conversation=True),
                name="reason_has_a_moment",
            ),
            # Promise: a reason never demands an answer to no question.
            models.CheckConstraint(
                condition=models.Q(evidence_required=False) | ~models.Q(evidence_field=""), name="reason_evidence_named"
            ),
        )

    def __str__(self) -> str:
        return self.label

    def fits(self, moment: str) -> bool:
        """Whether the reason may be given at `moment` (a Moment)."""
        return {
            Moment.REVIEW: self.at_review,
            Moment.ATTEMPTS: self.after_attempts,
            Moment.CONVERSATION: self.after_conversation,
        }[Moment(moment)]
