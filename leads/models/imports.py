"""A CSV file on its way in, row by row."""

from django.conf import settings
from django.db import models

from leads.models.identity import Identified


class RunState(models.TextChoices):
    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    REFUSED = "refused", "refused"
    CANCELLED = "cancelled", "cancelled"


class RowResult(models.TextChoices):
    CREATED = "created", "created"
    UPDATED = "updated", "updated"
    UNCHANGED = "unchanged", "unchanged"
    FAILED = "failed", "failed"


class ImportRun(Identified):
    """One file under one mapping. The same pair again resumes or repeats without doubling anything.

    `file_path` is a name LeadLoop made; `file_name` is what the person called it, for showing only.
    """

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=255)
    file_digest = models.CharField(max_length=64)
    mapping = models.TextField(blank=True, default="")
    is_dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    row_count = models.PositiveIntegerField(null=True)
    done_count = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            # Read by the worker that looks for files to take in.
            models.Index(
                fields=["created_at"], condition=models.Q(state__in=["waiting", "running"]), name="import_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} from {self.file_name}: {self.state}"


class ImportRow(models.Model):
    """What became of one line. `line` is the line of the file, header included, so that an editor finds it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    result = models.CharField(max_length=10, choices=RowResult)
    field = models.CharField(max_length=100, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = (
            # Promise: a line is taken in once per run, however often the run is resumed.
            models.UniqueConstraint(fields=["run", "line"], name="import_row_once"),
        )
        indexes = (
            # Read by the page that lists what was refused.
            models.Index(fields=["run", "line"], condition=models.Q(result="failed"), name="import_row_failed"),
        )

    def __str__(self) -> str:
        return f"line {self.line}: {self.result}"
