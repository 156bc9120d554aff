"""The page groups that the agreement's terms and rules speak of, as an agreement keeps them."""

from leads.logic.contributed import Fact, Item
from leads.models import PageGroup

_WORDS = {"equals": "is", "prefix": "begins with", "contains": "contains"}


def page_groups() -> list[Item]:
    """The page groups in their order, with what makes a page one of theirs; one statement."""
    return [
        Item(
            group.key,
            group.label,
            tuple(Fact("", f"the path {_WORDS[one['operator']]} {one['value']}") for one in group.patterns),
        )
        for group in PageGroup.objects.order_by("position", "key")
    ]
