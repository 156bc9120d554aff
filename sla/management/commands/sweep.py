"""`manage.py sweep`: take every due SLA step, once or in a loop. Needs only PostgreSQL."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from sla.actions.sweep import sweep


class Command(BaseCommand):
    help = "Take every SLA step that is due. With --loop: again every few seconds, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep going until SIGTERM or Ctrl-C")
        parser.add_argument("--every", type=float, default=2.0, help="seconds between rounds (default 2)")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        while not stopping.is_set():
            try:
                done = sweep()
            except Error as error:
                # The database is away; the promise is to be there when it is back.
                if not options["loop"]:
                    raise
                self.stderr.write(f"the database did not answer: {error}")
                close_old_connections()
            else:
                if done.told or done.acted or done.failed or not options["loop"]:
                    self.stdout.write(f"{done.told} told, {done.acted} acted, {done.failed} failed")
            if not options["loop"]:
                return
            stopping.wait(max(options["every"], 0.1))
