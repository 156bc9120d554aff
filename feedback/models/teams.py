"""Who answers: teams and their reps."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from feedback.logic.rights import MANAGER, REP, Person
from leads.models.identity import FromCrm, one_per_external_id


class Team(FromCrm):
    """A sales team with its managers; `timezone` is an IANA name."""

    name = models.CharField(max_length=100, unique=True)
    timezone = models.CharField(max_length=64, default="UTC")
    managers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="managed_teams")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)
        constraints = (one_per_external_id("team_external_id"),)

    def __str__(self) -> str:
        return self.name


class RepQuerySet(models.QuerySet["Rep"]):
    def visible_to(self, person: Person) -> Self:
        """Whom this person may know of: their own team, the teams they manage; all, for who sees every handoff."""
        if person.sees_all:
            return self
        seen = Q(pk__in=[])
        if REP in person.roles and person.team_id is not None:
            seen |= Q(team_id=person.team_id)
        if MANAGER in person.roles:
            seen |= Q(team_id__in=person.managed_team_ids)
        return self.filter(seen)


class Rep(FromCrm):
    """A user who answers handoffs, in one team. `capacity` is how many open handoffs routing may leave with them."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rep")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="reps")
    capacity = models.PositiveSmallIntegerField(default=50)
    is_active = models.BooleanField(default=True)

    objects = RepQuerySet.as_manager()

    class Meta:
        ordering = ("user__first_name", "user__last_name", "id")
        constraints = (one_per_external_id("rep_external_id"),)

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()
