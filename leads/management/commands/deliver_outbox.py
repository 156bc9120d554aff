"""manage.py deliver_outbox: send what is due, or with --loop until a signal comes. Needs no broker.

Mail and chat rooms are two lanes: a room that hangs keeps no mail waiting.
"""

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections

from leads.actions.delivery import deliver
from leads.actions.delivery_chat import deliver_chats

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send the messages of the outbox that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")
        parser.add_argument("--every", type=float, default=2.0, metavar="SECONDS", help="pause between rounds (2)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["loop"]:
            self.stdout.write(f"{deliver() + deliver_chats()} handled")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            # The message that is on its way is finished and settled first, so a restart repeats nothing.
            signal.signal(number, lambda *_: stop.set())
        rooms = threading.Thread(target=_loop, args=(deliver_chats, stop, options["every"]))
        rooms.start()
        try:
            _loop(deliver, stop, options["every"])
        finally:
            stop.set()
            rooms.join()


def _loop(work: Callable[..., int], stop: threading.Event, every: float) -> None:
    """Do one lane's work until `stop`."""
    while not stop.is_set():
        try:
            work(go_on=lambda: not stop.is_set())
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away (%s); trying again.", type(error).__name__)
        close_old_connections()
        stop.wait(every)
