"""The mail with the link for a new password."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from leads.logic.mail import Mail

# As long as a link is good: who asked longer ago has given up or asked again.
_LONGEST_WAIT = dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def password_mail(payload: dict[str, Any], handoff_uid: UUID | None) -> Mail | None:
    """The mail to the address of `payload`, with a link for every user who has it; None when nobody has, or it was
    asked for too long ago. Each link is made here, good once and for an hour from now.

    Service accounts and users who were never given a password get none.
    """
    if timezone.now() - dt.datetime.fromisoformat(payload["asked_at"]) > _LONGEST_WAIT:
        return None
    users = [user for user in _users_at(payload["email"]) if user.has_usable_password()]
    if not users:
        return None
    links = [(user.get_username(), link_of(user)) for user in users]
    return Mail("A new password for LeadLoop", render_to_string("leads/password_mail.txt", {"links": links}))


def link_of(user: User) -> str:
    """The address of this installation where the user sets a new password. No header of any request has a say in it."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("leads:password-new", args=[uid, default_token_generator.make_token(user)])
    return f"{settings.LEADLOOP_ORIGIN}{path}"


def _users_at(email: str) -> list[User]:
    """Active users with the address. PostgreSQL folds letters that are not the same: only those that are, count."""
    found = User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:10]
    return [user for user in found if user.email.lower() == email]
