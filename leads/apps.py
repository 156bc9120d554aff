"""What marketing knows; lowest of the three apps."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have its files taken in, listen to logins, and write the mails about passwords."""
        from leads import receivers
        from leads.actions import passwords, renderers
        from leads.imports import register_kinds
        from leads.reports.password_mail import password_mail

        register_kinds()
        receivers.connect()
        renderers.register(passwords.RENDERER, password_mail)
