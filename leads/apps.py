"""What marketing knows; lowest of the three apps."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = "Leads"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have its files taken in, listen to logins, write the mails about passwords, and sign what pages are meant."""
        from leads import receivers
        from leads.actions import contributions, passwords, renderers
        from leads.imports import register_kinds
        from leads.reports.agreement_pages import page_groups
        from leads.reports.password_mail import password_mail

        register_kinds()
        receivers.connect()
        contributions.register("pages", "Page groups", page_groups)
        renderers.register(passwords.RENDERER, password_mail)
