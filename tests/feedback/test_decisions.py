"""A rep's answers: what each leaves behind, and what each refuses without leaving anything."""

import datetime as dt

import pytest

from feedback.actions import attempts, decisions, outcomes, owners, undo
from feedback.actions.outcomes import OutcomeInput
from feedback.models import Handoff, RejectionReason, person_of
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry, JournalNote
from tests.factories import RepFactory, UserFactory, ago, as_person, manager_of, marketer, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def handoff(rep):
    return offered(rep, at=ago(hours=1))


def picture() -> tuple[object, ...]:
    """Everything a refusal must leave as it was."""
    return (
        list(Handoff.objects.order_by("pk").values()),
        JournalEntry.objects.count(),
        JournalNote.objects.count(),
    )


def last_entry(handoff: Handoff) -> JournalEntry:
    return JournalEntry.objects.filter(handoff_uid=handoff.uid).latest("id")


def test_seen_once_by_the_owner_only(rep, handoff):
    boss = manager_of(rep.team)
    assert decisions.see(handoff.uid, by=person_of(boss)).seen_at is None
    first = decisions.see(handoff.uid, by=as_person(rep)).seen_at
    assert first is not None
    assert decisions.see(handoff.uid, by=as_person(rep)).seen_at == first
    assert JournalEntry.objects.filter(handoff_uid=handoff.uid, kind="handoff.seen").count() == 1


def test_accepting(rep, handoff):
    done = decisions.accept(handoff.uid, by=as_person(rep), note="Good fit")
    done.refresh_from_db()
    assert (done.state, done.decided_by, done.decision_note) == ("accepted", rep.user, "Good fit")
    entry = last_entry(handoff)
    assert (entry.kind, entry.actor, entry.occurred_at, entry.note.text) == (
        "handoff.accepted",
        rep.user,
        done.decided_at,
        "Good fit",
    )
    assert entry.data == {}


def test_rejecting_freezes_what_the_reason_meant(rep, handoff):
    done = decisions.reject(
        handoff.uid, by=as_person(rep), reason="own.duplicate", evidence={"duplicate_of": "CRM 4711"}, note="twice"
    )
    done.refresh_from_db()
    assert (done.state, done.reason.key, done.is_void) == ("rejected", "own.duplicate", True)
    assert done.evidence == {"duplicate_of": "CRM 4711"}
    RejectionReason.objects.filter(key="own.duplicate").update(counts_in_acceptance=True)
    done.refresh_from_db()
    assert done.is_void
    assert last_entry(handoff).data == {
        "reason": "own.duplicate",
        "evidence": {},
        "counts_in_acceptance": False,
        "next_state": "merge",
    }
    assert last_entry(handoff).note.text == "Which handoff is it a duplicate of? CRM 4711\ntwice"


@pytest.mark.parametrize(
    ("reason", "evidence", "field"),
    [
        ("", {}, "reason"),
        (["fit.industry"], {}, "reason"),
        ("no.such", {}, "reason"),
        ("time.contract", {}, "reason"),  # only after a conversation
        ("fit.company_size", {}, "evidence.employee_count"),
        ("fit.company_size", {"employee_count": "many"}, "evidence.employee_count"),
        ("fit.company_size", {"employee_count": -1}, "evidence.employee_count"),
        ("fit.company_size", {"employee_count": True}, "evidence.employee_count"),
        ("fit.company_size", {"employee_count": "9" * 5000}, "evidence.employee_count"),
        ("fit.company_size", {"employee_count": 3, "industry": "x"}, "evidence.industry"),
        ("fit.non_buyer", {"buyer_kind": "alien"}, "evidence.buyer_kind"),
        ("fit.industry", {"industry": "a\x00b"}, "evidence.industry"),
        ("other.text", {}, "evidence.note"),
    ],
)
def test_a_rejection_that_says_too_little_changes_nothing(rep, handoff, reason, evidence, field):
    before = picture()
    with pytest.raises(InvalidInput) as refused:
        decisions.reject(handoff.uid, by=as_person(rep), reason=reason, evidence=evidence)
    assert refused.value.field == field
    assert picture() == before


def test_a_retired_reason_is_refused(rep, handoff):
    RejectionReason.objects.filter(key="fit.industry").update(is_live=False)
    with pytest.raises(InvalidInput, match="in use"):
        decisions.reject(handoff.uid, by=as_person(rep), reason="fit.industry", evidence={"industry": "farming"})


def test_words_given_as_note_answer_a_reason_that_asks_for_words(rep, handoff):
    done = decisions.reject(handoff.uid, by=as_person(rep), reason="other.text", note="They asked for a unicorn")
    assert done.evidence == {"note": "They asked for a unicorn"}
    assert "note" not in last_entry(handoff).data["evidence"]


def test_consequences_reach_company_and_person(rep):
    small, rude = offered(rep), offered(rep)
    decisions.reject(small.uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": "38"})
    decisions.reject(rude.uid, by=as_person(rep), reason="comp.do_not_contact")
    small.account.refresh_from_db()
    rude.lead.refresh_from_db()
    assert (small.account.employee_count, small.account.disqualified_at is None) == (38, False)
    assert rude.lead.suppressed_at is not None


def test_returned_after_work_keeps_the_acceptance(rep, handoff):
    accepted = decisions.accept(handoff.uid, by=as_person(rep))
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", is_two_way=True)
    done = decisions.return_after_work(
        handoff.uid, by=as_person(rep), reason="time.contract", evidence={"renewal_date": "2027-03-01"}
    )
    assert (done.state, done.decided_at, done.is_void) == ("returned", accepted.decided_at, False)
    assert done.disposed_at >= done.decided_at
    assert last_entry(handoff).kind == "handoff.returned"


def test_reasons_follow_the_moment(rep, handoff):
    decisions.accept(handoff.uid, by=as_person(rep))
    with pytest.raises(InvalidInput, match="cannot be given after attempts"):
        decisions.return_after_work(
            handoff.uid, by=as_person(rep), reason="own.duplicate", evidence={"duplicate_of": "1"}
        )


def test_turning_back_offers_the_lead_anew_to_the_team(rep, handoff):
    done = decisions.turn_back(handoff.uid, by=as_person(rep), note="not my region")
    successor = done.successors.get()
    assert (done.state, done.reason) == ("turned_back", None)
    assert (successor.state, successor.owner, successor.team, successor.lead, successor.offered_at) == (
        "pending",
        None,
        rep.team,
        handoff.lead,
        done.decided_at,
    )
    assert successor.campaign == handoff.campaign


def test_turning_back_to_a_colleague_and_not_to_oneself(rep, handoff):
    with pytest.raises(InvalidInput) as refused:
        decisions.turn_back(handoff.uid, by=as_person(rep), to=rep.uid)
    assert refused.value.field == "to"
    lena = RepFactory()
    assert decisions.turn_back(handoff.uid, by=as_person(rep), to=lena.uid).successors.get().owner == lena


VERBS = {
    "accept": lambda uid, by: decisions.accept(uid, by=by),
    "reject": lambda uid, by: decisions.reject(uid, by=by, reason="fit.industry", evidence={"industry": "farming"}),
    "turn_back": lambda uid, by: decisions.turn_back(uid, by=by),
    "log_attempt": lambda uid, by: attempts.log_attempt(uid, by=by, kind="call"),
    "outcome": lambda uid, by: outcomes.record_outcome(uid, OutcomeInput(kind="won"), by=by),
}


@pytest.mark.parametrize("verb", VERBS)
def test_strangers_do_not_even_learn_that_it_exists(handoff, verb):
    before = picture()
    for stranger in (as_person(RepFactory()), person_of(manager_of(RepFactory().team)), person_of(UserFactory())):
        with pytest.raises(NotFound):
            VERBS[verb](handoff.uid, stranger)
    assert picture() == before


@pytest.mark.parametrize("verb", VERBS)
def test_who_sees_it_all_decides_nothing(handoff, verb):
    before = picture()
    for watcher in (marketer(), person_of(UserFactory(roles=("operations",)))):
        with pytest.raises(NotAllowed):
            VERBS[verb](handoff.uid, watcher)
    assert picture() == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_manager_may_what_the_owner_may(rep, handoff, verb):
    VERBS[verb](handoff.uid, person_of(manager_of(rep.team)))
    assert JournalEntry.objects.filter(handoff_uid=handoff.uid).count() >= 2


@pytest.mark.parametrize("verb", ["accept", "reject", "turn_back"])
def test_second_decision_is_told_who_was_first_and_when(rep, handoff, verb):
    decisions.accept(handoff.uid, by=as_person(rep))
    decisions.qualify(handoff.uid, by=as_person(rep))
    before = picture()
    with pytest.raises(StateConflict, match=rf"Already qualified by {rep.user.first_name} at \d\d:\d\d on "):
        VERBS[verb](handoff.uid, person_of(manager_of(rep.team)))
    assert picture() == before


def test_an_unowned_handoff_is_taken_before_it_is_decided(rep):
    waiting = offered(team=rep.team)
    with pytest.raises(NotAllowed, match="take it"):
        decisions.accept(waiting.uid, by=as_person(rep))
    owners.take(waiting.uid, by=as_person(rep))
    assert decisions.accept(waiting.uid, by=as_person(rep)).owner == rep
    with pytest.raises(NotFound):
        owners.take(waiting.uid, by=as_person(RepFactory(team=rep.team)))


def test_a_former_owner_loses_sight_at_once(rep, handoff):
    lena = RepFactory(team=rep.team)
    owners.reassign(handoff.uid, by=person_of(manager_of(rep.team)), to=lena.uid)
    with pytest.raises(NotFound):
        decisions.accept(handoff.uid, by=as_person(rep))


def test_a_manager_gives_only_to_reps_of_teams_they_manage(rep, handoff):
    boss = person_of(manager_of(rep.team))
    with pytest.raises(NotAllowed):
        owners.reassign(handoff.uid, by=boss, to=RepFactory().uid)
    with pytest.raises(InvalidInput):
        owners.reassign(handoff.uid, by=boss, to=rep.uid)
    with pytest.raises(InvalidInput):
        owners.reassign(handoff.uid, by=boss, to=RepFactory(team=rep.team, is_active=False).uid)


@pytest.mark.parametrize("shift", [dt.timedelta(hours=1), -dt.timedelta(hours=2)])
def test_a_decision_lies_between_the_offer_and_now(rep, handoff, shift):
    before = picture()
    at = dt.datetime.now(dt.UTC) + shift
    with pytest.raises(InvalidInput) as refused:
        decisions.accept(handoff.uid, by=as_person(rep), at=at)
    assert refused.value.field == "at"
    with pytest.raises(InvalidInput):
        decisions.accept(handoff.uid, by=as_person(rep), at=at.replace(tzinfo=None))
    assert picture() == before


def test_a_win_nobody_clicked_was_an_acceptance(rep, handoff):
    done = outcomes.record_outcome(
        handoff.uid, OutcomeInput(kind="won", amount="1200.50", currency="eur"), by=as_person(rep)
    )
    assert (done.state, done.decided_at, done.closed_at) == ("won", done.closed_at, done.closed_at)
    assert done.outcomes.get().amount == 1200.50
    kinds = list(JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id").values_list("kind", flat=True))
    assert kinds == ["handoff.offered", "outcome.recorded", "handoff.accepted", "handoff.won"]


def test_the_same_outcome_again_changes_nothing_and_its_opposite_is_refused(rep, handoff):
    outcomes.record_outcome(handoff.uid, OutcomeInput(kind="won"), by=as_person(rep))
    before = picture()
    outcomes.record_outcome(handoff.uid, OutcomeInput(kind="won"), by=as_person(rep))
    with pytest.raises(StateConflict, match="already won"):
        outcomes.record_outcome(handoff.uid, OutcomeInput(kind="lost"), by=as_person(rep))
    assert picture() == before


def test_a_rejected_lead_that_buys_is_regret_and_stays_rejected(rep, handoff):
    decisions.reject(handoff.uid, by=as_person(rep), reason="fit.industry", evidence={"industry": "farming"})
    done = outcomes.record_outcome(handoff.uid, OutcomeInput(kind="won"), by=as_person(rep))
    assert (done.state, done.closed_at is None, done.outcomes.get().kind) == ("rejected", False, "won")


@pytest.mark.parametrize("amount", ["-1", "1e400", "NaN", "1.234", "9" * 13, "x"])
def test_amounts_that_are_none(rep, handoff, amount):
    before = picture()
    with pytest.raises(InvalidInput) as refused:
        outcomes.record_outcome(handoff.uid, OutcomeInput(kind="won", amount=amount), by=as_person(rep))
    assert refused.value.field == "amount"
    assert picture() == before


@pytest.mark.parametrize("verb", ["accept", "reject", "turn_back"])
def test_undo_makes_it_pending_again_and_the_journal_keeps_both(rep, handoff, verb):
    VERBS[verb](handoff.uid, as_person(rep))
    done = undo.undo(handoff.uid, by=as_person(rep))
    assert (done.state, done.decided_at, done.reason, done.evidence, done.is_void) == ("pending", None, None, {}, False)
    assert last_entry(handoff).kind == "handoff.undone"
    handoff.account.refresh_from_db()
    assert handoff.account.disqualified_at is None
    VERBS["accept"](handoff.uid, as_person(rep))


def test_undo_is_for_who_decided_within_the_window_and_before_anything_followed(rep, settings):
    boss = person_of(manager_of(rep.team))
    mine, late, worked = (offered(rep) for _ in range(3))
    for one in (mine, late, worked):
        decisions.accept(one.uid, by=as_person(rep))
    with pytest.raises(NotAllowed):
        undo.undo(mine.uid, by=boss)
    attempts.log_attempt(worked.uid, by=as_person(rep), kind="call")
    with pytest.raises(StateConflict, match="attempt"):
        undo.undo(worked.uid, by=as_person(rep))
    settings.LEADLOOP_UNDO_SECONDS = 0
    with pytest.raises(StateConflict, match="passed"):
        undo.undo(late.uid, by=as_person(rep))


def test_a_turn_back_that_somebody_looked_at_stands(rep, handoff):
    lena = RepFactory(team=rep.team)
    successor = decisions.turn_back(handoff.uid, by=as_person(rep), to=lena.uid).successors.get()
    decisions.see(successor.uid, by=as_person(lena))
    with pytest.raises(StateConflict, match="looked"):
        undo.undo(handoff.uid, by=as_person(rep))
