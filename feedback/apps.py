"""What sales answers."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "Feedback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen, have its files taken in, and add the reasons to the agreement."""
        from feedback import receivers
        from feedback.imports import register_kinds
        from feedback.reports.agreement_reasons import reasons
        from leads.actions import contributions

        receivers.connect()
        register_kinds()
        contributions.register("reasons", "Reasons", reasons)
