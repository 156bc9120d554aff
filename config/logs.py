"""How a line of the log is written."""

import logging


class OneLine(logging.Formatter):
    """Writes control characters of a message as escapes, so that nobody's words can look like a line of their own.

    A traceback, which is ours, keeps its lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, in one line."""
        line = super().formatMessage(record)
        return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
