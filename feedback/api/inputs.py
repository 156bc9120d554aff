"""What the API hears, field by field: parsed into the actions' own inputs, judged by the actions."""

import datetime as dt
from typing import Any

from feedback.actions.offer_input import OfferInput
from feedback.actions.outcomes import OutcomeInput
from feedback.api import examples as story
from feedback.logic.holds import REASONS
from feedback.models import AttemptKind, OutcomeKind
from leads.api.fields import Amount, Answers, Instant, Points, Shape, Text, Uid, Whole, YesNo
from leads.api.inputs import AccountShape, CampaignShape, LeadShape


class ScorePartsShape(Shape):
    """What the two scores are made of: name and points."""

    fit = Points(required=False)
    intent = Points(required=False)


class OfferShape(Shape):
    """One lead, or one account with an unknown visitor, for sales. Known again by external_system and external_id."""

    makes = OfferInput
    lead = LeadShape(required=False)
    account = AccountShape(required=False)
    campaign = CampaignShape(required=False)
    channel = Text(required=False)
    team = Text(required=False, help_text="name, external id or uid; left out with an owner, or to be routed")
    owner = Text(required=False, help_text="user name, external id or uid; with a team alone, its queue")
    fit = Whole(required=False, help_text="0 to 100")
    intent = Whole(required=False, help_text="0 to 100")
    score_parts = ScorePartsShape(required=False)
    why = Text(required=False)
    engaged_at = Instant(required=False)
    qualified_at = Instant(required=False)
    offered_at = Instant(required=False, help_text="now when left out")
    external_system = Text(required=False)
    external_id = Text(required=False)


class NoteShape(Shape):
    examples = story.NOTE
    note = Text(required=False)
    at = Instant(required=False, help_text="when it happened, for what is entered later")


class RejectShape(NoteShape):
    examples = story.REJECT
    reason = Text(help_text="key of a live reason, see /api/v1/reasons/")
    evidence = Answers(required=False, help_text="what the reason asks for")


class TurnBackShape(NoteShape):
    examples = story.TURN_BACK
    to = Uid(required=False, help_text="uid of the rep it should go to; routed anew when left out")


class AttemptShape(NoteShape):
    examples = story.ATTEMPT
    kind = Text(help_text=", ".join(AttemptKind.values))
    is_two_way = YesNo(required=False, help_text="the lead answered")


class OutcomeShape(Shape):
    examples = story.OUTCOME
    kind = Text(help_text=", ".join(OutcomeKind.values))
    amount = Amount(required=False)
    currency = Text(required=False, help_text="ISO 4217")
    external_system = Text(required=False)
    external_id = Text(required=False)
    at = Instant(required=False, help_text="when it happened")

    def made(self, values: dict[str, Any]) -> tuple[OutcomeInput, dt.datetime | None]:
        """What happened, and when."""
        at = values.pop("at", None)
        return OutcomeInput(**values), at


class ReassignShape(Shape):
    examples = story.REASSIGN
    to = Uid(help_text="uid of the rep")
    at = Instant(required=False)


class HoldShape(Shape):
    examples = story.HOLD
    reason = Text(help_text=", ".join(REASONS))
    question = Text(required=False, help_text="what marketing is asked; needed where the reason asks")
    until = Instant(required=False, help_text="when the hold ends at the latest; the reason's usual when left out")
    at = Instant(required=False, help_text="when it began, for what is entered later")


class AnswerShape(Shape):
    examples = story.ANSWER
    text = Text(help_text="what marketing answers")
    at = Instant(required=False, help_text="when it was answered, for what is entered later")


class AtShape(Shape):
    examples = story.AT
    at = Instant(required=False, help_text="when it happened, for what is entered later")


class AbsenceShape(Shape):
    examples = story.ABSENCE
    starts_at = Instant()
    ends_at = Instant(help_text="not included")
    note = Text(required=False, help_text="at most 200 characters")


class NothingShape(Shape):
    """An empty object, or no body at all."""

    examples = story.NOTHING
