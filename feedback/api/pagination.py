"""Pages of handoffs."""

from leads.api.pagination import NewestFirst


class NewestOffered(NewestFirst):
    """Latest offer first."""

    instant = "offered_at"
