"""Who answers: teams and their reps."""

from django.conf import settings
from django.db import models

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


class Rep(FromCrm):
    """A user who answers handoffs, in one team. `capacity` is how many open handoffs routing may leave with them."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rep")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="reps")
    capacity = models.PositiveSmallIntegerField(default=50)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("user__first_name", "user__last_name", "id")
        constraints = (one_per_external_id("rep_external_id"),)

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()
