"""What a person was told inside LeadLoop."""

from leads.models import Notice

MOST = 50


def latest(user_id: int) -> list[Notice]:
    """The user's newest notices, read or not, at most 50."""
    return list(Notice.objects.filter(user_id=user_id).order_by("-created_at", "-id")[:MOST])
