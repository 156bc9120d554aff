"""How often somebody tried to sign in lately."""

from django.db import models


class LoginTries(models.Model):
    """A counter per user name, network, pair of both, or known device; `key` is a keyed hash: no name is kept."""

    key = models.CharField(max_length=80, primary_key=True)
    failed_count = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login tries"
        indexes = (
            # Read by the removal of what is over.
            models.Index(fields=["window_started_at"], name="login_tries_old"),
        )

    def __str__(self) -> str:
        return f"{self.failed_count} since {self.window_started_at:%Y-%m-%d %H:%M}"
