"""How far behind the work that nobody watches is."""

from dataclasses import dataclass

from django.db import connection

_SICK_AFTER_SECONDS = 30
# A large import keeps judging busy for longer than that without anything being ill.
_UNJUDGED_AFTER_SECONDS = 120

_AGES = """
SELECT extract(epoch FROM clock_timestamp() - (SELECT beaten_at FROM sla_heartbeat WHERE name = 'sweep')),
       extract(epoch FROM clock_timestamp() - (SELECT min(next_action_at) FROM sla_clock WHERE state = 'running')),
       extract(epoch FROM clock_timestamp() - (SELECT min(not_before_at) FROM leads_outboxmessage WHERE state =
       'waiting')),
       extract(epoch FROM clock_timestamp() - (SELECT min(not_before_at) FROM leads_touched))
"""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Ages in seconds: of the last sweep (None: never), the step waiting longest, the message waiting longest, the lead
    or account waiting longest to be judged (0: none).
    """

    sweep_seconds: int | None
    step_seconds: int
    message_seconds: int
    unjudged_seconds: int

    @property
    def is_well(self) -> bool:
        """Whether the sweep runs, no step waits for it, and leads are judged. Mail servers may be slow without LeadLoop
        being ill.
        """
        if self.sweep_seconds is None or self.unjudged_seconds > _UNJUDGED_AFTER_SECONDS:
            return False
        return max(self.sweep_seconds, self.step_seconds) <= _SICK_AFTER_SECONDS


def health() -> Health:
    """The ages by the database's clock, each from an index; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_AGES)
        sweep, step, message, unjudged = cursor.fetchone()
    return Health(
        sweep_seconds=None if sweep is None else int(sweep),
        step_seconds=max(0, int(step or 0)),
        message_seconds=max(0, int(message or 0)),
        unjudged_seconds=max(0, int(unjudged or 0)),
    )
