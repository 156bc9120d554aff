"""What every view on handoffs has: who asks, what they may see, and how a body becomes an input."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, OuterRef, Subquery

from feedback.logic.rights import Person
from feedback.models import Handoff, person_of
from feedback.models.handoffs import HandoffQuerySet
from leads.api.fields import Shape
from leads.api.views import ApiView


class HandoffApiView(ApiView):
    """What every view on handoffs has: who asks, and what they may see."""

    def person(self) -> Person:
        assert isinstance(self.request.user, User)  # IsAuthenticated saw to it
        return person_of(self.request.user, via="api")

    def visible(self, person: Person) -> HandoffQuerySet:
        successors = Handoff.objects.filter(previous=OuterRef("pk")).order_by("-pk")
        return (
            Handoff.objects.visible_to(person)
            .select_related("lead", "account", "team", "owner__user", "campaign", "reason", "decided_by")
            .annotate(previous_uid=F("previous__uid"), successor_uid=Subquery(successors.values("uid")[:1]))
        )


def parsed(shape: type[Shape], data: object) -> Any:
    given = shape(data=data)
    given.is_valid(raise_exception=True)
    return given.validated_data
