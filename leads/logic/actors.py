"""Who does something, as the journal will name them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`user_id` is None for LeadLoop itself; `via` is the door: page, api, import, admin, system."""

    user_id: int | None
    label: str
    via: str


SYSTEM = Actor(user_id=None, label="LeadLoop", via="system")
