"""The promise in time between marketing and sales."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "SLA"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the clocks to the handoffs, and hand the promise panel down to feedback."""
        from sla import receivers

        receivers.connect()
