"""What a list of handoffs can be narrowed to."""

import django_filters

from feedback.logic.states import State
from feedback.models import Handoff
from leads.api.filters import ApiFilter, InstantFilter


class HandoffFilter(ApiFilter):
    intervals = (("offered_from", "offered_to"),)
    state = django_filters.MultipleChoiceFilter(
        choices=[(state.value, state.value) for state in State], label="may be repeated"
    )
    team = django_filters.UUIDFilter(field_name="team__uid", label="uid of the team")
    owner = django_filters.UUIDFilter(field_name="owner__uid", label="uid of the rep")
    campaign = django_filters.UUIDFilter(field_name="campaign__uid", label="uid of the campaign")
    channel = django_filters.CharFilter(label="channel of the handoff")
    reason = django_filters.CharFilter(field_name="reason__key", label="key of the reason")
    offered_from = InstantFilter(
        field_name="offered_at", lookup_expr="gte", label="offered at or after; with an offset, its + written %2B"
    )
    offered_to = InstantFilter(field_name="offered_at", lookup_expr="lt", label="offered before")
    external_system = django_filters.CharFilter(label="the system that gave external_id")
    external_id = django_filters.CharFilter(label="the key the handoff has there")

    class Meta:
        model = Handoff
        fields: tuple[str, ...] = ()
