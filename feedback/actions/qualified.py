"""Offering who met the agreement's MQL rule, or saying why not."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Case, Q, When
from django.db.models.functions import Coalesce

from feedback.actions.identified import take_names
from feedback.actions.offer_input import KnownOffer
from feedback.actions.offers import offer_known
from feedback.logic.recycling import Ended, Plan, again_at, why_not_again
from feedback.logic.rights import LEADLOOP
from feedback.logic.states import ACTIVE, State
from feedback.models import Handoff
from leads.models import Account, JournalEntry, Lead
from leads.signals import Qualified

_LONGEST = 300


def offer_qualified(qualified: Sequence[Qualified], *, at: dt.datetime) -> None:
    """Offer each of them through routing, or set `held_back` to the reason, and `again_at` to when that will be over
    where it is known; `handoff_uid` is set on what was offered.

    Who says their name while the account's handoff waits for one is given that.

    Inside the caller's transaction, which holds the accounts and leads locked. A fixed number of statements. Sends
    handoff_changed("offered") once for all.
    """
    last = _last_ended(qualified)
    welcome = [one for one in qualified if not _why_not_again(one, last, at=at)]
    named = take_names(welcome, at=at)
    qualified = [one for one in qualified if one not in named]
    busy = _with_sales(qualified)
    ready: list[Qualified] = []
    people: dict[int, Lead] = {}
    # Whole accounts last: each waits for its people.
    for one in sorted(qualified, key=lambda one: one.is_of_account):
        one.held_back = busy.get(_key(one), "") or _why_not_again(one, last, at=at)
        account_id = one.account.pk if one.account else 0
        if one.is_of_account and account_id in people and not one.held_back:
            one.held_back = f"{people[account_id]} is offered in the same moment, by a rule of their own."
        before = last.get(_key(one))
        one.again_at = again_at(before, again_after_days=one.again_after_days) if before else None
        if not one.held_back:
            ready.append(one)
            if one.lead and one.account:
                people[account_id] = one.lead
    if not ready:
        return
    for one, result in zip(ready, offer_known([_offer(one) for one in ready], by=LEADLOOP), strict=True):
        if result.handoff:
            one.handoff_uid = result.handoff.uid
        elif result.error:
            one.held_back = result.error.message[:_LONGEST]


def _why_not_again(one: Qualified, last: Mapping[tuple[str, int], Ended], *, at: dt.datetime) -> str:
    return why_not_again(
        last.get(_key(one)),
        engaged_at=one.engaged_at,
        consent=one.lead.consent if one.lead else "",
        again_after_days=one.again_after_days,
        now=at,
    )


def _offer(one: Qualified) -> KnownOffer:
    return KnownOffer(
        lead=one.lead,
        account=one.account,
        campaign_id=one.campaign_id,
        channel=one.channel,
        fit=one.fit,
        intent=one.intent,
        score_parts=one.parts,
        why=one.why,
        engaged_at=one.engaged_at,
        qualified_at=one.qualified_at,
        agreement_id=one.agreement_id,
        mql_rule=one.rule,
    )


def _key(one: Qualified) -> tuple[str, int]:
    if one.lead:
        return "lead", one.lead.pk
    assert one.account is not None
    return "account", one.account.pk


def _with_sales(qualified: Sequence[Qualified]) -> Mapping[tuple[str, int], str]:
    """Of whom sales has an open handoff, and in words whose it is. A whole account waits for each of its people; and
    its people for a handoff of the account alone.
    """
    accounts = _keys(one.account for one in qualified)
    rows = (
        Handoff.objects.filter(state__in=sorted(ACTIVE))
        .filter(Q(lead__in=_keys(one.lead for one in qualified)) | Q(account__in=accounts))
        .select_related("lead")
        .order_by("pk")
    )
    people: dict[int, Handoff] = {}
    alone: dict[int, Handoff] = {}
    anybody: dict[int, Handoff] = {}
    for row in rows:
        if row.lead_id:
            people.setdefault(row.lead_id, row)
        elif row.account_id:
            alone.setdefault(row.account_id, row)
        if row.account_id:
            anybody.setdefault(row.account_id, row)
    found = {}
    for one in qualified:
        account_id = one.account.pk if one.account else 0
        # A rule about an account offers its people, but only while nobody of it is with sales.
        theirs = people.get(one.lead.pk) if one.lead else None
        open_one = theirs or (anybody if one.is_of_account else alone).get(account_id)
        if open_one:
            found[_key(one)] = f"{_who(open_one)} with sales already; one open handoff at a time."
    return found


def _who(row: Handoff) -> str:
    return f"{row.lead} is" if row.lead else "Its account is"


def _last_ended(qualified: Sequence[Qualified]) -> Mapping[tuple[str, int], Ended]:
    """The last handoff that each of them had and that is over, one that was won before all others; of an account, of
    those without a person. The last is the one that was decided last: one recalled while an older went on is not.
    """
    rows = Handoff.objects.exclude(state__in=sorted(ACTIVE | {State.TURNED_BACK})).select_related(
        "reason", "recycle_plan"
    )
    is_won = Case(When(state=State.WON, then=0), default=1)
    own = Case(When(state=State.LOST, then="closed_at"), default=Coalesce("disposed_at", "decided_at"))
    last = is_won, Coalesce(own, "offered_at").desc(), "-pk"
    of_leads = rows.filter(lead__in=_keys(one.lead for one in qualified)).order_by("lead_id", *last)
    alone = rows.filter(account__in=_keys(one.account for one in qualified if not one.lead), lead=None)
    of_accounts = alone.order_by("account_id", *last).distinct("account_id")
    found = {("lead", row.lead_id or 0): row for row in of_leads.distinct("lead_id")}
    found |= {("account", row.account_id or 0): row for row in of_accounts}
    ends = _ends(found.values())
    return {key: _ended(row, ends.get(row.uid)) for key, row in found.items()}


def _ends(rows: Iterable[Handoff]) -> dict[UUID, dt.datetime]:
    """When those ended that do not say so themselves, as the journal knows it."""
    silent = [row.uid for row in rows if row.state in (State.EXPIRED, State.RECALLED)]
    kinds = ("handoff.expired", "handoff.recalled")
    entries = JournalEntry.objects.filter(handoff_uid__in=silent, kind__in=kinds).order_by("pk")
    return {uid: at for uid, at in entries.values_list("handoff_uid", "occurred_at") if uid} if silent else {}


def _ended(row: Handoff, end: dt.datetime | None) -> Ended:
    plan = getattr(row, "recycle_plan", None)
    return Ended(
        state=State(row.state),
        ended_at=end or row.closed_at or row.disposed_at or row.decided_at or row.offered_at,
        reason=row.reason.label if row.reason else "",
        plan=Plan(not_before_at=plan.not_before_at, condition=plan.condition) if plan else None,
        is_met=bool(plan and plan.met_at),
    )


def _keys(rows: Iterable[Lead | Account | None]) -> list[int]:
    return [row.pk for row in rows if row]
