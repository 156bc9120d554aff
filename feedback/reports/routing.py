"""What routing looks at, read in a fixed number of statements; and what it would do, without doing it."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from feedback import availability
from feedback.logic import routing as logic
from feedback.logic.routing import ROUTING, Ask, Given, Matched, Member, Refused, Rule, Step
from feedback.logic.states import State
from feedback.logic.turns import Seat
from feedback.models import Absence, AbsenceKind, AccountOwner, Handoff, Rep, RoutingRule, Team, Turn
from leads.logic.conditions import Condition
from leads.logic.errors import InvalidInput
from leads.models import Account, Lead
from leads.reports.facts import facts_of

ROUTED = "handoff.routed"
"""The journal's kind for the trace: {"team", "owner", "rule": uids or None, "steps"}."""

REFUSED = (State.REJECTED, State.RETURNED, State.TURNED_BACK)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A lead with its account, or an account alone, for which a rep is looked for. `avoid` holds the row numbers of
    reps who shall not have it.
    """

    lead: Lead | None = None
    account: Account | None = None
    channel: str = ""
    campaign: str = ""
    fit: int | None = None
    intent: int | None = None
    avoid: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a lead goes: to `owner`, else to the queue of `team`, else nowhere. `rule` is the uid of the rule that
    took it, "" for none; `steps` is the trace (feedback.logic.routing.Step).
    """

    team: Team | None
    owner: Rep | None
    rule: str
    steps: tuple[Step, ...]


def is_routed() -> bool:
    """Whether anything says who gets a lead that names neither team nor rep; one statement."""
    rules = RoutingRule.objects.filter(is_active=True).values("pk")[:1]
    return bool(rules.union(AccountOwner.objects.values("pk")[:1], all=True))


def active_rules() -> list[Rule]:
    """The rules that are asked, in their order; one statement."""
    rows = RoutingRule.objects.filter(is_active=True).select_related("team")
    return [rule_of(row) for row in rows]


def rule_of(row: RoutingRule) -> Rule:
    """A rule, read. A condition that means nothing any more holds for nobody."""
    return Rule(
        pk=row.pk,
        uid=str(row.uid),
        conditions=[_condition(one) for one in row.conditions],
        team=row.team_id,
        team_is_active=row.team.is_active,
        by_hours=row.by_hours,
    )


def _condition(kept: Mapping[str, Any]) -> Condition:
    try:
        return ROUTING.read(kept["field"], kept["operator"], written(kept["value"]))
    except InvalidInput:
        return Condition(kept["field"], "in", ())


def written(value: object) -> str:
    """The value of a kept condition as it is typed: lists with commas, "" for none."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Which rule each asked lead meets, and who owns its account (row numbers of reps)."""

    asks: Sequence[Ask]
    matched: Sequence[Matched]
    only_team: int | None

    @property
    def rule_ids(self) -> list[int]:
        """The rules that take something, by row number."""
        return sorted({one.rule.pk for one in self.matched if one.rule})

    @property
    def owner_ids(self) -> list[int]:
        """The owners of the accounts, by row number."""
        return sorted({one.owner for one in self.asks if one.owner})

    @property
    def by_hours(self) -> bool:
        """Whether any of the rules looks at hours."""
        return any(one.rule.by_hours for one in self.matched if one.rule)


def matches(asked: Sequence[Asked]) -> Matches:
    """The rule of each asked lead; four statements at most: rules, owners, refusals, and teams if some meet no rule."""
    rules = active_rules()
    owners = _owners({one.account.pk for one in asked if one.account and one.account.pk})
    refused = _refused(asked)
    asks = [
        Ask(
            facts=facts(one),
            owner=owners.get(one.account.pk) if one.account else None,
            avoid=one.avoid,
            refused=refused.get(_key(one), {}),
        )
        for one in asked
    ]
    matched = [logic.match(rules, one.facts) for one in asks]
    only_team = None
    if any(one.rule is None for one in matched):
        teams = list(Team.objects.filter(is_active=True).values_list("pk", flat=True)[:2])
        only_team = teams[0] if len(teams) == 1 else None
    return Matches(asks=asks, matched=matched, only_team=only_team)


def facts(asked: Asked) -> dict[str, str | int | None]:
    """What the rules may ask of it."""
    own = {"channel": asked.channel, "campaign": asked.campaign, "fit": asked.fit, "intent": asked.intent}
    return {**facts_of(asked.lead, asked.account), **own}


def _owners(account_ids: Collection[int]) -> dict[int, int]:
    owned = AccountOwner.objects.extra(where=["account_id = ANY(%s)"], params=[list(account_ids)])
    return dict(owned.values_list("account_id", "rep_id"))


def _key(asked: Asked) -> tuple[str, int]:
    if asked.lead:
        return "lead", asked.lead.pk or 0
    return "account", (asked.account.pk or 0) if asked.account else 0


def _refused(asked: Sequence[Asked]) -> dict[tuple[str, int], dict[int, Refused]]:
    """What reps said to these very leads (or accounts, where no lead is known) before; one statement."""
    leads = [one.lead.pk for one in asked if one.lead and one.lead.pk]
    accounts = [one.account.pk for one in asked if one.account and one.account.pk and not one.lead]
    rows = (
        Handoff.objects.filter(state__in=REFUSED, owner__isnull=False)
        .extra(where=["(lead_id = ANY(%s) OR (lead_id IS NULL AND account_id = ANY(%s)))"], params=[leads, accounts])
        .order_by("id")
        .values_list("lead_id", "account_id", "owner_id", "state", "decided_at", "disposed_at")
    )
    found: dict[tuple[str, int], dict[int, Refused]] = {}
    for lead_id, account_id, owner_id, state, decided_at, disposed_at in rows:
        key = ("lead", lead_id) if lead_id else ("account", account_id)
        found.setdefault(key, {})[owner_id] = Refused(how=state, at=disposed_at or decided_at)
    return found


def candidates(found: Matches) -> Q:
    """Which reps may come into question: owners of accounts, and who stands in the lines of the rules."""
    in_line = Turn.objects.filter(rule__in=found.rule_ids).values("rep")
    return Q(pk__in=found.owner_ids) | Q(pk__in=in_line)


def lines(turns: Iterable[Turn], reps: Mapping[int, Rep]) -> dict[int, list[Seat]]:
    """The line of each rule, by its row number: its members, or where it names none every rep of its team."""
    by_rule: dict[int, list[Turn]] = {}
    for turn in turns:
        by_rule.setdefault(turn.rule_id, []).append(turn)
    return {rule: _line(rows, reps) for rule, rows in by_rule.items()}


def _line(turns: Sequence[Turn], reps: Mapping[int, Rep]) -> list[Seat]:
    members = [turn for turn in turns if turn.is_member]
    if members:
        return [_seat(turn, weight=turn.weight) for turn in members if turn.rep_id in reps]
    team = turns[0].rule.team_id
    return [
        _seat(turn, weight=1)
        for turn in turns
        if (rep := reps.get(turn.rep_id)) and rep.team_id == team and rep.is_active and rep.user.is_active
    ]


def _seat(turn: Turn, *, weight: int) -> Seat:
    return Seat(pk=turn.pk or 0, rep=turn.rep_id, weight=weight, credit=turn.credit, owed=turn.owed)


def members(reps: Mapping[int, Rep], *, at: dt.datetime, by_hours: bool) -> dict[int, Member]:
    """The reps as routing sees them at `at`; one statement, and what the hours take."""
    away: dict[int, Absence] = {}
    rows = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), rep__in=list(reps), starts_at__lte=at)
    for absence in rows.order_by("ends_at"):
        away[absence.rep_id] = absence
    hours = availability.at_work(list(reps), at) if by_hours else {}
    found: dict[int, Member] = {}
    for pk, rep in reps.items():
        absence_now, at_work = away.get(pk), hours.get(pk)
        found[pk] = Member(
            pk=pk,
            uid=str(rep.uid),
            team=rep.team_id,
            capacity=rep.capacity,
            is_active=rep.is_active and rep.user.is_active and rep.team.is_active,
            is_benched=bool(absence_now and absence_now.kind == AbsenceKind.BENCHED),
            away_until=absence_now.ends_at if absence_now and absence_now.kind == AbsenceKind.AWAY else None,
            is_at_work=at_work is None or at_work.now,
            opens_at=at_work.opens_at if at_work else None,
        )
    return found


def loads(rep_ids: Collection[int]) -> dict[int, int]:
    """How many open handoffs each of the reps has, those with none left out; one statement."""
    rows = Handoff.objects.open().filter(owner__in=list(rep_ids)).order_by()
    return dict(rows.values_list("owner").annotate(Count("pk")))


def route_of(given: Given, *, reps: Mapping[int, Rep], teams: Mapping[int, Team]) -> Route:
    """What was decided, with the rows it speaks of."""
    owner = reps[given.rep] if given.rep else None
    team = owner.team if owner else teams[given.team] if given.team else None
    steps = tuple(
        step if step["what"] != "queue" or not team else {**step, "team": str(team.uid)} for step in given.steps
    )
    return Route(team=team, owner=owner, rule=given.rule, steps=steps)


def teams_of(found: Matches) -> dict[int, Team]:
    """The teams to whose queues something may go; one statement."""
    ids = {one.rule.team for one in found.matched if one.rule} | ({found.only_team} if found.only_team else set())
    return Team.objects.in_bulk(sorted(ids))


def preview(asked: Asked, *, at: dt.datetime) -> Route:
    """Who would get it at `at`, and why. Locks and writes nothing, and takes nobody's turn."""
    found = matches([asked])
    rule = found.matched[0].rule
    turns = list(Turn.objects.filter(rule__in=found.rule_ids).select_related("rule").order_by("pk"))
    reps = {rep.pk: rep for rep in Rep.objects.filter(candidates(found)).select_related("user", "team").order_by("pk")}
    if rule and not any(turn.is_member for turn in turns):
        # Who has not had a turn yet has no place in the table.
        newcomers = Rep.objects.filter(team=rule.team, is_active=True).exclude(pk__in=[turn.rep_id for turn in turns])
        row = RoutingRule.objects.get(pk=rule.pk)
        for rep in newcomers.select_related("user", "team").order_by("pk"):
            reps[rep.pk] = rep
            turns.append(Turn(pk=2**62 + rep.pk, rule=row, rep=rep, is_member=False))
    given = logic.give(
        found.asks[0],
        found.matched[0],
        members=members(reps, at=at, by_hours=found.by_hours),
        loads=loads(reps),
        seats=lines(turns, reps).get(rule.pk, []) if rule else [],
        only_team=found.only_team,
    )
    return route_of(given, reps=reps, teams=teams_of(found))
