"""What sales answers."""

from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "Feedback"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen, and have its files taken in."""
        from feedback import receivers
        from feedback.imports import register_kinds

        receivers.connect()
        register_kinds()
