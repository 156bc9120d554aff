"""Many decisions in one request, one after the other, each with its own answer."""

from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api import routing, schema, verbs
from feedback.api.base import HandoffApiView, parsed
from feedback.api.etags import etag, if_match
from feedback.api.serializers import HandoffSerializer
from feedback.api.verbs import VerbView, decided
from feedback.logic.rights import Person
from feedback.models import Handoff
from leads.api.errors import problem_of
from leads.api.fields import Shape, Text, Uid
from leads.api.idempotency import HEADER
from leads.api.permissions import lacking
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound
from leads.models import ApiKey, Scope

LONGEST_BATCH = 500
VERBS: dict[str, type[VerbView]] = {
    "accept": verbs.AcceptView,
    "reject": verbs.RejectView,
    "return": verbs.ReturnView,
    "turn_back": verbs.TurnBackView,
    "log_attempt": verbs.LogAttemptView,
    "qualify": verbs.QualifyView,
    "outcome": verbs.OutcomeView,
    "hold": verbs.HoldView,
    "answer": verbs.AnswerView,
    "resume": verbs.ResumeView,
    "take": verbs.TakeView,
    "reassign": verbs.ReassignView,
    "release": verbs.ReleaseView,
    "raise": verbs.RaiseView,
    "undo": verbs.UndoView,
    "recall": verbs.RecallView,
    "uphold": routing.UpholdView,
    "unuphold": routing.UnupholdView,
    "meet": routing.MeetView,
}
_OWN = ("handoff", "verb", "if_match")


class DecisionShape(Shape):
    """Which handoff, which verb; beside them stand the verb's own fields."""

    handoff = Uid()
    verb = Text(help_text=", ".join(VERBS))
    if_match = Text(required=False, help_text="ETag of the handoff as it was read, in its quotes")


def shape_of(verb: str) -> type[Shape]:
    """A decision with this verb and the fields it takes; what the description says of it."""
    word: Any = extend_schema_field({"type": "string", "enum": [verb]})(type("Word", (Text,), {}))
    name = "".join(part.title() for part in verb.split("_"))
    fields = {"handoff": Uid(), "verb": word(), "if_match": Text(required=False), "__doc__": f"See {verb}."}
    return type(f"{name}DecisionShape", (VERBS[verb].given,), fields)


class DecideView(HandoffApiView):
    scopes = {"POST": (Scope.DECIDE, Scope.OUTCOME, Scope.OFFER)}

    @schema.deciding({verb: shape_of(verb) for verb in VERBS})
    def post(self, request: Request) -> Response:
        """Up to 500 decisions in a list, done in their order, with a result for each.

        Each is a transaction of its own: what one is refused for stops no other. With an Idempotency-Key all of them
        are one transaction, in which a refused decision still stops no other, and a busy database stops all of them.
        """
        rows = request.data
        if not isinstance(rows, list) or not 1 <= len(rows) <= LONGEST_BATCH:
            raise ValidationError(f"must be a list of 1 to {LONGEST_BATCH} decisions.")
        person = self.person()
        done = [self._one(row, by=person) for row in rows]
        wanted = {handoff.pk for handoff in done if isinstance(handoff, Handoff)}
        found = {handoff.pk: handoff for handoff in self.visible(person).filter(pk__in=wanted)}
        return Response({"results": [_row(one, found) for one in done]})

    def _one(self, row: object, *, by: Person) -> Handoff | Exception:
        """The handoff that was decided, or what it was refused for."""
        try:
            view, uid, versions, data = self._asked(row)
            return decided(view, uid, data, by=by, versions=versions)
        except (LeadLoopError, ValidationError) as error:
            return error
        except (OperationalError, InterfaceError) as error:
            if HEADER in self.request.headers:
                raise
            return error

    def _asked(self, row: object) -> tuple[type[VerbView], UUID, frozenset[str] | None, dict[str, Any]]:
        if not isinstance(row, dict):
            raise ValidationError("must be an object.")
        given = parsed(DecisionShape, {name: value for name, value in row.items() if name in _OWN})
        view = VERBS.get(given["verb"])
        if view is None:
            raise InvalidInput(f"verb is one of: {', '.join(VERBS)}.", field="verb")
        scope = view.scopes["POST"]
        if not isinstance(self.request.auth, ApiKey) or scope not in self.request.auth.scopes:
            raise NotAllowed(lacking(str(scope)))
        versions = if_match(given.get("if_match"), field="if_match")
        return view, given["handoff"], versions, {name: value for name, value in row.items() if name not in _OWN}


def _row(done: Handoff | Exception, found: dict[int, Handoff]) -> dict[str, object]:
    """The result of one decision: the handoff as it stands after all of them, or the problem."""
    if isinstance(done, Handoff) and done.pk in found:
        handoff = found[done.pk]
        said = HandoffSerializer(handoff).data
        return {"status": 200, "handoff": said, "etag": etag(handoff, said)}
    gone = NotFound("It is done, and the handoff is no longer yours to see.")
    problem = problem_of(gone if isinstance(done, Handoff) else done)
    assert problem is not None
    return {"status": problem.status, "problem": problem.body()}
