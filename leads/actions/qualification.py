"""From what was done to an offer, with no hand between: whoever was touched is scored, and judged by the agreement."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

from django.db import connection, transaction

from leads.actions import scoring
from leads.actions.clock import database_now
from leads.actions.offerable import held_back, may_be_contacted, with_strangers
from leads.actions.scoring import Scored
from leads.actions.waking import wake
from leads.logic import qualifying
from leads.logic.agreement import ACCOUNT, LEAD
from leads.logic.qualifying import Judged
from leads.logic.scoring import horizon
from leads.models import Account, Consent, Lead
from leads.reports.agreements import InForce, in_force
from leads.reports.scores import Subject, subjects
from leads.signals import Qualified, lead_qualified

log = logging.getLogger(__name__)

# As an array: looked up once, while IN may be looked up again for each row, and then takes more than it says.
_TAKE = """
DELETE FROM leads_touched WHERE id = ANY(ARRAY(
    SELECT id FROM leads_touched WHERE not_before_at <= clock_timestamp()
    ORDER BY not_before_at, id LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING lead_id, account_id, try_count
"""
# Whatever keeps one of them from being judged is most likely still there a moment later.
_PUT_BACK = """
INSERT INTO leads_touched (lead_id, account_id, try_count, not_before_at)
VALUES (%s, %s, %s, clock_timestamp() + least(interval '1 hour', interval '5 seconds' * 2 ^ least(%s, 20)))
"""
# Of the people known at an account and not to be left alone, those who did something lately: the latest first, then the
# busiest.
_PEOPLE = """
SELECT account_id, lead_id FROM (
    SELECT day.account_id, day.lead_id, row_number() OVER (
        PARTITION BY day.account_id ORDER BY max(day.last_at) DESC, sum(day.count) DESC, day.lead_id) AS place
    FROM leads_engagementday AS day JOIN leads_lead AS lead ON lead.id = day.lead_id
        AND lead.account_id = day.account_id AND lead.merged_into_id IS NULL AND lead.suppressed_at IS NULL
        AND lead.disqualified_at IS NULL AND lead.consent <> %s
    WHERE day.account_id = ANY(%s) AND day.happened_on >= %s
    GROUP BY day.account_id, day.lead_id) AS people
WHERE place <= %s ORDER BY account_id, place
"""
# Somebody may have put right what nothing else tells of, like a rule of routing or the capacity of a rep.
_AT_LEAST_EVERY = dt.timedelta(days=1)
# Who is to be offered for an account is locked before it is known which accounts meet a rule.
_FIRST_PEOPLE = 3

# The campaign of the last thing somebody did for one.
_CAMPAIGNS = """
SELECT DISTINCT ON (engagement.{who}) engagement.{who}, campaign.id, campaign.channel
FROM leads_engagement AS engagement JOIN leads_campaign AS campaign ON campaign.id = engagement.campaign_id
WHERE engagement.{who} = ANY(%s) AND engagement.occurred_at >= %s
ORDER BY engagement.{who}, engagement.occurred_at DESC
"""


@dataclass(frozen=True)
class _Touch:
    lead_id: int | None
    account_id: int | None
    try_count: int


def work(limit: int = 500) -> int:
    """How many touches were taken; 0 when nobody waits. A batch is one transaction with a fixed number of statements.

    Scores every lead and account that was touched, writes their standings, and sends lead_qualified for those that meet
    a rule of the agreement in force; without an agreement nobody is scored. A batch that fails is taken one by one, and
    who fails alone is tried again later, ever less often. Whose time has come to be judged anew is touched first. Locks
    accounts, then leads.
    """
    wake(limit)
    try:
        return _batch(limit)
    except Exception:
        log.exception("a batch could not be judged; taking its leads one by one")
    return sum(_alone() for _ in range(limit))


def drain(limit: int = 500, *, seconds: float = inf) -> int:
    """How many touches were taken until nobody waited any more, or until a batch ended after so many seconds."""
    total, ends = 0, monotonic() + seconds
    while taken := work(limit):
        total += taken
        if monotonic() > ends:
            break
    return total


@transaction.atomic
def _batch(limit: int) -> int:
    touches = _taken(limit)
    if touches and (ruling := in_force()):
        _judge_all(touches, ruling=ruling)
    return len(touches)


@transaction.atomic
def _alone() -> int:
    touches = _taken(1)
    try:
        with transaction.atomic():
            if touches and (ruling := in_force()):
                _judge_all(touches, ruling=ruling)
    except Exception:
        # Whatever it is, it may not keep the others from sales.
        log.exception("a lead or account could not be judged")
        _put_back(touches[0])
    return len(touches)


def _taken(limit: int) -> list[_Touch]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [limit])
        return [_Touch(*row) for row in cursor.fetchall()]


def _put_back(touch: _Touch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK, [touch.lead_id, touch.account_id, touch.try_count + 1, touch.try_count])


def _judge_all(touches: Sequence[_Touch], *, ruling: InForce) -> None:
    reach = dt.timedelta(days=horizon(ruling.agreement))
    locked = _lock(touches, since=(database_now() - reach).date() if _asks_of_accounts(ruling) else None)
    now = database_now()
    today, since = now.astimezone(dt.UTC).date(), now - reach
    found = subjects(lead_ids=locked.leads, account_ids=locked.accounts, on=today, within_days=reach.days)
    judged = [(one, qualifying.judge(ruling.agreement, one.facts, one.days, of=_of(one), on=today)) for one in found]
    ready = [_Ready(one, verdict, locked.people_for(one)) for one, verdict in judged if verdict.rule]
    offers = _announce(ready, ruling=ruling, now=now, since=since)
    scoring.keep(
        [_scored(one, verdict, offers.get(id(one)), at=now) for one, verdict in judged],
        agreement_pk=ruling.pk,
        at=now,
    )


@dataclass
class _Ready:
    """A subject that meets a rule; of an account `people` are those to be offered, the best first."""

    subject: Subject
    judged: Judged
    people: Sequence[Lead] = ()


@dataclass(frozen=True)
class _Locked:
    """The accounts and leads to be judged, by primary key, and of each account whom it could be offered with, the best
    first.
    """

    accounts: Sequence[int]
    leads: Sequence[int]
    people: Mapping[int, Sequence[Lead]]

    def people_for(self, one: Subject) -> Sequence[Lead]:
        return self.people.get(one.account.pk, ()) if one.account and not one.lead else ()


def _lock(touches: Iterable[_Touch], *, since: dt.date | None) -> _Locked:
    """Lock those touched and the accounts of the leads touched, and who did something there `since` (None: nobody is
    asked for). Accounts first, then all of the leads at once: intake locks them in this order too.
    """
    lead_ids = {one.lead_id for one in touches if one.lead_id}
    account_ids = {one.account_id for one in touches if one.account_id}
    of_leads = Lead.objects.filter(pk__in=lead_ids, account__isnull=False).values_list("account_id", flat=True)
    account_ids |= {pk for pk in of_leads if pk}
    accounts = Account.objects.filter(pk__in=account_ids, merged_into=None).order_by("pk")
    account_pks = list(accounts.select_for_update(no_key=True).values_list("pk", flat=True))
    active = _active(account_pks, since=since) if since and account_pks else []
    leads = Lead.objects.filter(pk__in={*lead_ids, *(pk for _, pk in active)}, merged_into=None).order_by("pk")
    known = {lead.pk: lead for lead in leads.select_for_update(no_key=True)}
    people: dict[int, list[Lead]] = defaultdict(list)
    for account_id, lead_id in active:
        lead = known.get(lead_id)
        # Whatever was true before the wait for the lock.
        if lead and lead.account_id == account_id and may_be_contacted(lead):
            people[account_id].append(lead)
    return _Locked(account_pks, [pk for pk in known if pk in lead_ids], people)


def _active(accounts: Sequence[int], *, since: dt.date) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [Consent.OPT_OUT, list(accounts), since, _FIRST_PEOPLE])
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def _asks_of_accounts(ruling: InForce) -> bool:
    return any(rule.of == ACCOUNT for rule in ruling.agreement.rules)


def _of(one: Subject) -> str:
    return LEAD if one.lead else ACCOUNT


def _announce(
    ready: Sequence[_Ready], *, ruling: InForce, now: dt.datetime, since: dt.datetime
) -> dict[int, Qualified]:
    """What became of each that is ready, by the identity of its subject."""
    offers = {id(one.subject): _qualified(one, ruling=ruling, now=now) for one in ready}
    _name_campaigns(list(offers.values()), since=since)
    strangers = with_strangers(list(offers.values()), since=since)
    for one in offers.values():
        one.held_back = held_back(one, ruling.agreement.duties, now=now)
        if not one.lead and one.account and one.account.pk not in strangers:
            one.held_back = "Nobody there may be contacted: everything was done by people who are known."
    asked = [one for one in offers.values() if not one.held_back]
    if asked:
        lead_qualified.send(sender=Lead, qualified=_each_once(asked), at=now)
    return offers


def _each_once(asked: Sequence[Qualified]) -> list[Qualified]:
    """Those to be offered; who is ready twice, as a person and as the person of an account, is offered once."""
    seen: dict[tuple[str, int], Qualified] = {}
    for one in asked:
        key = ("lead", one.lead.pk) if one.lead else ("account", one.account.pk if one.account else 0)
        if key in seen:
            one.held_back = "Its person meets a rule of their own, which comes first."
        else:
            seen[key] = one
    return list(seen.values())


def _qualified(ready: _Ready, *, ruling: InForce, now: dt.datetime) -> Qualified:
    subject, judged = ready.subject, ready.judged
    assert judged.rule is not None
    lead = subject.lead or (ready.people[0] if ready.people else None)
    engaged_at = max((day.last_at for day in subject.days), default=now)
    return Qualified(
        lead=lead,
        account=subject.account,
        fit=judged.fit.value,
        intent=judged.intent.value,
        parts={"fit": judged.fit.parts, "intent": judged.intent.parts},
        rule=judged.rule.key,
        why=judged.why,
        engaged_at=engaged_at,
        qualified_at=now,
        agreement_id=ruling.pk,
        is_of_account=subject.lead is None,
        again_after_days=ruling.agreement.duties.again_after_days,
    )


def _name_campaigns(offers: Sequence[Qualified], *, since: dt.datetime) -> None:
    for column in ("lead_id", "account_id"):
        ours: dict[int, list[Qualified]] = defaultdict(list)
        for one in offers:
            if column == "lead_id" and one.lead:
                ours[one.lead.pk].append(one)
            elif column == "account_id" and one.account and not one.lead:
                ours[one.account.pk].append(one)
        if not ours:
            continue
        with connection.cursor() as cursor:
            cursor.execute(_CAMPAIGNS.format(who=column), [list(ours), since])
            for pk, campaign_id, channel in cursor.fetchall():
                for one in ours[pk]:
                    one.campaign_id, one.channel = campaign_id, channel


def _scored(subject: Subject, judged: Judged, offer: Qualified | None, *, at: dt.datetime) -> Scored:
    return Scored(
        lead_id=subject.lead.pk if subject.lead else None,
        account_id=subject.account.pk if subject.account and not subject.lead else None,
        fit=judged.fit,
        intent=judged.intent,
        rule=judged.rule.key if judged.rule else "",
        why=judged.why,
        held_back=offer.held_back if offer else "",
        again_at=_again_at(offer, at=at) if offer and offer.held_back else None,
        met_at=at if judged.rule else None,
    )


def _again_at(offer: Qualified, *, at: dt.datetime) -> dt.datetime:
    latest = at + _AT_LEAST_EVERY
    return min(latest, offer.again_at) if offer.again_at and offer.again_at > at else latest
