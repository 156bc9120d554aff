"""A visitor whom sales has already says who they are: the open handoff of the account becomes theirs."""

import datetime as dt
from collections.abc import Sequence

from feedback.actions.announce import announce
from feedback.logic.rights import LEADLOOP
from feedback.logic.states import ACTIVE, OPEN
from feedback.models import Handoff
from leads.actions.notices import tell_many
from leads.models import Notice
from leads.signals import Qualified


def take_names(qualified: Sequence[Qualified], *, at: dt.datetime) -> list[Qualified]:
    """Those who were given the open handoff of their account, of which nobody was known; `handoff_uid` is set on them.

    Scores, reason and clocks of the handoff stay as they are; its owner gets a notice. The caller holds accounts and
    leads locked. Two statements, and for those who are given one three more together and one each. Locks the handoffs.
    Sends handoff_changed("identified").
    """
    asked = {one.account.pk: one for one in reversed(qualified) if one.lead and one.account and not one.is_of_account}
    if not asked:
        return []
    leads = [one.lead.pk for one in asked.values() if one.lead]
    busy = set(Handoff.objects.filter(lead__in=leads, state__in=sorted(ACTIVE)).values_list("lead_id", flat=True))
    rows = Handoff.objects.filter(account__in=asked, lead=None, state__in=sorted(OPEN)).order_by("pk")
    named: dict[int, Handoff] = {}
    for handoff in rows.select_for_update(no_key=True, of=("self",)).select_related("owner"):
        one = asked[handoff.account_id or 0]
        if one.lead and one.lead.pk not in busy:
            handoff.lead = one.lead
            handoff.save(update_fields=["lead"])
            one.handoff_uid = handoff.uid
            named[one.lead.pk] = handoff
    if named:
        announce(list(named.values()), "identified", by=LEADLOOP, at=at)
        tell_many(_notices(list(named.values())))
    return [one for one in asked.values() if one.handoff_uid]


def _notices(handoffs: Sequence[Handoff]) -> list[Notice]:
    return [
        Notice(
            user_id=one.owner.user_id,
            kind="handoff.identified",
            handoff_uid=one.uid,
            subject=str(one.lead)[:200],
            dedup_key=f"identified:{one.uid}",
        )
        for one in handoffs
        if one.owner
    ]
