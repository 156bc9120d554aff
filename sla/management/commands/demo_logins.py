"""manage.py demo_logins: one login per role of the demo; nothing where the demo was not loaded."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from sla.demo.people import LOGINS, MAIL_DOMAIN, PASSWORD


class Command(BaseCommand):
    help = "Show one login per role of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        if text := logins():
            self.stdout.write(text)
        else:
            self.stderr.write("The demo is not loaded here.")


def logins() -> str:
    """A small table of roles, user names and the password, or "" when nobody of the demo is there."""
    users = get_user_model()._default_manager.filter(username__in=LOGINS, email__endswith=f"@{MAIL_DOMAIN}")
    found = {user.get_username(): user for user in users.prefetch_related("groups")}
    rows = [(", ".join(group.name for group in found[name].groups.all()), name) for name in LOGINS if name in found]
    return "\n".join([f"  {role:<12}{name:<10}{PASSWORD}" for role, name in rows])
