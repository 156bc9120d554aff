"""How far behind the work that nobody watches is."""

from dataclasses import dataclass

from django.db import connection

_SICK_AFTER_SECONDS = 30

_AGES = """
SELECT extract(epoch FROM clock_timestamp() - (SELECT beaten_at FROM sla_heartbeat WHERE name = 'sweep')),
       extract(epoch FROM clock_timestamp() - (SELECT min(next_action_at) FROM sla_clock WHERE state = 'running')),
       extract(epoch FROM clock_timestamp() - (SELECT min(not_before_at) FROM leads_outboxmessage WHERE state =
       'waiting'))
"""


@dataclass(frozen=True, kw_only=True)
class Health:
    """Ages in seconds: of the last sweep (None: never), the step waiting longest, the message waiting longest (0:
    none).
    """

    sweep_seconds: int | None
    step_seconds: int
    message_seconds: int

    @property
    def is_well(self) -> bool:
        """Whether the sweep runs and no step waits for it. Mail servers may be slow without LeadLoop being ill."""
        return self.sweep_seconds is not None and max(self.sweep_seconds, self.step_seconds) <= _SICK_AFTER_SECONDS


def health() -> Health:
    """The ages by the database's clock, from three partial indexes; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_AGES)
        sweep, step, message = cursor.fetchone()
    return Health(
        sweep_seconds=None if sweep is None else int(sweep),
        step_seconds=max(0, int(step or 0)),
        message_seconds=max(0, int(message or 0)),
    )
