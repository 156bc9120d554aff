"""Sends one message to one chat room: a process of its own, run by leads.chat, that can be ended at any moment.

Reads {"url", "title", "body"} as JSON from standard input, exits with 0 when the room took it, else with 1 and one line
of why on standard output. Knows nothing of Django, the database or any secret but the address it was given.
"""

import json
import logging
import resource
import sys

import apprise

_MOST_MEMORY = 1 << 30
_LONGEST = 200


class _Last(logging.Handler):
    """The last warning, which is where Apprise says what a service answered."""

    line = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.line = record.getMessage()


def main() -> int:
    """0 when the room took the message."""
    # A room that answers without end must not take the machine with it.
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    given = json.load(sys.stdin)
    heard = _Last(level=logging.WARNING)
    logging.getLogger("apprise").addHandler(heard)
    asset = apprise.AppriseAsset(
        app_id="LeadLoop",
        app_desc="LeadLoop",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        secure_logging=True,
    )
    room = apprise.Apprise.instantiate(given["url"], asset=asset)
    if room is None:
        sys.stdout.write("The address is not one that this service understands.")
        return 1
    room.redirects, room.verify_certificate = False, True
    # notify() of the room alone would not adapt the text to what the service reads as markup.
    rooms = apprise.Apprise(asset=asset)
    rooms.add(room)
    if rooms.notify(title=given["title"], body=given["body"], body_format=apprise.NotifyFormat.TEXT):
        return 0
    sys.stdout.write(" ".join((heard.line or "The room did not take the message.").split())[:_LONGEST])
    return 1


if __name__ == "__main__":
    sys.exit(main())
