"""Who is told inside LeadLoop that something is asked, and that the wait is over."""

from django.contrib.auth import get_user_model

from feedback.logic.holds import HoldEnd
from feedback.logic.rights import MARKETER, Person
from feedback.models import Handoff, Hold
from leads.actions.notices import tell_many
from leads.models import Notice

_KINDS = {
    HoldEnd.ANSWERED: "hold.answered",
    HoldEnd.LIMIT: "hold.limit",
    HoldEnd.PROSPECT_ACTED: "hold.prospect_acted",
}


def tell_asked(handoff: Handoff, hold: Hold, *, by: Person) -> None:
    """Tell every marketer that a rep asks something; a campaign has no marketers of its own."""
    marketers = get_user_model()._default_manager.filter(is_active=True, groups__name=MARKETER)
    tell_many(
        Notice(
            user_id=user_id,
            kind="hold.asked",
            handoff_uid=handoff.uid,
            subject=_subject(handoff),
            dedup_key=f"hold:{hold.uid}:asked:{user_id}",
        )
        for user_id in list(marketers.values_list("pk", flat=True))
        if user_id != by.user_id
    )


def tell_ended(handoff: Handoff, hold: Hold, *, by: Person) -> None:
    """Tell who works the handoff, or else who put it on hold, that the answer came, the prospect acted or the limit
    passed; not about their own doing.
    """
    user_id = handoff.owner.user_id if handoff.owner else hold.by_id
    if user_id is None or user_id == by.user_id:
        return
    kind = "hold.answered" if hold.answer else _KINDS[HoldEnd(hold.ended_because)]
    tell_many(
        [
            Notice(
                user_id=user_id,
                kind=kind,
                handoff_uid=handoff.uid,
                subject=_subject(handoff),
                dedup_key=f"{kind}:{hold.uid}:{user_id}",
            )
        ]
    )


def _subject(handoff: Handoff) -> str:
    return str(handoff.lead or handoff.account)[:200]
