"""What every view on handoffs has: who asks, what they may see, and how a body becomes an input."""

from django.contrib.auth.models import User
from django.db.models import F, OuterRef, Prefetch, Subquery

from feedback.logic.rights import Person
from feedback.models import Handoff, Hold, person_of
from feedback.models.handoffs import HandoffQuerySet
from leads.api.fields import parsed as parsed
from leads.api.views import ApiView


class PersonApiView(ApiView):
    """A view that asks who asks."""

    def person(self) -> Person:
        assert isinstance(self.request.user, User)  # IsAuthenticated saw to it
        return person_of(self.request.user, via="api")


class HandoffApiView(PersonApiView):
    """What every view on handoffs has: who asks, and what they may see."""

    def visible(self, person: Person) -> HandoffQuerySet:
        successors = Handoff.objects.filter(previous=OuterRef("pk")).order_by("-pk")
        held = Prefetch("holds", queryset=Hold.objects.filter(ended_at=None), to_attr="open_holds")
        return (
            Handoff.objects.visible_to(person)
            .prefetch_related(held)
            .select_related("lead", "account", "team", "owner__user", "campaign", "reason", "decided_by")
            .annotate(previous_uid=F("previous__uid"), successor_uid=Subquery(successors.values("uid")[:1]))
        )
