"""Giving somebody the role their work needs."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from feedback.logic.rights import ROLES
from leads.logic.errors import InvalidInput, NotFound


@transaction.atomic
def give_role(user_id: int, role: str) -> None:
    """Put the user into the group of `role`, one of feedback.logic.rights.ROLES; again changes nothing.

    NotFound, InvalidInput(role).
    """
    if role not in ROLES:
        raise InvalidInput(f"There is no role “{role[:40]}”.", field="role")
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    user.groups.add(Group.objects.get(name=role))
