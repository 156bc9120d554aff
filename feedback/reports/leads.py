"""One lead across its handoffs."""

from dataclasses import dataclass
from uuid import UUID

from feedback.logic.rights import Person
from feedback.models import Handoff
from leads.logic.errors import NotFound
from leads.logic.why_now import Sight
from leads.models import Lead, Standing
from leads.reports.timeline import Happening, happenings, sights

_MOST = 50


@dataclass(frozen=True, kw_only=True)
class LeadDetail:
    """`handoffs` are those the reader may see, newest first; `history` tells of them alone."""

    lead: Lead
    handoffs: list[Handoff]
    own: list[Sight]
    history: list[Happening]
    standing: Standing | None


def lead_detail(uid: UUID, *, person: Person) -> LeadDetail:
    """The lead, or the one it was merged into, when the person may see one of its handoffs or sees all; NotFound
    otherwise. Four statements.
    """
    lead = Lead.objects.select_related(*_of_lead(), *_of_lead("merged_into__")).filter(uid=uid).first()
    if lead is not None:
        lead = lead.merged_into or lead
    handoffs: list[Handoff] = []
    if lead is not None:
        visible = Handoff.objects.visible_to(person).filter(lead=lead)
        related = ("lead", "owner__user", "reason", "campaign", "team")
        handoffs = list(visible.select_related(*related).order_by("-id")[:_MOST])
    if lead is None or not (handoffs or person.sees_all):
        raise NotFound("There is no such lead, or it is not yours to see.")
    seen = {handoff.uid for handoff in handoffs}
    own, _ = sights(lead_id=lead.pk, account_id=None, limit=100)
    history = [
        one for one in happenings(lead_uid=lead.uid, limit=200) if one.handoff_uid in seen or one.handoff_uid is None
    ]
    return LeadDetail(lead=lead, handoffs=handoffs, own=own, history=history, standing=getattr(lead, "standing", None))


def _of_lead(prefix: str = "") -> tuple[str, str]:
    return f"{prefix}account", f"{prefix}standing__agreement"
