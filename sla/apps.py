"""The promise in time between marketing and sales."""

from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "SLA"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the clocks to the handoffs, and hand promises down to feedback and targets to the agreement."""
        from feedback import panels
        from leads.actions import contributions
        from sla import receivers
        from sla.actions.acknowledge import acknowledge
        from sla.reports.agreement_targets import targets

        receivers.connect()
        panels.register_proof("sla:proof")
        panels.register_deed(
            panels.Deed(
                key="acknowledge",
                label="Acknowledge",
                done="acknowledged: no further step follows",
                url_name="sla:acknowledge",
                act=acknowledge,
            )
        )
        contributions.register("targets", "Targets", targets)
