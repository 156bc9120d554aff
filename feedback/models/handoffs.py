"""THE unit of every count: one passage of a lead to sales."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from feedback.logic.rights import MANAGER, REP, Person
from feedback.logic.states import ACTIVE, DECIDED, OPEN, WITH_REASON, WORDS, State
from feedback.models.reasons import RejectionReason
from feedback.models.teams import Rep, Team
from leads.models import Account, Agreement, Campaign, Lead
from leads.models.identity import FromCrm, one_per_external_id

USUAL_PRIORITY = 3


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def open(self) -> Self:
        """Pending or being worked."""
        return self.filter(state__in=sorted(OPEN))

    def visible_to(self, person: Person) -> Self:
        """What this person may know of: the only way a door fetches.

        A rep: own handoffs and the own team's unassigned queue. A manager: own teams. Marketers, operations,
        integrators: all.
        """
        if person.sees_all:
            return self
        seen = Q(pk__in=[])
        if REP in person.roles and person.rep_id is not None:
            seen |= Q(owner_id=person.rep_id)
            seen |= Q(team_id=person.team_id, owner__isnull=True, state=State.PENDING)
        if MANAGER in person.roles:
            seen |= Q(team_id__in=person.managed_team_ids)
        return self.filter(seen)


class Handoff(FromCrm):
    """From the offer of a marketing-qualified lead to its known outcome.

    Instants are UTC and never overwritten once the thing they tell has stood (an undone decision is as if it had not).
    `decided_at` is the rep's answer to the offer; `disposed_at` the end of the work that follows an acceptance;
    `due_at` is kept by the sla app and orders the queue; what reports group by is frozen here.
    """

    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="handoffs")
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="handoffs")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="handoffs")
    owner = models.ForeignKey(Rep, null=True, blank=True, on_delete=models.PROTECT, related_name="handoffs")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="successors")
    state = models.CharField(max_length=12, choices=[(state, WORDS[state]) for state in State], default=State.PENDING)

    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="handoffs")
    channel = models.CharField(max_length=50, blank=True, default="")
    fit = models.PositiveSmallIntegerField(null=True, blank=True)
    intent = models.PositiveSmallIntegerField(null=True, blank=True)
    score_parts = models.JSONField(default=dict, blank=True)
    why = models.CharField(max_length=500, blank=True, default="")
    # Under which agreement it was made, and by which of its MQL rules; "" when somebody offered it by hand.
    agreement = models.ForeignKey(
        Agreement, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    mql_rule = models.CharField(max_length=50, blank=True, default="")

    reason = models.ForeignKey(
        RejectionReason, null=True, blank=True, on_delete=models.PROTECT, related_name="handoffs"
    )
    evidence = models.JSONField(default=dict, blank=True)
    is_void = models.BooleanField(default=False)
    decision_note = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    engaged_at = models.DateTimeField(null=True, blank=True)
    qualified_at = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    first_two_way_at = models.DateTimeField(null=True, blank=True)
    disposed_at = models.DateTimeField(null=True, blank=True)
    opportunity_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    # When marketing said that a rejection was right.
    upheld_at = models.DateTimeField(null=True, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    # 1 is first: what a ladder or a manager raised stands above what is merely due.
    priority = models.PositiveSmallIntegerField(default=USUAL_PRIORITY)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = (
            one_per_external_id("handoff_external_id"),
            # Promise: a handoff is of a lead, or of an account while nobody has identified themselves.
            models.CheckConstraint(
                condition=Q(lead__isnull=False) | Q(account__isnull=False), name="handoff_of_somebody"
            ),
            # Promise: nobody is offered twice at once.
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state__in=sorted(ACTIVE)), name="handoff_open_of_lead"
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=sorted(ACTIVE), lead__isnull=True),
                name="handoff_open_of_account",
            ),
            # Promise: rejected if and only if it has a reason.
            models.CheckConstraint(
                condition=Q(state__in=sorted(WITH_REASON), reason__isnull=False)
                | Q(~Q(state__in=sorted(WITH_REASON)), reason__isnull=True),
                name="handoff_rejected_has_reason",
            ),
            # Promise: decided if and only if it is known when.
            models.CheckConstraint(
                condition=Q(state__in=sorted(DECIDED), decided_at__isnull=False)
                | Q(~Q(state__in=sorted(DECIDED)), decided_at__isnull=True),
                name="handoff_decided_has_instant",
            ),
            # Promise: void is a way of being rejected at review, nothing else.
            models.CheckConstraint(condition=Q(is_void=False) | Q(state="rejected"), name="handoff_void_is_rejected"),
            # Promise: priority is 1, 2 or 3.
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=3), name="handoff_priority_to_3"),
            # Promise: both scores run from 0 to 100.
            models.CheckConstraint(
                condition=(Q(fit__isnull=True) | Q(fit__lte=100)) & (Q(intent__isnull=True) | Q(intent__lte=100)),
                name="handoff_scores_to_100",
            ),
        )
        indexes = (
            # Read by the rep's queue and working list, a page at a time.
            models.Index(
                F("owner"),
                F("state"),
                F("priority"),
                F("due_at"),
                F("id"),
                condition=Q(state__in=sorted(OPEN)),
                name="handoff_queue",
            ),
            # Read by the team's unassigned queue and the board.
            models.Index(
                F("team"),
                F("state"),
                F("priority"),
                F("due_at"),
                F("id"),
                condition=Q(state__in=sorted(OPEN)),
                name="handoff_team_queue",
            ),
            # Read by every report: a cohort and what it is grouped by.
            models.Index(
                fields=["offered_at"],
                include=["state", "channel", "campaign", "reason", "team", "is_void", "decided_at"],
                name="handoff_cohort",
            ),
            # Read by what each version of the agreement brought.
            models.Index(
                fields=["agreement", "offered_at"],
                include=["state", "is_void"],
                condition=Q(agreement__isnull=False),
                name="handoff_of_agreement",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead or self.account}: {self.state}"
