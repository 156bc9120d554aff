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
