"""Make an API key from the command line, and show it once."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from leads.actions import api_keys
from leads.actions.clock import database_now
from leads.logic.actors import Actor
from leads.logic.errors import LeadLoopError
from leads.models import Scope


class Command(BaseCommand):
    help = "Makes an API key for a user and prints it; only its hash is kept, so it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose rights the key has")
        parser.add_argument("--name", required=True, help="which system will use it, like “CRM sync”")
        parser.add_argument(
            "--scope", action="append", dest="scopes", choices=Scope.values, help="may be repeated; all when left out"
        )
        parser.add_argument("--reads-a-minute", type=int, help="how many GETs a minute; the usual limit when left out")
        parser.add_argument("--writes-a-minute", type=int, help="how many POSTs; the usual limit when left out")
        parser.add_argument("--days", type=int, help="expires after so many days; never when left out")
        parser.add_argument(
            "--service-account",
            metavar="GROUP",
            help="make the user when missing, without a password, and a member of GROUP (integrator: the CRM itself)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = Actor(user_id=None, label="manage.py", via="command")
        try:
            user: User | None
            if group := options["service_account"]:
                user = api_keys.service_account(options["username"], group=group)
            else:
                user = User.objects.filter(username=options["username"]).first()
            if user is None:
                raise CommandError(f"There is no user “{options['username']}”; --service-account makes one.")
            _, key = api_keys.make(
                user,
                name=options["name"],
                scopes=options["scopes"] or list(Scope.values),
                by=by,
                expires_at=self._end(options["days"]),
                limits=api_keys.Limits(
                    reads_a_minute=options["reads_a_minute"], writes_a_minute=options["writes_a_minute"]
                ),
            )
        except LeadLoopError as error:
            raise CommandError(error.message) from error
        self.stdout.write(key)

    def _end(self, days: int | None) -> dt.datetime | None:
        if days is None:
            return None
        if not 1 <= days <= 3650:
            raise CommandError("--days must lie between 1 and 3650.")
        return database_now() + dt.timedelta(days=days)
