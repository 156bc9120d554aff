"""Marketing upholds refusals and takes that back: who may, whose turn is owed, and what two at once come to."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.actions import decisions, reviews
from feedback.actions.undo import undo
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, RoutingRule, Turn, person_of
from leads.actions.merging import merge_leads
from leads.logic.errors import NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry, Lead
from tests.calling import rows
from tests.factories import RepFactory, UserFactory, as_person, manager_of, marketer
from tests.feedback.refusals import SIZE, a_line, owed, rejected, routed, was_owed
from tests.feedback.test_races import together

pytestmark = pytest.mark.django_db
MANY = "/reports/rejections/handoffs/uphold/"
TAKEN_SINCE = "The turn that was owed for it has been taken since"


@pytest.fixture
def line() -> RoutingRule:
    return a_line()


def kinds(handoff: Handoff) -> list[str]:
    told = JournalEntry.objects.filter(handoff_uid=handoff.uid, kind__startswith="rejection.").order_by("id")
    return list(told.values_list("kind", flat=True))


class TestTakingItBack:
    def test_the_turn_is_owed_no_longer_and_everything_can_begin_anew(self, line):
        handoff, mia = rejected(), marketer()
        reviews.uphold(handoff.uid, by=mia)
        assert reviews.unuphold(handoff.uid, by=mia).upheld_at is None
        assert (owed(), Handoff.objects.get().upheld_at) == (0, None)
        entry = JournalEntry.objects.get(kind="rejection.unupheld")
        assert (entry.data, entry.handoff_uid, entry.lead_uid) == (
            {"rule": str(line.uid)},
            handoff.uid,
            handoff.lead.uid,
        )
        reviews.uphold(handoff.uid, by=mia)
        assert (owed(), kinds(handoff)) == (1, ["rejection.upheld", "rejection.unupheld", "rejection.upheld"])
        reviews.unuphold(handoff.uid, by=mia)
        assert undo(handoff.uid, by=as_person(handoff.owner)).state == "pending"

    def test_a_turn_that_was_taken_stays_and_so_does_the_word(self, line):
        handoff, mia = rejected(), marketer()
        reviews.uphold(handoff.uid, by=mia)
        assert was_owed(routed())
        before = rows()
        with pytest.raises(StateConflict, match=TAKEN_SINCE):
            reviews.unuphold(handoff.uid, by=mia)
        assert rows() == before

    def test_of_two_owed_turns_one_taken_either_can_be_taken_back_and_one_alone(self, line):
        first, other = rejected(), rejected()
        second, mia = rejected(), marketer()
        assert (first.owner, second.owner) == (first.owner, first.owner) != (other.owner, other.owner)
        for handoff in (first, second):
            reviews.uphold(handoff.uid, by=mia)
        assert routed().owner == first.owner
        reviews.unuphold(first.uid, by=mia)
        with pytest.raises(StateConflict, match=TAKEN_SINCE):
            reviews.unuphold(second.uid, by=mia)
        assert owed() == 0

    def test_another_reps_owed_turn_is_not_taken(self, line):
        mine, theirs, mia = rejected(), rejected(), marketer()
        assert mine.owner != theirs.owner
        for handoff in (mine, theirs):
            reviews.uphold(handoff.uid, by=mia)
        Turn.objects.filter(rep=mine.owner).update(owed=0)
        with pytest.raises(StateConflict, match=TAKEN_SINCE):
            reviews.unuphold(mine.uid, by=mia)
        assert Turn.objects.get(rep=theirs.owner).owed == 1

    def test_where_no_turn_was_owed_only_the_word_is_taken_back(self):
        handoff, mia = rejected(RepFactory()), marketer()
        reviews.uphold(handoff.uid, by=mia)
        reviews.unuphold(handoff.uid, by=mia)
        assert JournalEntry.objects.get(kind="rejection.unupheld").data == {"rule": ""}
        assert Handoff.objects.get().upheld_at is None

    def test_a_line_that_is_gone_took_the_turn_with_it(self, line):
        handoff, mia = rejected(), marketer()
        reviews.uphold(handoff.uid, by=mia)
        line.delete()
        assert reviews.unuphold(handoff.uid, by=mia).upheld_at is None

    def test_who_did_not_say_it_cannot_take_it_back_and_nothing_changes(self, line):
        handoff, mia = rejected(), marketer()
        with pytest.raises(StateConflict, match="nothing to undo"):
            reviews.unuphold(handoff.uid, by=mia)
        reviews.uphold(handoff.uid, by=mia)
        others = [
            (marketer(), NotAllowed),
            (as_person(handoff.owner), NotAllowed),
            (person_of(manager_of(handoff.team)), NotAllowed),
            (as_person(RepFactory()), NotFound),
        ]
        before = rows()
        for person, refusal in others:
            with pytest.raises(refusal):
                reviews.unuphold(handoff.uid, by=person)
        assert rows() == before

    def test_the_last_word_counts_not_an_earlier_one(self, line):
        handoff, mia, max_ = rejected(), marketer(), marketer()
        reviews.uphold(handoff.uid, by=mia)
        reviews.unuphold(handoff.uid, by=mia)
        reviews.uphold(handoff.uid, by=max_)
        with pytest.raises(NotAllowed):
            reviews.unuphold(handoff.uid, by=mia)
        assert reviews.unuphold(handoff.uid, by=max_).upheld_at is None

    def test_the_window_is_that_of_a_decision(self, line, settings):
        handoff, mia = rejected(), marketer()
        reviews.uphold(handoff.uid, by=mia)
        settings.LEADLOOP_UNDO_SECONDS = 0
        before = rows()
        with pytest.raises(StateConflict, match="time to undo has passed"):
            reviews.unuphold(handoff.uid, by=mia)
        assert rows() == before


STEPS = st.lists(
    st.tuples(st.sampled_from(("offer", "reject", "uphold", "uphold", "unuphold", "unuphold")), st.integers(0, 9)),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_turns_and_credits_are_conserved_whatever_is_upheld_and_taken_back(steps):
    """What is owed and what was taken as owed is what stands upheld; credits add up to nothing at any time."""
    with transaction.atomic():
        a_line()
        mia = marketer()
        verbs: dict[str, Callable[[Handoff], object]] = {
            "reject": lambda handoff: decisions.reject(handoff.uid, by=as_person(handoff.owner), **SIZE),
            "uphold": lambda handoff: reviews.uphold(handoff.uid, by=mia),
            "unuphold": lambda handoff: reviews.unuphold(handoff.uid, by=mia),
        }
        made = [routed() for _ in range(3)]
        for verb, number in [*((verb, n) for n in range(3) for verb in ("reject", "uphold")), *steps]:
            try:
                if verb == "offer":
                    made.append(routed())
                else:
                    verbs[verb](made[number % len(made)])
            except StateConflict:
                pass
            taken = sum(was_owed(handoff) for handoff in made)
            assert owed() + taken == Handoff.objects.exclude(upheld_at=None).count()
            assert sum(Turn.objects.values_list("credit", flat=True)) == 0
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_uphold_and_one_turn_is_owed_two_take_it_back_and_none_is(self, line):
        mia, max_ = marketer(), marketer()
        for number in range(10):
            uid = rejected().uid
            answers = together(*[lambda uid=uid, by=by: reviews.uphold(uid, by=by) for by in (mia, max_, mia, max_)])
            assert Counter(type(answer) for answer in answers) == {Handoff: 1, StateConflict: 3}
            assert owed() == 1
            by = mia if any(isinstance(answers[index], Handoff) for index in (0, 2)) else max_
            answers = together(*[lambda uid=uid, by=by: reviews.unuphold(uid, by=by) for _ in range(4)])
            assert Counter(type(answer) for answer in answers) == {Handoff: 1, StateConflict: 3}, number
            assert owed() == 0

    def test_who_was_merged_meanwhile_is_told_of_as_who_they_are_now(self, line):
        handoff, mia = rejected(), marketer()
        keep = Lead.objects.create(email="keep@brenn.example")

        def uphold():
            try:
                return reviews.uphold(handoff.uid, by=mia)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                merge_leads(keep.uid, handoff.lead.uid, by=LEADLOOP)
                waiting = pool.submit(uphold)
                with pytest.raises(TimeoutError):
                    waiting.result(0.5)
            assert waiting.result().lead == keep
        assert JournalEntry.objects.get(kind="rejection.upheld").lead_uid == keep.uid

    def test_a_turn_is_taken_or_taken_back_never_both(self, line):
        mia = marketer()
        taken = 0
        for _ in range(12):
            handoff = rejected()
            reviews.uphold(handoff.uid, by=mia)
            given_to, answer = together(routed, lambda uid=handoff.uid: reviews.unuphold(uid, by=mia))
            assert isinstance(given_to, Handoff)
            is_taken = was_owed(given_to)
            taken += is_taken
            assert isinstance(answer, StateConflict) is is_taken
            assert (owed(), Handoff.objects.exclude(upheld_at=None).count()) == (0, taken)

    def test_two_whole_pages_upheld_at_once_owe_each_turn_once(self, line):
        uids = [str(rejected().uid) for _ in range(12)]
        clients = [Client(), Client()]
        for one in clients:
            one.force_login(UserFactory(roles=("marketer",)))
        sent = ({"uid": uids}, {"uid": uids[::-1]})
        answers = together(
            *[lambda one=one, data=data: one.post(MANY, data) for one, data in zip(clients, sent, strict=True)]
        )
        assert [answer.status_code for answer in answers] == [302, 302]
        assert (owed(), JournalEntry.objects.filter(kind="rejection.upheld").count()) == (12, 12)
