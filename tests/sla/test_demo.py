"""The demo: the same story at every time of day, told through the real actions."""

import datetime as dt
import io
import random
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q

from feedback.models import Absence, Handoff, Hold, Rep, Team, person_of
from leads.actions import duplicates
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput
from leads.actions.qualification import drain
from leads.logic.scoring import total
from leads.models import Account, Duplicate, Engagement, JournalEntry, Lead, Standing, Touched
from sla.actions import demo
from sla.actions.demo_today import AWAY
from sla.demo.campaigns import EBOOK, SOURCES, VISITS
from sla.demo.history import SEED, Cast, history, recent
from sla.demo.live import DECIDE_MINUTES, MAIN_QUEUE, VISITS_DECIDE_MINUTES, waiting
from sla.demo.people import EMEA, LOGINS, MAIN_REP, PASSWORD, PEOPLE, TEAMS
from sla.demo.timing import back
from sla.logic.business_time import Calendar
from sla.models import Clock, Excuse, PolicyVersion
from sla.reports.rules import forget
from tests.factories import UserFactory

CALENDARS = {team.name: Calendar.from_dict({"timezone": team.timezone, "weekly": team.weekly}) for team in TEAMS}
BERLIN = ZoneInfo("Europe/Berlin")
# Monday before opening, at noon, in the lunch break, Friday after closing, Sunday, the nights of both clock changes.
NOWS = [
    dt.datetime(2026, 11, 23, 5, 40, tzinfo=BERLIN),
    dt.datetime(2026, 11, 25, 11, 7, 33, tzinfo=BERLIN),
    dt.datetime(2026, 11, 25, 13, 0, tzinfo=BERLIN),
    dt.datetime(2026, 11, 27, 22, 15, tzinfo=BERLIN),
    dt.datetime(2026, 11, 22, 4, 0, tzinfo=BERLIN),
    dt.datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN),
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN),
]


def stories(now):
    rng = random.Random(SEED)
    cast = Cast(rng)
    until = min(back(calendar, now, demo.WATCHED_MINUTES) for calendar in CALENDARS.values())
    past = history(cast, rng, until=until, calendars=CALENDARS)
    lately = recent(cast, rng, now=now, calendars=CALENDARS)
    return until, past, lately, waiting(cast, rng, now=now, calendars=CALENDARS)


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_the_queue_looks_the_same_at_every_time_of_day(now):
    _, _, _, pending = stories(now)
    main = {story.account.name: story for story in pending if story.owner == MAIN_REP}
    assert len(main) == len(MAIN_QUEUE) == 12
    for one in MAIN_QUEUE:
        promised = dt.timedelta(minutes=VISITS_DECIDE_MINUTES if one.source is VISITS else DECIDE_MINUTES)
        due_at = CALENDARS[EMEA].add(main[one.account.name].offered_at, promised)
        assert CALENDARS[EMEA].signed_between(now, due_at) == dt.timedelta(minutes=one.left)


@pytest.mark.parametrize("now", NOWS, ids=str)
def test_only_the_last_days_come_under_the_clocks(now):
    until, past, lately, pending = stories(now)
    assert max(story.offered_at for story in past) < until
    assert until <= min(story.offered_at for story in [*lately, *pending])
    assert max(story.offered_at for story in [*lately, *pending]) <= now


def test_the_story_is_the_same_whenever_it_is_told():
    def told(now):
        _, past, lately, pending = stories(now)
        return sorted(
            (story.account.name, story.lead.name if story.lead else "", story.source.name, repr(story.fate))
            for story in [*past, *lately, *pending]
        )

    assert told(NOWS[1]) == told(NOWS[4])


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    """The demo, loaded once for this module and rolled back after it."""
    # Rules are kept by row number, and tests that truncate give those out again.
    forget()
    with django_db_blocker.unblock():
        with transaction.atomic():
            output = io.StringIO()
            call_command("load_demo", stdout=output)
            yield output.getvalue()
            transaction.set_rollback(True)
        # After a browser test this may be a connection that nobody else would close.
        connection.close()
    forget()


def test_everybody_is_there_and_can_sign_in(company):
    assert Team.objects.count() == 3
    assert len({team.timezone for team in Team.objects.all()}) == 3
    assert Rep.objects.count() == 9
    roles = {one.username: person_of(authenticate(username=one.username, password=PASSWORD)).roles for one in PEOPLE}
    assert roles == {one.username: {one.role} for one in PEOPLE}


def test_one_login_per_role_is_printed_and_printed_again(company):
    again = io.StringIO()
    call_command("demo_logins", stdout=again)
    for name in LOGINS:
        assert name in company
        assert name in again.getvalue()


def test_loading_again_says_no_and_changes_nothing(company):
    before = (Handoff.objects.count(), JournalEntry.objects.count())
    output = io.StringIO()
    call_command("load_demo", stdout=output)
    assert output.getvalue().startswith("Nothing was loaded.")
    assert (Handoff.objects.count(), JournalEntry.objects.count()) == before


def test_a_name_that_is_taken_stops_it_before_it_starts(db):
    UserFactory(username=MAIN_REP)
    assert MAIN_REP in demo.in_use()


def test_history_has_no_clocks_and_the_present_has(company):
    since = PolicyVersion.objects.earliest("published_at").policy.valid_from
    assert Handoff.objects.filter(offered_at__lt=since).count() > 450
    assert not Clock.objects.filter(handoff__offered_at__lt=since).exists()
    assert not Handoff.objects.filter(offered_at__lt=since, state="pending").exists()
    pending = Handoff.objects.filter(state="pending")
    assert pending.filter(due_at=None).count() == pending.filter(holds__isnull=False, holds__ended_at=None).count() == 1
    assert pending.filter(offered_at__gte=since).count() == pending.count()


def test_the_main_rep_finds_work_of_every_urgency(company):
    queue = Handoff.objects.filter(owner__user__username=MAIN_REP, state="pending")
    assert queue.count() == 12
    assert queue.filter(due_at__lt=dt.datetime.now(dt.UTC)).count() == 2
    assert queue.filter(seen_at=None).count() == demo.UNSEEN_COUNT
    assert queue.filter(lead=None, account__name="Kestrel Foods").count() == 1
    assert Handoff.objects.filter(owner__user__username=MAIN_REP, state="accepted").exists()
    assert Handoff.objects.filter(owner=None, state="pending", team__name=EMEA).exists()
    assert Handoff.objects.filter(lead__name="Ilse van Dijk").count() == 2


def test_somebody_is_away_something_waits_and_a_question_was_answered(company):
    assert Absence.objects.get().rep.user.username == AWAY
    assert sorted(Hold.objects.values_list("reason", "ended_because")) == [
        ("awaiting_reply", ""),
        ("bad_data", ""),
        ("missing_context", "answered"),
    ]
    assert Clock.objects.filter(state="held", handoff__state="pending").count() == 1
    assert list(Excuse.objects.values_list("handoff__owner__user__username", "state")) == [(MAIN_REP, "requested")]


def test_one_campaign_is_really_worse(company):
    counted = Handoff.objects.exclude(state__in=["pending", "turned_back", "expired"]).filter(is_void=False)
    share = {
        row["campaign__name"]: row["rejected"] / row["count"]
        for row in counted.values("campaign__name").annotate(
            count=Count("pk"), rejected=Count("pk", filter=Q(state="rejected"))
        )
    }
    assert set(share) == {source.name for source in SOURCES}
    others = [value for name, value in share.items() if name != EBOOK.name]
    assert share[EBOOK.name] > max(others) + 0.12


def test_instants_are_in_the_order_of_things(company):
    handoffs = Handoff.objects.all()
    assert handoffs.filter(engaged_at__gt=F("qualified_at")).count() == 0
    assert handoffs.filter(qualified_at__gt=F("offered_at")).count() == 0
    assert handoffs.filter(decided_at__lt=F("offered_at")).count() == 0
    assert handoffs.filter(first_attempt_at__lt=F("decided_at")).count() == 0
    assert handoffs.filter(disposed_at__lt=F("decided_at")).count() == 0
    assert Engagement.objects.filter(occurred_at__gt=dt.datetime.now(dt.UTC)).count() == 0


def test_the_demo_s_handoffs_are_pinned_to_two_signed_agreements_and_nothing_is_left_to_judge(company):
    assert set(Handoff.objects.values_list("agreement__number", flat=True)) == {1, 2}
    assert not Touched.objects.exists()
    assert Standing.objects.filter(lead__isnull=False).exists()
    assert Standing.objects.get(lead__name="Petra Holm").held_back == "Petra Holm opted out."


def test_somebody_came_in_twice_and_is_found(company):
    sid = transaction.savepoint()
    while duplicates.work():
        pass
    pairs = Duplicate.objects.filter(lead__handoffs__owner__user__username=MAIN_REP)
    assert any(pair.lead.name == pair.other_lead.name for pair in pairs)
    transaction.savepoint_rollback(sid)


def test_one_more_engagement_of_a_target_account_ends_in_the_owner_s_queue(company):
    sid = transaction.savepoint()
    fjordline = Account.objects.get(domain="fjordline.example")
    for _ in range(3):
        record_engagements(
            [
                EngagementInput(
                    kind="page_view",
                    url="https://www.leadloop.example/pricing",
                    occurred_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5),
                    account=AccountInput(domain="fjordline.example"),
                )
            ]
        )
    drain()
    handoff = Handoff.objects.get(account=fjordline)
    assert (handoff.owner.user.username, handoff.agreement.number) == (MAIN_REP, 2)
    assert handoff.due_at is not None
    transaction.savepoint_rollback(sid)


def test_scores_are_the_sum_of_their_parts_and_every_lead_has_a_history(company):
    for fit, intent, parts in Handoff.objects.values_list("fit", "intent", "score_parts"):
        assert fit == total(parts["fit"]).value
        assert intent == total(parts["intent"]).value
    assert not Lead.objects.filter(handoffs__isnull=False, engagements=None).exists()
    assert not Lead.objects.exclude(email__endswith=".example").exists()
