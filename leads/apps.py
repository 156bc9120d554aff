"""What marketing knows; lowest of the three apps."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have its files taken in."""
        from leads.imports import register_kinds

        register_kinds()
