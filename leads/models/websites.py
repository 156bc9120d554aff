"""A website that tells what happens on it, and the forms on it."""

from django.db import models
from django.db.models.functions import Now

from leads.models.campaigns import Campaign
from leads.models.identity import Identified


class Website(Identified):
    """`key` is public: it stands in the page. `origins` are the addresses it may be used from, like
    "https://www.nortex.example".
    """

    name = models.CharField(max_length=100, unique=True)
    key = models.CharField(max_length=32, unique=True)
    origins = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    # Noted once a minute at most, so that page views do not wait for each other.
    last_view_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class WebForm(Identified):
    """A form on a website. `fields` maps the form's own names to those of a lead, for forms that call them otherwise;
    `thanks_url` is where a browser without JavaScript goes afterwards.
    """

    website = models.ForeignKey(Website, on_delete=models.PROTECT, related_name="forms")
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=32, unique=True)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    fields = models.JSONField(default=dict, blank=True)
    thanks_url = models.CharField(max_length=500, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("website", "name")
        constraints = (models.UniqueConstraint(fields=["website", "name"], name="web_form_name"),)

    def __str__(self) -> str:
        return f"{self.name} on {self.website}"


class KeptOut(models.Model):
    """How often a form was filled in by what is no person, by day (UTC) and by what gave it away (leads.logic.spam)."""

    form = models.ForeignKey(WebForm, on_delete=models.CASCADE, related_name="kept_out", db_index=False)
    why = models.CharField(max_length=20)
    happened_on = models.DateField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = (
            # Promise: one row per form, day and sign. Its first columns are read by the form's page.
            models.UniqueConstraint(fields=["form", "happened_on", "why"], name="kept_out_once"),
        )

    def __str__(self) -> str:
        return f"{self.count} × {self.why} on {self.happened_on}"
