"""What brought the lead."""

from django.db import models

from leads.models.identity import FromCrm, one_per_external_id


class Campaign(FromCrm):
    """A campaign; `channel` is what its handoffs get when the offer names none."""

    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=50, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (one_per_external_id("campaign_external_id"),)
        indexes = (
            # Read where an offer knows its campaign by name alone.
            models.Index(fields=["name"], name="campaign_name"),
            # Read by the API's list of campaigns, page by page.
            models.Index(fields=["-created_at", "-uid"], name="campaign_newest"),
        )

    def __str__(self) -> str:
        return self.name
