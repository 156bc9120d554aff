"""A signed-in user as the rights see them."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from feedback.logic.rights import OPERATIONS, Person


def person_of(user: AbstractUser, *, via: str = "page") -> Person:
    """The Person behind `user`, read anew in one query, so that a changed right counts at once.

    A superuser has the rights of operations. Somebody inactive has none.
    """
    row = (
        get_user_model()
        .objects.filter(pk=user.pk)
        .values("is_active", "is_superuser", "rep__id", "rep__team_id", "rep__is_active")
        .annotate(
            roles=ArrayAgg("groups__name", distinct=True, filter=Q(groups__name__isnull=False), default=[]),
            team_ids=ArrayAgg(
                "managed_teams__id", distinct=True, filter=Q(managed_teams__id__isnull=False), default=[]
            ),
        )
        .order_by("pk")
        .first()
    )
    label = user.get_full_name() or user.get_username()
    if row is None or not row["is_active"]:
        return Person(user_id=user.pk, label=label, via=via)
    is_rep = bool(row["rep__is_active"])
    return Person(
        user_id=user.pk,
        label=label,
        via=via,
        roles=frozenset(row["roles"]) | ({OPERATIONS} if row["is_superuser"] else set()),
        rep_id=row["rep__id"] if is_rep else None,
        team_id=row["rep__team_id"] if is_rep else None,
        managed_team_ids=frozenset(row["team_ids"]),
    )
