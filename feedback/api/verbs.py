"""The verbs on one handoff: an address each, an action behind each."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.actions import attempts, decisions, holds, outcomes, owners, undo
from feedback.actions.expecting import expect
from feedback.api import schema
from feedback.api.base import HandoffApiView, parsed
from feedback.api.etags import etag, if_match
from feedback.api.inputs import (
    AnswerShape,
    AtShape,
    AttemptShape,
    HoldShape,
    NoteShape,
    NothingShape,
    OutcomeShape,
    ReassignShape,
    RejectShape,
    TurnBackShape,
)
from feedback.api.serializers import HandoffSerializer
from feedback.logic.rights import Person
from feedback.models import Handoff
from leads.api.errors import problem_response
from leads.api.fields import Shape
from leads.logic.errors import NotFound
from leads.models import Scope


class VerbView(HandoffApiView):
    """One verb on one handoff: `given` parses the body into the keyword arguments of `verb`."""

    scopes: ClassVar[Mapping[str, Scope | tuple[Scope, ...]]] = {"POST": Scope.DECIDE}
    given: ClassVar[type[Shape]] = NothingShape
    verb: ClassVar[Callable[..., Handoff]]

    @classmethod
    def act(cls, uid: UUID, data: object, *, by: Person) -> Handoff:
        """The handoff, once the verb is done with what `data` says."""
        values: dict[str, Any] = parsed(cls.given, data)
        return cls.verb(uid, by=by, **values)

    def post(self, request: Request, uid: UUID) -> Response:
        person, versions = self.person(), if_match(request.headers.get("If-Match"))
        done = decided(type(self), uid, request.data, by=person, versions=versions)
        handoff = self.visible(person).filter(pk=done.pk).first()
        if handoff is None:
            gone = NotFound("It is done, and the handoff is no longer yours to see.")
            return problem_response(gone, {}) or Response(status=404)
        answer = HandoffSerializer(handoff).data
        return Response(answer, headers={"ETag": etag(handoff, answer)})


def decided(view: type[VerbView], uid: UUID, data: object, *, by: Person, versions: frozenset[str] | None) -> Handoff:
    """The handoff, once the view's verb is done; with `versions`, only when it still is one of them."""
    with transaction.atomic():
        if versions is not None:
            expect(uid, by=by, versions=versions)
        return view.act(uid, data, by=by)


@schema.verb(NoteShape, "Accept the handoff.")
class AcceptView(VerbView):
    given = NoteShape
    verb = staticmethod(decisions.accept)


@schema.verb(RejectShape, "Reject the handoff at review, with a reason.")
class RejectView(VerbView):
    given = RejectShape
    verb = staticmethod(decisions.reject)


@schema.verb(RejectShape, "Return an accepted handoff after work, with a reason.")
class ReturnView(VerbView):
    given = RejectShape
    verb = staticmethod(decisions.return_after_work)


@schema.verb(TurnBackShape, "Turn the handoff back as a wrong owner's; its lead is offered anew.")
class TurnBackView(VerbView):
    given = TurnBackShape
    verb = staticmethod(decisions.turn_back)


@schema.verb(AttemptShape, "Log a try to reach the lead.")
class LogAttemptView(VerbView):
    given = AttemptShape
    verb = staticmethod(attempts.log_attempt)


@schema.verb(NoteShape, "Qualify the lead (SQL).")
class QualifyView(VerbView):
    given = NoteShape
    verb = staticmethod(decisions.qualify)


@schema.verb(HoldShape, "Put the handoff on hold; its clocks stop until somebody answers or acts, or the limit passes.")
class HoldView(VerbView):
    given = HoldShape
    verb = staticmethod(holds.hold)


@schema.verb(AnswerShape, "Answer what the handoff is on hold for; the hold ends.")
class AnswerView(VerbView):
    scopes = {"POST": Scope.OFFER}
    given = AnswerShape
    verb = staticmethod(holds.answer)


@schema.verb(AtShape, "Take the handoff off hold.")
class ResumeView(VerbView):
    given = AtShape
    verb = staticmethod(holds.release_hold)


@schema.verb(NothingShape, "Take the handoff from its owner, back to the team's unassigned queue.")
class ReleaseView(VerbView):
    verb = staticmethod(owners.release)


@schema.verb(NothingShape, "Raise the priority by one: from 3 to 2, from 2 to 1.")
class RaiseView(VerbView):
    verb = staticmethod(owners.raise_priority)


@schema.verb(NothingShape, "Take the key owner's own decision back, within the window.")
class UndoView(VerbView):
    verb = staticmethod(undo.undo)


@schema.verb(ReassignShape, "Give the handoff to another rep.")
class ReassignView(VerbView):
    given = ReassignShape
    verb = staticmethod(owners.reassign)


@schema.verb(NothingShape, "Take the handoff out of the team's unassigned queue.")
class TakeView(VerbView):
    verb = staticmethod(owners.take)


@schema.verb(NothingShape, "Take the offer back before anybody decided.")
class RecallView(VerbView):
    scopes = {"POST": Scope.OFFER}
    verb = staticmethod(owners.recall)


@schema.verb(OutcomeShape, "Record what became of it: opportunity, won or lost.")
class OutcomeView(VerbView):
    scopes = {"POST": Scope.OUTCOME}

    @classmethod
    def act(cls, uid: UUID, data: object, *, by: Person) -> Handoff:
        given, at = parsed(OutcomeShape, data)
        return outcomes.record_outcome(uid, given, by=by, at=at)
