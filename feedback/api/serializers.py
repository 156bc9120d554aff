"""What the API says, field by field: uids, names and instants in UTC. Row numbers and mail addresses stay inside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from feedback.logic.evidence import QUESTIONS
from feedback.logic.holds import OwedBy
from feedback.logic.states import State
from feedback.models import Absence, AbsenceKind, Handoff, Hold, Moment, RejectionReason
from leads.api.serializers import NamedInCrm, ProblemSerializer, UtcInstant
from leads.models import JournalEntry

STATES = [state.value for state in State]
"""The states of a handoff; the settings name them in the schema, where clocks have states too."""


class ReasonGiven(serializers.Serializer[RejectionReason]):
    key = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]


class HoldSerializer(serializers.Serializer[Hold]):
    """What a handoff waits for."""

    uid = serializers.UUIDField(read_only=True)
    reason = serializers.CharField(read_only=True)
    owed_by = serializers.ChoiceField(choices=[one.value for one in OwedBy], read_only=True)
    question = serializers.CharField(read_only=True)
    began_at = UtcInstant()
    limit_at = UtcInstant()


class AbsenceSerializer(serializers.Serializer[Absence]):
    """When a rep does not answer; `ends_at` is null while they are benched."""

    uid = serializers.UUIDField(read_only=True)
    kind = serializers.ChoiceField(choices=[kind.value for kind in AbsenceKind], read_only=True)
    starts_at = UtcInstant()
    ends_at = UtcInstant(allow_null=True)
    note = serializers.CharField(read_only=True)


class AbsencesSerializer(serializers.Serializer[Any]):
    results = AbsenceSerializer(many=True, read_only=True)


class HandoffSerializer(serializers.Serializer[Handoff]):
    """A handoff as it stands."""

    uid = serializers.UUIDField(read_only=True)
    external_system = serializers.CharField(read_only=True)
    external_id = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=STATES, read_only=True)
    priority = serializers.IntegerField(read_only=True, min_value=1, max_value=3)
    hold = serializers.SerializerMethodField()
    lead = NamedInCrm(read_only=True, allow_null=True)
    account = NamedInCrm(read_only=True, allow_null=True)
    team = NamedInCrm(read_only=True)
    owner = NamedInCrm(read_only=True, allow_null=True)
    campaign = NamedInCrm(read_only=True, allow_null=True)
    channel = serializers.CharField(read_only=True)
    fit = serializers.IntegerField(read_only=True, allow_null=True)
    intent = serializers.IntegerField(read_only=True, allow_null=True)
    score_parts = serializers.JSONField(read_only=True)
    why = serializers.CharField(read_only=True)
    reason = ReasonGiven(read_only=True, allow_null=True)
    evidence = serializers.JSONField(read_only=True)
    is_void = serializers.BooleanField(read_only=True)
    note = serializers.CharField(source="decision_note", read_only=True)
    decided_by = serializers.SerializerMethodField()
    attempt_count = serializers.IntegerField(read_only=True)
    engaged_at = UtcInstant(allow_null=True)
    qualified_at = UtcInstant(allow_null=True)
    offered_at = UtcInstant()
    seen_at = UtcInstant(allow_null=True)
    decided_at = UtcInstant(allow_null=True)
    first_attempt_at = UtcInstant(allow_null=True)
    first_two_way_at = UtcInstant(allow_null=True)
    disposed_at = UtcInstant(allow_null=True)
    opportunity_at = UtcInstant(allow_null=True)
    closed_at = UtcInstant(allow_null=True)
    due_at = UtcInstant(allow_null=True)
    previous_uid = serializers.UUIDField(read_only=True, allow_null=True)
    successor_uid = serializers.UUIDField(read_only=True, allow_null=True)

    @extend_schema_field(HoldSerializer(allow_null=True))
    def get_hold(self, handoff: Handoff) -> dict[str, Any] | None:
        found: list[Hold] = handoff.open_holds  # type: ignore[attr-defined]
        return dict(HoldSerializer(found[0]).data) if found else None

    def get_decided_by(self, handoff: Handoff) -> str | None:
        if handoff.decided_by is None:
            return None
        return handoff.decided_by.get_full_name() or handoff.decided_by.get_username()


class JournalSerializer(serializers.Serializer[JournalEntry]):
    """One thing that happened to the handoff."""

    uid = serializers.UUIDField(read_only=True)
    kind = serializers.CharField(read_only=True)
    by = serializers.CharField(source="actor_label", read_only=True)
    via = serializers.CharField(read_only=True)
    data = serializers.JSONField(read_only=True)  # type: ignore[assignment]
    note = serializers.SerializerMethodField()
    occurred_at = UtcInstant()
    recorded_at = UtcInstant()

    def get_note(self, entry: JournalEntry) -> str:
        return entry.note.text if hasattr(entry, "note") else ""


class HandoffDetailSerializer(HandoffSerializer):
    """A handoff with its journal, oldest entry first, the latest 500 of them; `routing` says step by step how it came
    to its owner, and is empty when somebody named them.
    """

    routing = serializers.ListField(child=serializers.DictField(), read_only=True)
    journal = JournalSerializer(many=True, read_only=True)


class EvidenceAsked(serializers.Serializer[Any]):
    field = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=["text", "count", "date", "choice"], read_only=True)
    choices = serializers.ListField(child=serializers.CharField(), read_only=True)
    required = serializers.BooleanField(read_only=True)  # type: ignore[assignment]


class ReasonSerializer(serializers.Serializer[RejectionReason]):
    """A reason in use, when it may be given, and what it asks."""

    key = serializers.CharField(read_only=True)
    group = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    moments = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    remedy_owner = serializers.CharField(read_only=True)
    next_state = serializers.CharField(read_only=True)
    cool_off_days = serializers.IntegerField(read_only=True, allow_null=True)
    return_condition = serializers.CharField(read_only=True)
    counts_in_acceptance = serializers.BooleanField(read_only=True)

    def get_moments(self, reason: RejectionReason) -> list[str]:
        return [moment.value for moment in Moment if reason.fits(moment)]

    @extend_schema_field(EvidenceAsked(allow_null=True))
    def get_evidence(self, reason: RejectionReason) -> dict[str, object] | None:
        if not reason.evidence_field:
            return None
        question = QUESTIONS[reason.evidence_field]
        return {
            "field": question.key,
            "label": question.label,
            "kind": question.kind.value,
            "choices": list(question.choices),
            "required": reason.evidence_required,
        }


class ReasonsSerializer(serializers.Serializer[Any]):
    results = ReasonSerializer(many=True, read_only=True)


class RowResultSerializer(serializers.Serializer[Any]):
    """What became of one row of a list: 201 new, 200 there already, else the problem."""

    status = serializers.IntegerField(read_only=True)
    handoff = HandoffSerializer(required=False)
    problem = ProblemSerializer(required=False)


class RowResultsSerializer(serializers.Serializer[Any]):
    results = RowResultSerializer(many=True, read_only=True)


class DecisionResultSerializer(serializers.Serializer[Any]):
    """What became of one decision of a list: 200 and the handoff as it stands after all of them, else the problem."""

    status = serializers.IntegerField(read_only=True)
    handoff = HandoffSerializer(required=False)
    etag = serializers.CharField(required=False)
    problem = ProblemSerializer(required=False)


class DecidedSerializer(serializers.Serializer[Any]):
    results = DecisionResultSerializer(many=True, read_only=True)
