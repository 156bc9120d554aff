"""Who gets which lead: owners of accounts, ordered rules, and whose turn it is."""

from django.db import models
from django.db.models.functions import Now

from feedback.models.teams import Rep, Team
from leads.models import Account
from leads.models.identity import Identified


class AccountOwner(models.Model):
    """The rep an account belongs to, in LeadLoop or by the CRM's word: its leads go there before any rule is asked."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="ownership")
    rep = models.ForeignKey(Rep, on_delete=models.CASCADE, related_name="accounts")
    since_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.account}: {self.rep}"


class RoutingRule(Identified):
    """Leads of which every condition holds go to `team`; the first active rule by position decides.

    `conditions` is a list of {"field", "operator", "value"}, the value as typed (feedback.logic.routing.ROUTING).
    Among the members the turn goes by weight; a rule without members takes every rep of the team, with weight 1.
    `by_hours` passes over who is not at work while somebody else is. Without anybody to take it the handoff waits in
    the team's unassigned queue.
    """

    name = models.CharField(max_length=100, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    conditions = models.JSONField(default=list, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="routing_rules")
    by_hours = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name


class Turn(models.Model):
    """A rep's place in a rule's round robin. `weight` is how many turns of all they get; `credit` is kept by routing,
    and `owed`: turns given back because a rejection was upheld. Who is no member any more keeps what they had.

    Smooth weighted round robin (nginx, 2012): at each pick everybody who can gains their weight, the highest credit
    takes the turn and pays the sum of the weights.
    """

    rule = models.ForeignKey(RoutingRule, on_delete=models.CASCADE, related_name="turns")
    rep = models.ForeignKey(Rep, on_delete=models.CASCADE, related_name="turns")
    weight = models.PositiveSmallIntegerField(default=1)
    credit = models.IntegerField(default=0)
    owed = models.PositiveSmallIntegerField(default=0)
    is_member = models.BooleanField(default=True)

    class Meta:
        constraints = (
            # Promise: a rep stands in a line once.
            models.UniqueConstraint(fields=["rule", "rep"], name="turn_once"),
            # Promise: who stands in a line gets a turn now and then.
            models.CheckConstraint(condition=models.Q(weight__gte=1, weight__lte=100), name="turn_weight_to_100"),
        )

    def __str__(self) -> str:
        return f"{self.rep} in {self.rule}"


class TurnDay(models.Model):
    """How many turns were taken on one UTC day, kept as they are taken: what shares are counted from."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="days", db_index=False)
    taken_on = models.DateField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            # Promise: a day of a turn is counted in one place.
            models.UniqueConstraint(fields=["turn", "taken_on"], name="turn_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.turn} on {self.taken_on}: {self.count}"
