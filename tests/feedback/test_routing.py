"""Who gets what is offered without a name, and what is remembered of it."""

import datetime as dt
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback import availability
from feedback.actions import absences, decisions, owners, reviews
from feedback.actions.offer_input import KnownOffer, OfferInput
from feedback.actions.offers import offer, offer_known, offer_many
from feedback.actions.ownership import OwnershipInput, own_accounts
from feedback.actions.undo import undo
from feedback.logic.rights import LEADLOOP
from feedback.models import Absence, AccountOwner, Handoff, RoutingRule, Turn, TurnDay
from feedback.reports.routing import ROUTED, Asked, preview
from leads.actions.people import AccountInput, LeadInput
from leads.logic.errors import InvalidInput, NotAllowed, StateConflict
from leads.models import Account, Agreement, JournalEntry, Lead
from sla.models import CalendarUse
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, calendar, marketer, offered
from tests.leads.imports.taking import counts, csv_of, refused, take_in

pytestmark = pytest.mark.django_db
SIZE = {"reason": "fit.company_size", "evidence": {"employee_count": 38}}


def rule(team, *conditions, members=(), name="Everybody", position=0, **more) -> RoutingRule:
    made = RoutingRule.objects.create(
        name=name,
        position=position,
        team=team,
        conditions=[dict(zip(("field", "operator", "value"), one, strict=True)) for one in conditions],
        **more,
    )
    for rep, weight in dict(members).items():
        Turn.objects.create(rule=made, rep=rep, weight=weight)
    return made


def given(number: int, **account) -> OfferInput:
    company = AccountInput(name=f"Firm {number}", **account)
    return OfferInput(lead=LeadInput(email=f"new{number}@nortex.example", account=company))


def offers(count: int, *, begins: int = 0) -> list[Handoff]:
    results = offer_many([given(number) for number in range(begins, begins + count)], by=LEADLOOP)
    assert not [result.error for result in results if result.error]
    return [result.handoff for result in results]


def page_of(user, name: str, *args, **query) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def steps(handoff: Handoff) -> list[dict]:
    return JournalEntry.objects.get(kind=ROUTED, handoff_uid=handoff.uid).data["steps"]


def test_without_rules_an_offer_needs_a_team_as_before():
    TeamFactory(), TeamFactory()
    with pytest.raises(InvalidInput, match="team is missing"):
        offer(given(1), by=LEADLOOP)
    assert not JournalEntry.objects.filter(kind=ROUTED).exists()


def test_the_rule_whose_conditions_hold_takes_it_and_leaves_its_trace():
    dach, west = RepFactory(), RepFactory()
    first = rule(dach.team, ("region", "in", ["de", "at"]), name="DACH")
    second = rule(west.team, name="Others", position=1)
    german, french = offer_many([given(1, country="DE"), given(2, country="FR")], by=LEADLOOP)
    assert (german.handoff.owner, german.handoff.team) == (dach, dach.team)
    assert (french.handoff.owner, french.handoff.team) == (west, west.team)
    assert steps(french.handoff) == [
        {"what": "rule", "rule": str(first.uid), "held": False, "condition": ["region", "in", "de, at"]},
        {"what": "rule", "rule": str(second.uid), "held": True},
        {"what": "turn", "rep": str(west.uid), "rule": str(second.uid), "weight": 1, "of": 1, "owed": False},
    ]


def test_what_no_rule_takes_is_refused_and_leaves_nothing():
    rule(RepFactory().team, ("region", "eq", "de"))
    TeamFactory()
    before = rows()
    good, bad = offer_many([given(1, country="DE"), given(2, country="FR")], by=LEADLOOP)
    assert good.handoff
    assert (bad.error.field, bad.error.message) == ("team", "No routing rule takes it. Name a team or an owner.")
    assert not Lead.objects.filter(email="new2@nortex.example").exists()
    assert rows()["feedback_handoff"][0] == before["feedback_handoff"][0] + 1


def test_a_batch_shares_by_weight_and_the_next_goes_on_where_it_stopped():
    ana, ben = RepFactory(), RepFactory()
    rule(ana.team, members={ana: 3, ben: 1})
    for begins in (0, 6, 9):
        offers({0: 6, 6: 3, 9: 3}[begins], begins=begins)
    assert Counter(Handoff.objects.values_list("owner", flat=True)) == {ana.pk: 9, ben.pk: 3}
    assert [turn.credit for turn in Turn.objects.order_by("pk")] == [0, 0]
    assert dict(TurnDay.objects.values_list("turn__rep", "count")) == {ana.pk: 9, ben.pk: 3}


def test_nobody_is_filled_above_capacity_even_within_one_batch():
    ana = RepFactory(capacity=2)
    ben = RepFactory(capacity=3, team=ana.team)
    offered(ana)
    rule(ana.team)
    made = offers(6)
    assert Counter(handoff.owner for handoff in made) == {ana: 1, ben: 3, None: 2}
    assert {"what": "passed", "rep": str(ben.uid), "of": "line", "why": "at_capacity", "load": 3, "capacity": 3} in (
        steps(made[-1])
    )
    assert steps(made[-1])[-1] == {"what": "queue", "because": "nobody", "team": str(ana.team.uid)}


def test_absence_and_bench_leave_a_rep_out_and_nobody_is_flooded_afterwards():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    rule(ana.team)
    absences.bench(ben.uid, by=LEADLOOP)
    assert {handoff.owner for handoff in offers(10)} == {ana}
    absences.unbench(ben.uid, by=LEADLOOP)
    after = [handoff.owner for handoff in offers(6, begins=10)]
    assert Counter(after) == {ana: 3, ben: 3}


def test_by_hours_it_goes_to_who_is_at_work_else_to_who_begins_soonest():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    made = rule(ana.team)
    now = dt.datetime.now(dt.UTC)
    tomorrow, later = ((now + timedelta(days=n)).strftime("%a").lower() for n in (2, 4))
    for rep, day in ((ana, later), (ben, tomorrow)):
        CalendarUse.objects.create(rep=rep, calendar=calendar(weekly={day: [["09:00", "17:00"]]}))
    [first] = offers(1)
    assert first.owner == ben
    assert steps(first)[1]["why"] == "not_at_work"
    opens_at = dt.datetime.fromisoformat(steps(first)[1]["opens_at"])
    assert (opens_at.hour, opens_at.date()) == (9, (now + timedelta(days=4)).date())
    RoutingRule.objects.filter(pk=made.pk).update(by_hours=False)
    assert {handoff.owner for handoff in offers(2, begins=1)} == {ana, ben}


def test_without_an_app_that_knows_hours_everybody_is_at_work(monkeypatch):
    monkeypatch.setattr(availability, "_providers", [])
    ana = RepFactory()
    CalendarUse.objects.create(rep=ana, calendar=calendar(weekly={"mon": [["09:00", "09:01"]]}))
    rule(ana.team)
    assert offers(1)[0].owner == ana


def test_the_owner_of_the_account_gets_it_and_who_is_away_leaves_it_to_the_rules():
    owner, other = RepFactory(), RepFactory()
    named = OwnershipInput(account=AccountInput(name="Firm 1"), owner=str(owner.uid))
    own_accounts([named], by=LEADLOOP)
    TeamFactory()
    with pytest.raises(InvalidInput, match="No routing rule takes it"):
        offer(given(5), by=LEADLOOP)
    rule(other.team)
    first = offer(given(1), by=LEADLOOP).handoff
    assert (first.owner, steps(first)) == (owner, [{"what": "owner", "rep": str(owner.uid)}])
    absences.add(owner.uid, by=LEADLOOP, starts_at=ago(hours=1), ends_at=ago(hours=-5))
    second = offer(
        OfferInput(lead=LeadInput(email="second@nortex.example", account=AccountInput(name="Firm 1"))), by=LEADLOOP
    ).handoff
    assert second.owner == other
    assert (steps(second)[0]["rep"], steps(second)[0]["why"]) == (str(owner.uid), "away")


def test_owners_of_accounts_come_by_file():
    ana = RepFactory(external_system="crm", external_id="A1")
    rows_of_file = [("Nortex", "A1"), ("Vialto", "nobody"), ("Brenn", ""), ("", "A1")]
    text = csv_of(("account.name", "owner"), rows_of_file)
    run = take_in(text, kind="account_owners", mapping='external_system = "crm"\n')
    assert counts(run)[0::3] == (1, 2)
    assert [(line, field) for line, field, _ in refused(run)] == [(3, "owner"), (5, "account.name")]
    assert AccountOwner.objects.get().account.name == "Nortex"
    assert AccountOwner.objects.get().rep == ana
    assert counts(take_in(text, kind="account_owners", mapping='external_system = "crm"\n'))[0] == 0


def test_the_ladders_next_rep_passes_over_who_refused_the_lead_before():
    ana = RepFactory()
    ben, eve = RepFactory(team=ana.team), RepFactory(team=ana.team)
    first = offered(ben)
    decisions.reject(first.uid, by=as_person(ben), **SIZE)
    again = offer(OfferInput(lead=LeadInput(email=first.lead.email), owner=str(ana.uid)), by=LEADLOOP).handoff
    assert owners.next_rep(again) == eve


def test_a_rep_who_refused_a_lead_never_gets_it_again():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    rule(ana.team)
    [first] = offers(1)
    decisions.reject(first.uid, by=as_person(first.owner), **SIZE)
    [again] = offers(1)
    assert {first.owner, again.owner} == {ana, ben}
    decisions.accept(again.uid, by=as_person(again.owner))
    decisions.return_after_work(again.uid, by=as_person(again.owner), **SIZE)
    [third] = offers(1)
    assert third.owner is None
    assert [step["why"] for step in steps(third) if step["what"] == "passed"] == ["rejected", "returned"]


def test_turning_back_routes_anew_without_who_turned_it_back():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    rule(ana.team)
    [first] = offers(1)
    decisions.turn_back(first.uid, by=as_person(first.owner))
    second = first.successors.get()
    assert {first.owner, second.owner} == {ana, ben}
    assert steps(second)[1]["why"] == "turned_back"
    decisions.turn_back(second.uid, by=as_person(second.owner))
    assert second.successors.get().owner is None


def test_turning_back_without_rules_goes_to_the_queue_of_the_team():
    handoff = offered(RepFactory())
    decisions.turn_back(handoff.uid, by=as_person(handoff.owner))
    assert (handoff.successors.get().owner, handoff.successors.get().team) == (None, handoff.team)


def test_undoing_a_turn_back_gives_the_turn_back_to_who_got_it_for_nothing():
    ana = RepFactory()
    RepFactory(team=ana.team)
    made = rule(ana.team)
    [first] = offers(1)
    decisions.turn_back(first.uid, by=as_person(first.owner))
    second = first.successors.get()
    undo(first.uid, by=as_person(first.owner))
    assert Turn.objects.get(rule=made, rep=second.owner).owed == 1
    assert offers(1, begins=5)[0].owner == second.owner


def test_an_upheld_rejection_is_a_turn_owed_and_the_trace_says_so():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    made = rule(ana.team)
    first, _ = offers(2)
    decisions.reject(first.uid, by=as_person(ana), **SIZE)
    with pytest.raises(NotAllowed):
        reviews.uphold(first.uid, by=as_person(ana))
    reviews.uphold(first.uid, by=marketer())
    assert JournalEntry.objects.get(kind="rejection.upheld").data == {"rule": str(made.uid)}
    before = rows()
    with pytest.raises(StateConflict, match="already"):
        reviews.uphold(first.uid, by=marketer())
    with pytest.raises(StateConflict, match="upheld"):
        undo(first.uid, by=as_person(ana))
    assert rows() == before
    after = offers(3, begins=5)
    assert [handoff.owner for handoff in after] == [ana, ana, ben]
    assert [steps(handoff)[-1]["owed"] for handoff in after] == [True, False, False]


def test_only_a_rejection_can_be_upheld():
    handoff = offered(RepFactory())
    with pytest.raises(StateConflict, match="Only a rejection"):
        reviews.uphold(handoff.uid, by=marketer())
    assert Handoff.objects.get().upheld_at is None


def test_a_rejection_of_what_nobody_routed_owes_no_turn():
    handoff = offered(RepFactory())
    decisions.reject(handoff.uid, by=as_person(handoff.owner), **SIZE)
    reviews.uphold(handoff.uid, by=marketer())
    assert JournalEntry.objects.get(kind="rejection.upheld").data == {"rule": ""}


def known(lead: Lead, **more) -> KnownOffer:
    return KnownOffer(lead=lead, account=lead.account, fit=70, intent=50, why="Pricing three times", **more)


def test_a_known_lead_is_offered_through_routing_or_refused():
    ana = RepFactory()
    TeamFactory()
    rule(ana.team, ("intent", "ge", 40), ("channel", "eq", "webinar"))
    leads = [Lead.objects.create(email=f"{n}@nortex.example") for n in range(4)]
    Lead.objects.filter(pk=leads[2].pk).update(suppressed_at=ago())
    leads[2].refresh_from_db()
    offered_before = offer(OfferInput(lead=LeadInput(email="3@nortex.example"), owner=str(ana.uid)), by=LEADLOOP)
    results = offer_known([known(lead, channel="webinar", mql_rule="hot") for lead in leads], by=LEADLOOP)
    taken, also, suppressed, busy = results
    assert (taken.handoff.owner, taken.handoff.mql_rule, taken.handoff.why) == (ana, "hot", "Pricing three times")
    assert also.handoff.fit == 70
    assert "suppressed" in suppressed.error.message
    assert "already" in busy.error.message
    assert offered_before.handoff.lead == leads[3]
    stranger = Lead.objects.create(email="x@nortex.example")
    [unrouted] = offer_known([known(stranger, channel="mail")], by=LEADLOOP)
    assert (unrouted.handoff, str(unrouted.error)) == (None, "No routing rule takes it.")


def test_an_account_alone_is_routed_too():
    ana = RepFactory()
    rule(ana.team, ("account_is_target", "eq", "yes"))
    account = Account.objects.create(name="Nortex", is_target=True)
    [result] = offer_known([KnownOffer(lead=None, account=account)], by=LEADLOOP)
    assert (result.handoff.owner, result.handoff.account, result.handoff.lead) == (ana, account, None)


def test_every_handoff_is_pinned_to_the_agreement_of_its_day():
    rep = RepFactory()
    before = offered(rep)
    assert before.agreement is None
    made = Agreement.objects.create(number=1, document={}, state="in_force", published_at=ago(minutes=10))
    assert offered(rep).agreement == made
    assert offered(rep, at=ago(minutes=20)).agreement is None
    decisions.turn_back(before.uid, by=as_person(rep))
    assert before.successors.get().agreement == made


def test_a_preview_tells_the_same_and_writes_nothing():
    ana = RepFactory()
    ben = RepFactory(team=ana.team)
    rule(ana.team)
    offers(1)
    before = rows()
    lead = Lead.objects.create(email="new@nortex.example")
    shown = preview(Asked(lead=lead), at=ago())
    after = rows()
    assert {table for table in before if before[table] != after[table]} == {"leads_lead"}
    [result] = offer_known([KnownOffer(lead=lead, account=None)], by=LEADLOOP)
    assert (shown.owner, list(shown.steps)) == (result.handoff.owner, steps(result.handoff))
    assert shown.owner in (ana, ben)


def test_the_page_of_a_handoff_says_why_this_rep():
    ana = RepFactory(user__first_name="Ana")
    ben = RepFactory(team=ana.team, user__first_name="Ben")
    rule(ana.team, ("region", "eq", "fr"), name="France")
    rule(ana.team, name="Others", position=1)
    Absence.objects.create(rep=ana, starts_at=ago(hours=1), ends_at=dt.datetime(2037, 5, 4, 9, tzinfo=dt.UTC))
    [handoff] = offers(1)
    assert handoff.owner == ben
    page = page_of(ben.user, "feedback:handoff", handoff.uid)
    assert "Why this rep" in page
    assert "Rule “France”: no, it asks that the account&#x27;s country is FR." in page
    assert "Rule “Others”: yes." in page
    assert "Ana was passed over: away until Mon 4 May 09:00." in page
    assert "Ben takes it." in page
    unrouted = offered(ben)
    assert "Why this rep" not in page_of(ben.user, "feedback:handoff", unrouted.uid)


def test_the_routing_page_shows_lines_and_answers_who_would_get_it():
    ana = RepFactory(user__first_name="Ana")
    rule(ana.team, ("region", "in", "DE, at"), name="DACH", members={ana: 3})
    operations = UserFactory(roles=("operations",))
    [handoff] = offer_many([given(1, country="DE")], by=LEADLOOP)
    before = rows()
    page = page_of(operations, "feedback:routing")
    assert "1 turn in the last 30 days" in page
    assert 'data-word="Got in 30 days">1, 100 %</td>' in page
    assert "(optional)" not in page, "nothing has to be filled in"
    assert "When the account&#x27;s country is one of DE, AT: to" in page
    page = page_of(operations, "feedback:routing", account_name="Firm 1", fit="70")
    assert f"Ana of {ana.team} would get it." in page
    page = page_of(operations, "feedback:routing", lead=handoff.handoff.lead.email)
    assert "<details>" in page, "who names a lead alone has no use for the facts"
    page = page_of(operations, "feedback:routing", lead=handoff.handoff.lead.email, country="fr")
    assert "<details open>" in page
    assert f"It would wait in the queue of {ana.team}." in page
    TeamFactory()
    before = rows()
    page = page_of(operations, "feedback:routing", country="fr")
    assert "It would be refused: no routing rule takes it." in page
    assert rows() == before
    client = Client()
    client.force_login(operations)
    for query in ({"lead": "nobody@nortex.example"}, {"lead": "\x00"}, {"fit": "101"}, {"employee_count": "x"}):
        assert client.get(reverse("feedback:routing"), query).status_code == 400


def test_a_marketer_upholds_a_rejection_on_its_page():
    ana = RepFactory()
    rule(ana.team)
    [handoff] = offers(1)
    decisions.reject(handoff.uid, by=as_person(ana), **SIZE)
    user = UserFactory(roles=("marketer",))
    assert "Uphold" in page_of(user, "feedback:handoff", handoff.uid)
    assert "Uphold" not in page_of(ana.user, "feedback:handoff", handoff.uid)
    client = Client()
    client.force_login(user)
    assert client.post(reverse("feedback:handoff-uphold", args=[handoff.uid])).status_code == 302
    assert Turn.objects.get().owed == 1
    assert "rightly refused" in page_of(user, "feedback:handoff", handoff.uid)


def test_a_condition_that_means_nothing_any_more_takes_nothing():
    ana = RepFactory()
    rule(ana.team, ("colour", "eq", "red"))
    [handoff] = offers(1)
    assert (handoff.owner, steps(handoff)[-1]["because"]) == (None, "only_team")


def test_a_preview_knows_reps_who_never_had_a_turn():
    ana = RepFactory()
    rule(ana.team)
    assert preview(Asked(lead=Lead(email="new@nortex.example")), at=ago()).owner == ana
    assert not Turn.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_offers_at_once_take_turns_and_never_overfill():
    ana = RepFactory(capacity=6)
    ben = RepFactory(capacity=6, team=ana.team)
    rule(ana.team)
    both = threading.Barrier(4)

    def run(begins: int) -> None:
        both.wait()
        for number in range(begins, begins + 4):
            offer(given(number), by=LEADLOOP)
        connection.close()

    threads = [threading.Thread(target=run, args=[10 * n]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owners = Counter(Handoff.objects.values_list("owner", flat=True))
    assert owners == {ana.pk: 6, ben.pk: 6, None: 4}


def test_routing_takes_the_same_statements_for_one_and_for_fifty():
    ana = RepFactory()
    RepFactory(team=ana.team)
    CalendarUse.objects.create(team=ana.team, calendar=calendar())
    AccountOwner.objects.create(account=Account.objects.create(name="Firm 0"), rep=ana)
    rule(ana.team, ("region", "eq", "fr"))
    rule(ana.team, name="Others", position=1)
    offers(5)
    counts = []
    for begins, size in ((10, 2), (100, 50)):
        leads = [Lead.objects.create(email=f"{n}@vialto.example") for n in range(begins, begins + size)]
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            offer_known([known(lead) for lead in leads], by=LEADLOOP)
        counts.append(len(captured))
    assert counts[0] == counts[1]
