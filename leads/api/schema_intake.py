"""What the OpenAPI description says of the intake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from drf_spectacular.drainage import isolate_view_method
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema

from leads.api import examples as story
from leads.api.errors import Problem
from leads.api.fields import Shape
from leads.api.filters import AccountFilter, ApiFilter, CampaignFilter, EngagementFilter, LeadFilter
from leads.api.inputs import AccountShape, CampaignShape, EngagementShape, LeadShape
from leads.api.schema_parts import Examples, answer, body, query_of, refusals
from leads.api.serializers import (
    AccountDetailSerializer,
    AccountRowsSerializer,
    AccountSerializer,
    CampaignRowsSerializer,
    CampaignSerializer,
    EngagementRowsSerializer,
    EngagementSerializer,
    LeadDetailSerializer,
    LeadRowsSerializer,
    LeadSerializer,
)

LONGEST_BATCH = 500
_UNKNOWN = "colour is no field of this object."
View = TypeVar("View", bound=type)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of row, as the description speaks of it; `said` is the example of a row, `sent` those of a body."""

    name: str
    shape: type[Shape]
    row: type
    rows: type
    detail: type
    filters: type[ApiFilter]
    sent: Examples
    said: Examples
    detail_said: Mapping[str, object]
    what: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            name="lead",
            shape=LeadShape,
            row=LeadSerializer,
            rows=LeadRowsSerializer,
            detail=LeadDetailSerializer,
            filters=LeadFilter,
            sent={"A person with their company": story.LEAD, "A change": story.LEAD_CHANGED},
            said={"A lead": story.LEAD_SAID},
            detail_said=story.LEAD_SAID | {"standing": story.STANDING},
            what="Make a lead or bring it up to date",
        ),
        Kind(
            name="account",
            shape=AccountShape,
            row=AccountSerializer,
            rows=AccountRowsSerializer,
            detail=AccountDetailSerializer,
            filters=AccountFilter,
            sent={"A target account": story.ACCOUNT},
            said={"An account": story.ACCOUNT_SAID},
            detail_said=story.ACCOUNT_SAID | {"standing": story.STANDING},
            what="Make an account or bring it up to date",
        ),
        Kind(
            name="campaign",
            shape=CampaignShape,
            row=CampaignSerializer,
            rows=CampaignRowsSerializer,
            detail=CampaignSerializer,
            filters=CampaignFilter,
            sent={"A campaign": story.CAMPAIGN},
            said={"A campaign": story.CAMPAIGN_SAID},
            detail_said=story.CAMPAIGN_SAID,
            what="Make a campaign or bring it up to date",
        ),
        Kind(
            name="engagement",
            shape=EngagementShape,
            row=EngagementSerializer,
            rows=EngagementRowsSerializer,
            detail=EngagementSerializer,
            filters=EngagementFilter,
            sent={
                "What a lead did": story.WEBINAR,
                "An unknown visitor of an account, found by a tool": story.VISIT,
                "A visitor of whom nothing is known yet": story.VISIT_OF_NOBODY,
                "A visitor who says who they are": story.FORM,
            },
            said={"What a lead did": story.WEBINAR_SAID, "What an unknown visitor did": story.VISIT_SAID},
            detail_said=story.VISIT_SAID,
            what="Report what a lead or a visitor did",
        ),
    )
}


def rows(name: str) -> Callable[[View], View]:
    """The description of a kind's list, and of its POST."""
    kind = KINDS[name]

    def described(view: View) -> View:
        extend_schema(
            operation_id=f"{kind.name}s_list",
            summary=f"List {kind.name}s, the latest first.",
            parameters=query_of(kind.filters),
            responses={200: answer(kind.row(many=True), kind.said), **refusals(400)},
            tags=["intake"],
        )(_own(view, "get"))
        extend_schema(
            operation_id=f"{kind.name}s_take",
            summary=f"{kind.what}; up to {LONGEST_BATCH} in a list, with a result for each.",
            request=body(_one_or_many(kind), {**kind.sent, "Several at once": list(kind.sent.values())}),
            responses={
                200: answer(_known_or_rows(kind), {**_first(kind.said), "A result for each": _results(kind)}),
                201: answer(kind.row, _first(kind.said)),
                **refusals(400, 413, 415),
            },
            tags=["intake"],
        )(_own(view, "post"))
        return view

    return described


def row(name: str) -> Callable[[View], View]:
    """The description of one row's address."""
    kind = KINDS[name]

    def described(view: View) -> View:
        extend_schema(
            operation_id=f"{kind.name}s_read",
            summary=f"One {kind.name}.",
            responses={200: answer(kind.detail, {next(iter(kind.said)): kind.detail_said}), **refusals(404)},
            tags=["intake"],
        )(_own(view, "get"))
        return view

    return described


def _own(view: type, method: str) -> Any:
    """The view's method, to be described without describing those of its siblings."""
    return isolate_view_method(view, method)  # type: ignore[no-untyped-call]


def _one_or_many(kind: Kind) -> Any:
    return PolymorphicProxySerializer(
        component_name=f"{kind.name.title()}Or{kind.name.title()}s",
        serializers=[kind.shape, kind.shape(many=True, max_length=LONGEST_BATCH)],
        resource_type_field_name=None,
        many=False,
    )


def _known_or_rows(kind: Kind) -> Any:
    return PolymorphicProxySerializer(
        component_name=f"Known{kind.name.title()}OrRows",
        serializers=[kind.row, kind.rows],
        resource_type_field_name=None,
        many=False,
    )


def _first(given: Examples) -> Examples:
    return dict([next(iter(given.items()))])


def _results(kind: Kind) -> dict[str, object]:
    wrong = Problem(status=400, detail=_UNKNOWN, fields=(("colour", _UNKNOWN),))
    said = next(iter(kind.said.values()))
    return {"results": [{"status": 201, kind.name: said}, {"status": 400, "problem": wrong.body()}]}
