"""Who would get a lead, whose accounts are whose, and marketing's word on a rejection."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.actions import ownership, recycling, reviews
from feedback.actions.ownership import OwnershipInput
from feedback.api import schema
from feedback.api.base import PersonApiView
from feedback.api.inputs import NothingShape
from feedback.api.routing_examples import ANSWER, OWNED, OWNER, PREVIEW
from feedback.api.verbs import VerbView
from feedback.logic.rights import INTEGRATOR, OPERATIONS, may_preview
from feedback.pages.routing import answer as in_words
from feedback.reports.routing import preview
from feedback.reports.routing_previews import Told, asked_for
from feedback.reports.routing_traces import names_in
from leads.actions.people import clean_account, clean_lead
from leads.api.errors import problem_of
from leads.api.fields import Shape, Text, Whole, parsed, parsed_each
from leads.api.inputs import AccountShape, LeadShape
from leads.api.schema_parts import answer, body, refusals
from leads.api.serializers import NamedInCrm, ProblemSerializer
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed
from leads.logic.text import one_line
from leads.models import RowResult, Scope

LONGEST_BATCH = 500


class PreviewShape(Shape):
    """A lead as it would be offered; what is on file is looked up, what is said counts instead."""

    lead = LeadShape(required=False)
    account = AccountShape(required=False)
    channel = Text(required=False)
    campaign = Text(required=False, help_text="its name")
    fit = Whole(required=False, help_text="0 to 100")
    intent = Whole(required=False, help_text="0 to 100")


class OwnershipShape(Shape):
    """An account and its rep."""

    makes = OwnershipInput
    account = AccountShape()
    owner = Text(required=False, help_text="user name, external id or uid of the rep; nobody when left out")


class RouteSerializer(serializers.Serializer[Any]):
    """Where it would go: to `owner`, else to the queue of `team`, else nowhere. `steps` as on a handoff, `words` say
    the same.
    """

    team = NamedInCrm(allow_null=True)
    owner = NamedInCrm(allow_null=True)
    rule = serializers.CharField(read_only=True)
    headline = serializers.CharField(read_only=True)
    words = serializers.ListField(child=serializers.CharField(), read_only=True)
    steps = serializers.ListField(child=serializers.DictField(), read_only=True)


class OwnershipResultSerializer(serializers.Serializer[Any]):
    """What became of one row: 201 owned now, 200 as it was or changed, else the problem."""

    status = serializers.IntegerField(read_only=True)
    problem = ProblemSerializer(required=False)


class OwnershipResultsSerializer(serializers.Serializer[Any]):
    results = OwnershipResultSerializer(many=True, read_only=True)


@schema.verb(NothingShape, "Say for marketing that the rejection was right; the rep is owed a turn.")
class UpholdView(VerbView):
    scopes = {"POST": Scope.OFFER}
    verb = staticmethod(reviews.uphold)


@schema.verb(NothingShape, "Take the key owner's own uphold back, within the window, while the turn owed for it waits.")
class UnupholdView(VerbView):
    scopes = {"POST": Scope.OFFER}
    verb = staticmethod(reviews.unuphold)


@schema.verb(NothingShape, "Say for marketing that the condition is met under which a refused lead may come back.")
class MeetView(VerbView):
    scopes = {"POST": Scope.OFFER}
    verb = staticmethod(recycling.meet)


class RoutingPreviewView(PersonApiView):
    scopes = {"POST": Scope.READ}

    @extend_schema(
        operation_id="routing_preview",
        request=body(PreviewShape, {"A lead with its company": PREVIEW}),
        responses={200: answer(RouteSerializer, {"By a rule": ANSWER}), **refusals(400, 413, 415)},
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Who would get this lead now, and why, rule by rule. Nothing is offered and nobody's turn is taken."""
        person = self.person()
        if not may_preview(person):
            raise NotAllowed("How leads are routed is for managers, marketing and operations.")
        told = _told(parsed(PreviewShape, request.data))
        route = preview(asked_for(told), at=timezone.now())
        said = in_words(route, names_in(route.steps, person=person))
        facts = {"team": route.team, "owner": route.owner, "rule": route.rule, "steps": route.steps}
        words = {"headline": said.headline, "words": [line.text for line in said.lines]}
        return Response(RouteSerializer({**facts, **words}).data)


class AccountOwnersView(PersonApiView):
    scopes = {"POST": Scope.OFFER}

    @extend_schema(
        operation_id="account_owners_keep",
        request=body(
            PolymorphicProxySerializer(
                component_name="OwnershipOrOwnerships",
                serializers=[
                    OwnershipShape,
                    OwnershipShape(many=True, max_length=LONGEST_BATCH),
                ],
                resource_type_field_name=None,
                many=False,
            ),
            {"One": OWNER, "Several at once": [OWNER]},
        ),
        responses={
            200: answer(OwnershipResultsSerializer, {"A result for each": {"results": OWNED}}),
            **refusals(400, 413, 415),
        },
        tags=["routing"],
    )
    def post(self, request: Request) -> Response:
        """Say whose account it is, or of up to 500 in a list, with a result for each."""
        person = self.person()
        if not person.roles & {OPERATIONS, INTEGRATOR}:
            raise NotAllowed("Whose account it is, is for operations and the CRM to say.")
        rows = request.data if isinstance(request.data, list) else [request.data]
        if not 1 <= len(rows) <= LONGEST_BATCH:
            raise ValidationError(f"holds {len(rows)} rows; send 1 to {LONGEST_BATCH} at a time.")
        read = parsed_each(OwnershipShape, rows)
        good = {at: one for at, one in enumerate(read) if isinstance(one, OwnershipInput)}
        done = dict(zip(good, ownership.own_accounts(list(good.values()), by=person), strict=True))
        found = [done.get(at, one) for at, one in enumerate(read)]
        if not isinstance(request.data, list) and isinstance(found[0], LeadLoopError | ValidationError):
            raise found[0]
        return Response({"results": [_result(one) for one in found]})


def _told(given: dict[str, Any]) -> Told:
    lead, account = given.get("lead"), given.get("account")
    lead = clean_lead(lead) if lead else None
    account = clean_account(account) if account else lead.account if lead else None
    for name in ("fit", "intent"):
        if name in given and not 0 <= given[name] <= 100:
            raise InvalidInput(f"{name} must be a whole number from 0 to 100.", field=name)
    return Told(
        lead={name: value for name, value in vars(lead).items() if name != "account"} if lead else {},
        account=vars(account) if account else {},
        channel=one_line(given.get("channel", ""), field="channel", longest=50),
        campaign=one_line(given.get("campaign", ""), field="campaign", longest=200),
        fit=given.get("fit"),
        intent=given.get("intent"),
    )


def _result(done: object) -> dict[str, Any]:
    if isinstance(done, RowResult):
        return {"status": 201 if done is RowResult.CREATED else 200}
    assert isinstance(done, Exception)
    problem = problem_of(done)
    assert problem is not None
    return {"status": problem.status, "problem": problem.body()}
