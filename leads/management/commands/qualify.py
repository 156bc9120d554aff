"""`manage.py qualify`: score who was touched and have offered who is sales-ready, once or in a loop. Needs only
PostgreSQL.
"""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from leads.actions.qualification import drain


class Command(BaseCommand):
    help = "Score every lead and account that something new is known of. With --loop: again and again, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep going until SIGTERM or Ctrl-C")
        parser.add_argument("--every", type=float, default=1.0, help="seconds between rounds (default 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            self.stdout.write(f"{drain()} judged")
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        while not stopping.is_set():
            try:
                drain()
            except Error as error:
                # The database is away; the promise is to be there when it is back.
                self.stderr.write(f"the database did not answer: {error}")
                close_old_connections()
            stopping.wait(max(options["every"], 0.1))
