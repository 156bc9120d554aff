"""Everything that brings leads to sales, at once for a few seconds: nobody deadlocks, and the books still balance."""

import datetime as dt
import logging
import random
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from time import monotonic

import pytest
from django.db import OperationalError, connection
from django.db.models import F, Sum
from psycopg.errors import LockNotAvailable

from feedback.actions import decisions, owners, reviews
from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer_many
from feedback.actions.outcomes import OutcomeInput, record_outcome
from feedback.actions.undo import undo
from feedback.logic.rights import LEADLOOP
from feedback.logic.states import ACTIVE, WITH_REASON
from feedback.models import AccountOwner, Handoff, RoutingRule, Turn, person_of
from leads.actions import duplicates, qualification, waking
from leads.actions.engagements import EngagementInput
from leads.actions.intake import take_engagements, take_leads
from leads.actions.merging import merge_accounts, merge_leads
from leads.actions.people import AccountInput, LeadInput
from leads.actions.visitors import VisitorInput, stitch
from leads.logic.errors import LeadLoopError
from leads.models import Account, Agreement, EngagementDay, JournalEntry, Lead, Standing, Touched, Visitor
from sla.models import Clock
from tests.factories import RepFactory, TeamFactory, ago, agreement, as_person, manager_of, marketer, policy

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 5.0
URLS = ("/pricing", "/pricing", "/demo", "/docs", "/careers", "")
REASONS = (
    ("data.fake_or_test", {}),
    ("intent.below_bar", {}),
    ("fit.industry", {"industry": "farming"}),
    ("data.insufficient", {"missing_fields": "phone"}),
)


class Weather:
    """One company, and what is done to it by one thread; older leads, accounts and visitors fade as time goes on."""

    def __init__(self, seed: object) -> None:
        self.dice, self.began = random.Random(seed), monotonic()

    def number(self, many: int) -> int:
        """One of `many` in use now; every half second the lowest goes and a new one comes."""
        return int((monotonic() - self.began) * 2) + self.dice.randrange(many)

    def domain(self) -> str:
        return f"company{self.number(6)}.example"

    def account(self) -> AccountInput:
        known = {"industry": "logistics", "employee_count": 400, "is_target": True}
        domain = self.domain()
        return AccountInput(name=domain.title(), domain=domain, **known)

    def lead(self) -> LeadInput:
        domain = self.domain()
        email = f"person{self.dice.randrange(3)}@{domain}"
        account = self.account() if self.dice.random() < 0.3 else None
        return LeadInput(email=email, title=self.dice.choice(("", "Head of Things", "VP")), account=account)

    def visitor(self) -> VisitorInput:
        return VisitorInput(external_id=f"browser{self.number(12)}", external_system="site")

    def engagement(self) -> EngagementInput:
        who = self.dice.choice(("lead", "lead", "visitor", "visitor at", "account", "naming"))
        return EngagementInput(
            kind=self.dice.choice(("page_view", "page_view", "form", "trial")),
            occurred_at=ago(minutes=self.dice.choice((0, 1, 60, 60 * 24, 60 * 24 * 40))),
            url=self.dice.choice(URLS),
            lead=self.lead() if who in ("lead", "naming") else None,
            visitor=self.visitor() if who in ("visitor", "visitor at", "naming") else None,
            account=self.account() if who in ("visitor at", "account") else None,
            external_id=f"e{self.number(40)}" if self.dice.random() < 0.3 else "",
            external_system="crm",
        )

    def take_in(self) -> None:
        many = self.dice.choice((1, 1, 3, 8, 40))
        results = take_engagements([self.engagement() for _ in range(many)])
        assert not [one.error for one in results if one.error]

    def tell_of_people(self) -> None:
        take_leads([self.lead() for _ in range(self.dice.choice((1, 5)))])

    def stitch(self) -> None:
        visitor, lead = self.any(Visitor), self.any(Lead)
        stitch(visitor, lead, by=LEADLOOP)

    def merge(self) -> None:
        if self.dice.random() < 0.7:
            merge_leads(self.any(Lead), self.any(Lead), by=LEADLOOP)
        else:
            merge_accounts(self.any(Account), self.any(Account), by=LEADLOOP)

    def any(self, model):
        """The uid of one of the latest."""
        return self.dice.choice(list(model.objects.order_by("-pk").values_list("uid", flat=True)[:12]))

    def offer(self) -> None:
        leads = [OfferInput(lead=self.lead()) for _ in range(3)]
        offers = [*leads, *(OfferInput(account=self.account()) for _ in range(2))]
        self.dice.shuffle(offers)
        offer_many(offers, by=LEADLOOP)

    def decide(self) -> None:
        handoff = self.a_handoff()
        if handoff.owner is None:
            decisions.turn_back(handoff.uid, by=LEADLOOP)
            return
        rep = as_person(handoff.owner)
        what = self.dice.choice(("accept", "reject", "reject", "turn back", "return", "lose", "recall", "expire"))
        reason, evidence = self.dice.choice(REASONS)
        if what == "accept":
            decisions.accept(handoff.uid, by=rep)
        elif what == "reject":
            decisions.reject(handoff.uid, by=rep, reason=reason, evidence=evidence)
        elif what == "return":
            decisions.return_after_work(handoff.uid, by=rep, reason="data.left_company")
        elif what == "lose":
            record_outcome(handoff.uid, OutcomeInput(kind="lost"), by=rep)
        elif what == "recall":
            owners.recall(handoff.uid, by=self.mia)
        elif what == "expire":
            owners.expire(handoff.uid, by=LEADLOOP)
        else:
            decisions.turn_back(handoff.uid, by=rep)

    def undo(self) -> None:
        handoff = self.a_handoff(state__in=("accepted", "rejected", "turned_back"))
        undo(handoff.uid, by=person_of(handoff.decided_by))

    def uphold(self) -> None:
        reviews.uphold(self.a_handoff(state__in=WITH_REASON, upheld_at=None).uid, by=self.mia)

    def unuphold(self) -> None:
        reviews.unuphold(self.a_handoff(upheld_at__isnull=False).uid, by=self.mia)

    def look_again(self) -> None:
        waking.look_again()
        threading.Event().wait(0.2)

    def reassign(self) -> None:
        handoff, to = self.a_handoff(), self.dice.choice(self.reps)
        owners.reassign(handoff.uid, by=self.boss, to=to.uid)

    def a_handoff(self, **asked) -> Handoff:
        """One of the latest, of those that sales has unless others are asked for."""
        found = Handoff.objects.filter(**(asked or {"state__in": ACTIVE})).select_related("owner", "decided_by")
        return self.dice.choice(list(found.order_by("-pk")[:10]))

    def publish(self) -> None:
        limit = self.dice.randrange(20, 40)
        rule = {"key": "fit-and-intent", "label": "Fits", "of": "lead", "min_fit": 20, "min_intent": limit}
        before = Agreement.objects.get(state="in_force").document["mql"]["rules"]
        agreement(mql={"rules": [{**before[0], **rule}, *before[1:]]})
        threading.Event().wait(0.5)

    def judge(self) -> None:
        if not qualification.work(50):
            threading.Event().wait(0.02)

    def look_for_alike(self) -> None:
        duplicates.work()
        threading.Event().wait(0.05)


WORK = (
    *("take_in", "take_in", "tell_of_people", "stitch", "merge", "judge", "judge", "offer", "decide", "reassign"),
    *("publish", "look_for_alike", "undo", "uphold", "unuphold", "look_again"),
)


def blow(names, *, seconds: float, prepared: Callable[[Weather], None]) -> tuple[Counter[str], list[Exception]]:
    """How often each thing was done, and what went wrong that nobody may be told."""
    done: Counter[str] = Counter()
    wrong: list[Exception] = []
    barrier = threading.Barrier(len(names))

    def run(index: int, name: str) -> None:
        weather = Weather(f"{index} {random.random()}")
        prepared(weather)
        barrier.wait()
        try:
            while monotonic() - weather.began < seconds and not wrong:
                try:
                    getattr(weather, name)()
                    done[name] += 1
                except (LeadLoopError, IndexError):
                    done[f"{name} refused"] += 1
                except OperationalError as error:
                    # Whoever waits for long on a busy machine is told to come again; a deadlock is another thing.
                    if not isinstance(error.__cause__, LockNotAvailable):
                        raise
                    done[f"{name} waited"] += 1
        except Exception as error:  # noqa: BLE001 - told by the test, whatever it is
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return done, wrong


def counts_by_row() -> dict[tuple, tuple]:
    """What EngagementDay has to say, counted from the engagements."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id, account_id, CASE WHEN lead_id IS NULL THEN visitor_id END, kind, page_group, confidence,"
            " (occurred_at AT TIME ZONE 'UTC')::date, count(*), coalesce(sum(duration_seconds), 0), max(occurred_at)"
            " FROM leads_engagement GROUP BY 1, 2, 3, 4, 5, 6, 7"
        )
        return {tuple(row[:7]): tuple(row[7:]) for row in cursor.fetchall()}


def counts_kept() -> dict[tuple, tuple]:
    key = ("lead_id", "account_id", "visitor_id", "kind", "page_group", "confidence", "happened_on")
    rows = EngagementDay.objects.values_list(*key, "count", "duration_seconds", "last_at")
    return {tuple(row[:7]): tuple(row[7:]) for row in rows}


def hanging() -> dict[str, int]:
    """What is still of a lead or account that was merged into another, by table."""
    found = {}
    tables = (
        *("leads_engagement", "leads_engagementday", "leads_visitor", "leads_standing", "leads_likeness"),
        *("leads_duplicate", "feedback_handoff", "feedback_accountowner", "leads_lead"),
    )
    for table in tables:
        columns = {"lead_id", "account_id", "other_lead_id", "other_account_id"}
        with connection.cursor() as cursor:
            described = connection.introspection.get_table_description(cursor, table)
            for column in sorted(columns & {one.name for one in described}):
                of = "leads_lead" if "lead" in column else "leads_account"
                spared = " AND NOT hung.verdict = 'merged'" if table == "leads_duplicate" else ""
                cursor.execute(
                    f"SELECT count(*) FROM {table} AS hung JOIN {of} AS one ON one.id = hung.{column}"
                    f" WHERE one.merged_into_id IS NOT NULL{spared}"
                )
                if number := cursor.fetchone()[0]:
                    found[f"{table}.{column}"] = number
    return found


def test_a_storm_leaves_the_books_balanced(caplog, monkeypatch):
    policy(minutes=60)
    team = TeamFactory()
    reps = [RepFactory(team=team, capacity=10_000) for _ in range(3)]
    RoutingRule.objects.create(name="Everybody", team=team)
    agreement()
    boss = person_of(manager_of(team))
    mia = marketer()

    def prepared(weather: Weather) -> None:
        weather.reps, weather.boss, weather.mia = reps, boss, mia

    # Who is held back is judged anew all the time, by those who judge.
    monkeypatch.setattr(qualification, "_AT_LEAST_EVERY", dt.timedelta(milliseconds=100))
    with caplog.at_level(logging.WARNING):
        done, wrong = blow(WORK, seconds=SECONDS, prepared=prepared)
    assert not wrong, "".join(traceback.format_exception(wrong[0]))
    assert "deadlock" not in caplog.text
    assert {name for name in WORK if not done[name] + done[f"{name} refused"]} == set(), done
    monkeypatch.undo()
    qualification.drain()
    assert not Touched.objects.exists()
    assert_everybody_is_offered_or_will_be_looked_at_again()
    assert counts_kept() == counts_by_row()
    assert hanging() == {}
    assert_handoffs_hold()


def assert_everybody_is_offered_or_will_be_looked_at_again() -> None:
    """Who meets a rule is with sales, or is held back and has their time; who waits for a handoff waits for one."""
    waking.look_again()
    qualification.drain()
    met = Standing.objects.exclude(rule="")
    assert met.exclude(held_back="").exists()
    assert not Standing.objects.exclude(held_back="").filter(again_at=None).exists()
    assert not Standing.objects.filter(held_back="", again_at__isnull=False).exists()
    with_sales = Handoff.objects.filter(state__in=ACTIVE)
    ready = met.filter(held_back="")
    assert not ready.exclude(lead=None).exclude(lead__in=with_sales.values("lead")).exists()
    assert not ready.exclude(account=None).exclude(account__in=with_sales.values("account")).exists()
    accounts = with_sales.exclude(account=None).values("account")
    waiting = met.filter(held_back__endswith="one open handoff at a time.").exclude(lead__in=with_sales.values("lead"))
    assert not waiting.exclude(lead__account__in=accounts).exclude(account__in=accounts).exists()


def assert_handoffs_hold() -> None:
    active = Handoff.objects.filter(state__in=ACTIVE)
    open_of = Counter(active.values_list("lead_id", F("account_id")).exclude(lead=None))
    open_of_leads = Counter(pk for pk, _ in open_of.elements())
    open_of_accounts = Counter(active.filter(lead=None).values_list("account_id", flat=True))
    assert max(open_of_leads.values(), default=1) == 1
    assert max(open_of_accounts.values(), default=1) == 1
    by_rule = Handoff.objects.exclude(mql_rule="")
    assert by_rule.exists()
    assert not by_rule.filter(agreement=None).exists()
    routed = set(JournalEntry.objects.filter(kind="handoff.routed").values_list("handoff_uid", flat=True))
    assert set(by_rule.values_list("uid", flat=True)) <= routed
    assert set(by_rule.values_list("pk", flat=True)) <= set(Clock.objects.values_list("handoff_id", flat=True))
    running = Clock.objects.filter(state="running").values_list("handoff_id", flat=True)
    assert not set(running) - set(active.values_list("pk", flat=True))
    credits = Turn.objects.values("rule").annotate(total=Sum("credit")).values_list("total", flat=True)
    assert set(credits) == {0}
    # Who was merged has the other's past since then.
    late = active.exclude(mql_rule="").filter(previous=None, lead__merged=None, account__merged=None)
    assert not late.filter(lead__suppressed_at__lt=F("offered_at")).exists()
    assert not late.filter(lead__disqualified_at__lt=F("offered_at")).exists()
    assert not late.filter(account__disqualified_at__lt=F("offered_at")).exists()
    assert not AccountOwner.objects.exclude(account__merged_into=None).exists()
    assert not Standing.objects.exclude(lead=None).filter(lead__merged_into__isnull=False).exists()
