"""When a rep is away, read and written by another system."""

from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.actions import absences
from feedback.api import schema
from feedback.api.base import PersonApiView, parsed
from feedback.api.inputs import AbsenceShape
from feedback.api.serializers import AbsenceSerializer
from feedback.logic.rights import Person, may_plan
from feedback.models import Absence, Rep
from leads.api.serializers import listed
from leads.logic.errors import NotAllowed, NotFound
from leads.models import Scope

LONGEST_LIST = 200


class AbsencesView(PersonApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.DECIDE}

    @schema.absences
    def get(self, request: Request, uid: UUID) -> Response:
        """The rep's absences that run or are to come, by when they begin; at most 200."""
        rep = _planned_by(self.person(), uid)
        rows = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=Now()), rep=rep).order_by("starts_at", "id")
        return Response({"results": listed(AbsenceSerializer, rows[:LONGEST_LIST])})

    @schema.adding_absence
    def post(self, request: Request, uid: UUID) -> Response:
        """Have the rep left out of the line for a while."""
        added = absences.add(uid, by=self.person(), **parsed(AbsenceShape, request.data))
        return Response(AbsenceSerializer(added).data, status=201)


class AbsenceView(PersonApiView):
    scopes = {"DELETE": Scope.DECIDE}

    @schema.removing_absence
    def delete(self, request: Request, uid: UUID, absence_uid: UUID) -> Response:
        """Take an absence back; one that has begun ends now."""
        person = self.person()
        rep = _planned_by(person, uid)
        if not Absence.objects.filter(uid=absence_uid, rep=rep).exists():
            raise NotFound("There is no such absence.")
        absences.remove(absence_uid, by=person)
        return Response(status=204)


def _planned_by(person: Person, uid: UUID) -> Rep:
    """The rep, whose absences and what they are for are the business of who plans them."""
    rep = Rep.objects.visible_to(person).select_related("user").filter(uid=uid).first()
    if rep is None:
        raise NotFound("There is no such rep.")
    if not may_plan(person, rep_id=rep.pk, team_id=rep.team_id):
        raise NotAllowed(f"You may not see when {rep} is away.")
    return rep
