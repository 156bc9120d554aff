"""The clocks of one handoff with their proof. Lengths are in seconds of business time, instants in UTC."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api.base import HandoffApiView
from feedback.reports.snapshot import snapshot
from leads.api.schema_parts import answer, refusals
from leads.api.serializers import UtcInstant
from leads.models import Scope
from sla.logic.proof import Holder, Kind
from sla.models import ClockState, TargetKey
from sla.reports.proofs import proof_of


@extend_schema_field({"type": "number", "format": "double"})
class Seconds(serializers.Field[dt.timedelta, Any, float, Any]):
    """A length in seconds, exact to the microsecond."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: dt.timedelta) -> float:
        """The length as JSON has it."""
        return value.total_seconds()


class HoldOfInterval(serializers.Serializer[Any]):
    reason = serializers.CharField(read_only=True)
    owed_by = serializers.CharField(read_only=True)
    by = serializers.CharField(read_only=True)


class ExcuseOfInterval(serializers.Serializer[Any]):
    why = serializers.CharField(read_only=True)
    approved_by = serializers.CharField(read_only=True)


class IntervalSerializer(serializers.Serializer[Any]):
    begins_at = UtcInstant()
    ends_at = UtcInstant()
    kind = serializers.ChoiceField(choices=list(Kind), read_only=True)
    open_time = Seconds()
    holder = serializers.ChoiceField(choices=list(Holder), read_only=True)
    rep = serializers.CharField(read_only=True, help_text="uid of the rep whose it was, or empty")
    hold = HoldOfInterval(read_only=True, allow_null=True)
    excuse = ExcuseOfInterval(read_only=True, allow_null=True)


class TermSerializer(serializers.Serializer[Any]):
    since = UtcInstant()
    policy = serializers.CharField(read_only=True)
    calendar = serializers.CharField(read_only=True)
    timezone = serializers.CharField(read_only=True)
    because = serializers.CharField(read_only=True)


class ClockSerializer(serializers.Serializer[Any]):
    """One clock: the promise, both results, and the intervals that lead to them."""

    target = serializers.ChoiceField(source="clock.target", choices=TargetKey.choices, read_only=True)
    cycle = serializers.IntegerField(source="clock.cycle", read_only=True)
    state = serializers.ChoiceField(source="clock.state", choices=ClockState.choices, read_only=True)
    started_at = UtcInstant(source="clock.started_at")
    stopped_at = UtcInstant(source="clock.stopped_at", allow_null=True)
    due_at = UtcInstant(source="clock.due_at")
    adjusted_due_at = UtcInstant()
    is_late = serializers.BooleanField(read_only=True)
    is_late_adjusted = serializers.BooleanField(read_only=True)
    promised = Seconds(source="clock.amount")
    counted = Seconds(source="proof.counted")
    held = Seconds(source="proof.held")
    excused = Seconds(source="proof.excused")
    left = Seconds()
    left_adjusted = Seconds()
    terms = TermSerializer(many=True, read_only=True)
    intervals = IntervalSerializer(source="proof.intervals", many=True, read_only=True)


class ClocksSerializer(serializers.Serializer[Any]):
    results = ClockSerializer(many=True, read_only=True)


_EXAMPLE = {
    "target": "decide",
    "cycle": 1,
    "state": "running",
    "started_at": "2026-11-20T09:12:04Z",
    "stopped_at": None,
    "due_at": "2026-11-20T13:12:04Z",
    "adjusted_due_at": "2026-11-20T13:12:04Z",
    "is_late": False,
    "is_late_adjusted": False,
    "promised": 14400.0,
    "counted": 1200.0,
    "held": 0.0,
    "excused": 0.0,
    "left": 13200.0,
    "left_adjusted": 13200.0,
    "terms": [
        {
            "since": "2026-11-20T09:12:04Z",
            "policy": "Mid-market, version 2",
            "calendar": "Berlin, version 1",
            "timezone": "Europe/Berlin",
            "because": "offered",
        }
    ],
    "intervals": [
        {
            "begins_at": "2026-11-20T09:12:04Z",
            "ends_at": "2026-11-20T09:32:04Z",
            "kind": "open",
            "open_time": 1200.0,
            "holder": "rep",
            "rep": "5a9e7c31-0d64-4b82-9f1c-2e8b6d4a0f55",
            "hold": None,
            "excuse": None,
        }
    ],
}
_described: Callable[[Any], Any] = extend_schema(
    operation_id="handoffs_clocks",
    responses={200: answer(ClocksSerializer, {"One promise, kept so far": {"results": [_EXAMPLE]}}), **refusals(404)},
    tags=["handoffs"],
)


class ClocksView(HandoffApiView):
    scopes = {"GET": Scope.READ}

    @_described
    def get(self, request: Request, uid: UUID) -> Response:
        """Every promise on the handoff, in the order of their start, with what counted and what did not."""
        with snapshot():
            found = proof_of(uid, person=self.person(), now=timezone.now())
        return Response({"results": ClockSerializer(found.clocks, many=True).data})
