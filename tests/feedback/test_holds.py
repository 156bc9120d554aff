"""Holds: what each leaves behind, every way one ends, and what is refused without leaving anything."""

import datetime as dt
from unittest import mock

import pytest
from django.db import transaction

from feedback.actions import attempts, decisions, holds, outcomes, owners, undo
from feedback.actions.outcomes import OutcomeInput
from feedback.logic.holds import REASONS
from feedback.logic.rights import LEADLOOP
from feedback.models import Handoff, Hold, person_of
from feedback.signals import handoff_changed
from feedback.tasks import end_holds
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput
from leads.logic.errors import InvalidInput, NotAllowed, NotFound, StateConflict
from leads.models import JournalEntry, JournalNote, Notice
from tests.calling import rows
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, as_person, manager_of, marketer, offered

pytestmark = pytest.mark.django_db

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def rep():
    return RepFactory()


@pytest.fixture
def handoff(rep):
    return offered(rep, at=ago(hours=5))


@pytest.fixture
def heard():
    """Every change that was announced, with the instant and what was said."""
    news: list[tuple[str, dt.datetime | None, dict]] = []

    def hear(change, at, data, handoffs, **_):
        news.append((change, at, data, handoffs[0].state))

    handoff_changed.connect(hear)
    yield news
    handoff_changed.disconnect(hear)


def ask(handoff: Handoff, rep, **more) -> Handoff:
    return holds.hold(
        handoff.uid, by=as_person(rep), reason="missing_context", question="Which product did they look at?", **more
    )


def wait(handoff: Handoff, rep, **more) -> Handoff:
    return holds.hold(handoff.uid, by=as_person(rep), reason="prospect_away", **more)


def journal(handoff: Handoff) -> list[str]:
    return list(JournalEntry.objects.filter(handoff_uid=handoff.uid).order_by("id").values_list("kind", flat=True))


def told(user) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("id").values_list("kind", flat=True))


def test_asking_marketing(rep, handoff, heard):
    mia, gone = UserFactory(roles=("marketer",)), UserFactory(roles=("marketer",), is_active=False)
    before = dt.datetime.now(dt.UTC)
    ask(handoff, rep)
    hold = Hold.objects.get()
    assert (hold.handoff, hold.reason, hold.owed_by, hold.by) == (handoff, "missing_context", "marketing", rep.user)
    assert hold.limit_at - hold.began_at == REASONS["missing_context"].usual
    assert abs(hold.began_at - before) < dt.timedelta(minutes=1)
    entry = JournalEntry.objects.get(kind="handoff.held")
    assert entry.data == {
        "hold": str(hold.uid),
        "reason": "missing_context",
        "owed_by": "marketing",
        "limit_at": hold.limit_at.isoformat(),
    }
    assert (entry.occurred_at, entry.note.text) == (hold.began_at, "Which product did they look at?")
    assert heard == [("held", hold.began_at, entry.data, "pending")]
    assert (told(mia), told(gone), told(rep.user)) == (["hold.asked"], [], [])
    handoff.refresh_from_db()
    assert handoff.state == "pending"


def test_waiting_for_the_prospect_asks_nobody(rep, handoff):
    mia = UserFactory(roles=("marketer",))
    wait(handoff, rep)
    assert (Hold.objects.get().owed_by, told(mia)) == ("prospect", [])


def test_an_acceptance_and_a_hold_in_one_save(rep, handoff, heard):
    with transaction.atomic():
        decisions.accept(handoff.uid, by=as_person(rep))
        holds.hold(handoff.uid, by=as_person(rep), reason="awaiting_reply")
    assert [change for change, *_ in heard] == ["accepted", "held"]
    accepted, held = (at for _, at, *_ in heard)
    assert accepted <= held
    assert Hold.objects.get(ended_at=None).handoff.state == "accepted"


def test_a_late_hold_is_allowed(rep, handoff):
    Handoff.objects.filter(pk=handoff.pk).update(due_at=ago(hours=1))
    ask(handoff, rep)
    assert Hold.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "no such"}, "reason"),
        ({"reason": ["missing_context"]}, "reason"),
        ({"reason": "awaiting_reply"}, "reason"),  # only once accepted
        ({"question": ""}, "question"),
        ({"question": " \n "}, "question"),
        ({"question": "a\x00b"}, "question"),
        ({"question": "\ud800"}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"until": ago(minutes=1)}, "until"),
        ({"until": ago(days=-6)}, "until"),
        ({"until": dt.datetime(2030, 1, 1)}, "until"),  # noqa: DTZ001 - naive on purpose
        ({"until": dt.datetime.max.replace(tzinfo=dt.timezone(-HOUR))}, "until"),
        ({"at": ago(hours=6)}, "at"),
        ({"at": ago(hours=-1)}, "at"),
        ({"reason": "bad_data", "at": ago(hours=4), "until": ago(hours=3)}, "until"),
    ],
)
def test_a_hold_that_is_refused_changes_nothing(rep, handoff, given, field):
    before = rows()
    with pytest.raises(InvalidInput) as refused, transaction.atomic():
        holds.hold(handoff.uid, by=as_person(rep), **{"reason": "missing_context", "question": "What?", **given})
    assert refused.value.field == field
    assert rows() == before


@pytest.mark.parametrize("reason", REASONS)
def test_the_longest_of_each_reason(rep, handoff, reason):
    decisions.accept(handoff.uid, by=as_person(rep))
    longest = REASONS[reason].longest
    given = {"by": as_person(rep), "reason": reason, "question": "?"}
    with pytest.raises(InvalidInput, match=f"{longest.days} days at most"):
        holds.hold(handoff.uid, **given, until=dt.datetime.now(dt.UTC) + longest + HOUR)
    holds.hold(handoff.uid, **given, until=dt.datetime.now(dt.UTC) + longest - HOUR)
    assert Hold.objects.get().limit_at > dt.datetime.now(dt.UTC) + longest - 2 * HOUR


def test_one_hold_at_a_time(rep, handoff):
    ask(handoff, rep)
    before = rows()
    with pytest.raises(StateConflict, match="on hold already"):
        wait(handoff, rep)
    assert rows() == before


def test_a_hold_needs_an_open_handoff(rep, handoff):
    decisions.accept(handoff.uid, by=as_person(rep))
    decisions.qualify(handoff.uid, by=as_person(rep))
    before = rows()
    with pytest.raises(StateConflict, match="Already qualified"):
        ask(handoff, rep)
    assert rows() == before


def test_a_backdated_hold_overlaps_nothing_that_was(rep, handoff):
    wait(handoff, rep, at=ago(hours=4))
    holds.release_hold(handoff.uid, by=as_person(rep), at=ago(hours=3))
    with pytest.raises(InvalidInput, match="hold before"):
        wait(handoff, rep, at=ago(hours=3, minutes=30))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(hours=2))
    with pytest.raises(InvalidInput, match="before the handoff was accepted"):
        wait(handoff, rep, at=ago(hours=2, minutes=30))
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", is_two_way=True, at=ago(hours=1))
    with pytest.raises(InvalidInput, match="has acted since"):
        wait(handoff, rep, at=ago(hours=1, minutes=30))
    wait(handoff, rep, at=ago(minutes=30))
    assert Hold.objects.count() == 2


def test_an_answer_ends_the_hold_and_the_rep_is_told(rep, handoff, heard):
    ask(handoff, rep)
    mia = UserFactory(roles=("marketer",))
    holds.answer(handoff.uid, by=person_of(mia), text="  The router, three times.\r\n")
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_by, hold.answer) == ("answered", mia, "The router, three times.")
    entry = JournalEntry.objects.get(kind="handoff.resumed")
    assert entry.data == {
        "hold": str(hold.uid),
        "because": "answered",
        "owed_by": "marketing",
        "began_at": hold.began_at.isoformat(),
    }
    assert (entry.occurred_at, entry.actor, entry.note.text) == (hold.ended_at, mia, "The router, three times.")
    assert heard[-1] == ("resumed", hold.ended_at, entry.data, "pending")
    assert told(rep.user) == ["hold.answered"]


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "x" * 2001, 7])
def test_an_answer_without_words_changes_nothing(rep, handoff, text):
    ask(handoff, rep)
    before = rows()
    with pytest.raises(InvalidInput) as refused, transaction.atomic():
        holds.answer(handoff.uid, by=marketer(), text=text)
    assert refused.value.field == "text"
    assert rows() == before


def test_only_a_question_is_answered_and_only_once(rep, handoff):
    mia = marketer()
    with pytest.raises(StateConflict, match="Nobody asks"):
        holds.answer(handoff.uid, by=mia, text="Yes")
    wait(handoff, rep)
    with pytest.raises(StateConflict, match="Nobody asks"):
        holds.answer(handoff.uid, by=mia, text="Yes")
    holds.release_hold(handoff.uid, by=as_person(rep))
    ask(handoff, rep)
    holds.answer(handoff.uid, by=mia, text="Yes")
    with pytest.raises(StateConflict, match="settled"):
        holds.answer(handoff.uid, by=mia, text="No")
    assert Hold.objects.latest("id").answer == "Yes"


def test_an_answer_after_the_limit_is_kept_and_the_limit_stands(rep, handoff, heard):
    ask(handoff, rep, at=ago(hours=4), until=dt.datetime.now(dt.UTC) + HOUR)
    limit = ago(minutes=10)
    Hold.objects.update(limit_at=limit)
    mia = person_of(UserFactory(roles=("marketer",)))
    holds.answer(handoff.uid, by=mia, text="The router.")
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_at, hold.ended_by, hold.answer) == ("limit", limit, None, "The router.")
    assert journal(handoff)[-2:] == ["handoff.resumed", "hold.answered"]
    assert not JournalNote.objects.filter(entry__kind="handoff.resumed").exists()
    assert JournalEntry.objects.get(kind="hold.answered").note.text == "The router."
    assert [change for change, *_ in heard] == ["held", "resumed"]
    assert told(rep.user) == ["hold.limit", "hold.answered"]
    with pytest.raises(StateConflict):
        holds.answer(handoff.uid, by=mia, text="Once more.")


def test_the_limit_ends_a_hold_by_itself(rep, handoff):
    ask(handoff, rep, at=ago(hours=4), until=dt.datetime.now(dt.UTC) + HOUR)
    other = offered(rep)
    ask(other, rep)
    assert holds.end_due() == 0
    limit = ago(hours=1)
    Hold.objects.filter(handoff=handoff).update(limit_at=limit)
    end_holds()
    hold = Hold.objects.get(handoff=handoff)
    assert (hold.ended_because, hold.ended_at, hold.ended_by) == ("limit", limit, None)
    entry = JournalEntry.objects.get(kind="handoff.resumed")
    assert (entry.occurred_at, entry.actor, entry.actor_label) == (limit, None, "LeadLoop")
    assert told(rep.user) == ["hold.limit"]
    assert (holds.end_due(), Hold.objects.get(handoff=other).ended_at) == (0, None)


def test_one_hold_that_cannot_end_does_not_stop_the_rest(rep):
    handoffs = [offered(rep) for _ in range(3)]
    for handoff in handoffs:
        ask(handoff, rep)
    Hold.objects.update(began_at=ago(hours=2), limit_at=ago(hours=1))

    def break_the_first(handoffs, change, **_):
        if change == "resumed" and handoffs[0].pk == poisoned.pk:
            raise RuntimeError("broken")

    poisoned = handoffs[0]
    handoff_changed.connect(break_the_first)
    try:
        assert holds.end_due() == 2
    finally:
        handoff_changed.disconnect(break_the_first)
    assert Hold.objects.get(ended_at=None).handoff == poisoned
    assert holds.end_due() == 1


def test_end_due_takes_no_more_than_it_is_told(rep):
    for _ in range(3):
        ask(offered(rep), rep)
    Hold.objects.update(began_at=ago(hours=2), limit_at=ago(hours=1))
    assert [holds.end_due(2), holds.end_due(2), holds.end_due(2)] == [2, 1, 0]


def test_taking_it_off_hold(rep, handoff):
    wait(handoff, rep)
    holds.release_hold(handoff.uid, by=as_person(rep))
    assert (Hold.objects.get().ended_because, Hold.objects.get().ended_by) == ("released", rep.user)
    assert told(rep.user) == []
    before = rows()
    with pytest.raises(StateConflict, match="not on hold"):
        holds.release_hold(handoff.uid, by=as_person(rep))
    assert rows() == before


def engagement(handoff: Handoff, at: dt.datetime, **more) -> EngagementInput:
    given = {"lead": LeadInput(email=handoff.lead.email)} if handoff.lead else {}
    return EngagementInput(kind="form", occurred_at=at, **{**given, **more})


def test_the_prospect_acts(rep, handoff):
    wait(handoff, rep, at=ago(hours=2))
    record_engagements([engagement(handoff, ago(hours=3))])
    assert Hold.objects.get().ended_at is None
    before = dt.datetime.now(dt.UTC)
    record_engagements([engagement(handoff, ago(hours=3)), engagement(handoff, ago(hours=1))])
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_by) == ("prospect_acted", None)
    assert hold.ended_at >= before - dt.timedelta(seconds=1)
    assert told(rep.user) == ["hold.prospect_acted"]


def test_what_marketing_owes_does_not_come_from_the_prospect(rep, handoff):
    ask(handoff, rep)
    record_engagements([engagement(handoff, dt.datetime.now(dt.UTC))])
    assert Hold.objects.get().ended_at is None


def test_somebody_else_of_the_company_is_not_the_lead(rep, handoff):
    wait(handoff, rep, at=ago(hours=2))
    company = AccountInput(name=handoff.account.name)
    record_engagements(
        [
            EngagementInput(kind="form", occurred_at=ago(hours=1), account=company),
            EngagementInput(
                kind="form", occurred_at=ago(hours=1), lead=LeadInput(email="other@nortex.example", account=company)
            ),
        ]
    )
    assert Hold.objects.get().ended_at is None


@pytest.mark.parametrize("visitor_is_known", [False, True])
def test_without_a_lead_anybody_of_the_company_is_the_prospect(rep, handoff, visitor_is_known):
    Handoff.objects.filter(pk=handoff.pk).update(lead=None)
    wait(handoff, rep, at=ago(hours=2))
    company = AccountInput(name=handoff.account.name)
    who = {"lead": LeadInput(email="a@b.example", account=company)} if visitor_is_known else {"account": company}
    record_engagements([EngagementInput(kind="form", occurred_at=ago(hours=1), **who)])
    assert Hold.objects.get().ended_because == "prospect_acted"


def test_an_engagement_that_was_known_already_is_no_news(rep, handoff):
    known = engagement(handoff, ago(hours=1), external_system="crm", external_id="e-1")
    record_engagements([known])
    wait(handoff, rep)
    Hold.objects.update(began_at=ago(hours=2))
    record_engagements([known])
    assert Hold.objects.get().ended_at is None


def test_news_about_many_takes_one_statement_more(rep, django_assert_max_num_queries):
    leads = [offered(rep) for _ in range(30)]
    now = dt.datetime.now(dt.UTC)
    record_engagements([engagement(one, now) for one in leads])
    with django_assert_max_num_queries(12):
        record_engagements([engagement(one, now) for one in leads])


def test_a_conversation_ends_the_wait_and_a_voicemail_does_not(rep, handoff, heard):
    wait(handoff, rep, at=ago(hours=2))
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call")
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", is_two_way=True, at=ago(hours=3))
    assert Hold.objects.get().ended_at is None
    at = ago(hours=1)
    attempts.log_attempt(handoff.uid, by=as_person(rep), kind="call", is_two_way=True, at=at)
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_at, hold.ended_by) == ("prospect_acted", at, rep.user)
    assert told(rep.user) == []


MOVES = {
    "accept": lambda uid, by: decisions.accept(uid, by=by),
    "reject": lambda uid, by: decisions.reject(uid, by=by, reason="fit.industry", evidence={"industry": "farming"}),
    "turn_back": lambda uid, by: decisions.turn_back(uid, by=by),
    "expire": lambda uid, by: owners.expire(uid, by=LEADLOOP),
    "recall": lambda uid, by: owners.recall(uid, by=marketer()),
    "won": lambda uid, by: outcomes.record_outcome(uid, OutcomeInput(kind="won"), by=by),
    "opportunity": lambda uid, by: outcomes.record_outcome(uid, OutcomeInput(kind="opportunity"), by=by),
}
WORKED = {
    "qualify": lambda uid, by: decisions.qualify(uid, by=by),
    "return": lambda uid, by: decisions.return_after_work(
        uid, by=by, reason="other.text", evidence={"note": "no budget"}
    ),
    "lost": lambda uid, by: outcomes.record_outcome(uid, OutcomeInput(kind="lost"), by=by),
}


@pytest.mark.parametrize("move", [*MOVES, *WORKED])
def test_whoever_moves_the_handoff_on_ends_the_hold_first(rep, handoff, heard, move):
    if move in WORKED:
        decisions.accept(handoff.uid, by=as_person(rep))
    ask(handoff, rep)
    del heard[:]
    {**MOVES, **WORKED}[move](handoff.uid, as_person(rep))
    hold = Hold.objects.get()
    assert hold.ended_because == "decided"
    (first, at, data, state), (_, moved_at, *_) = heard[:2]
    assert (first, at, data["because"]) == ("resumed", hold.ended_at, "decided")
    assert state == ("accepted" if move in WORKED else "pending")
    assert hold.ended_at <= moved_at
    assert journal(handoff).index("handoff.resumed") < len(journal(handoff)) - 1
    assert told(rep.user) == []


def test_a_decision_of_before_the_hold_leaves_it_no_time(rep, handoff):
    wait(handoff, rep, at=ago(hours=2))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(hours=3))
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_at) == ("decided", hold.began_at)


def test_a_decision_after_the_limit_finds_the_hold_over(rep, handoff):
    wait(handoff, rep, at=ago(hours=3))
    limit = ago(hours=1)
    Hold.objects.update(limit_at=limit)
    decisions.accept(handoff.uid, by=as_person(rep))
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_at, hold.ended_by) == ("limit", limit, None)
    assert told(rep.user) == []


def test_a_hold_past_its_limit_makes_room_for_the_next(rep, handoff):
    wait(handoff, rep, at=ago(hours=3))
    Hold.objects.update(limit_at=ago(hours=1))
    ask(handoff, rep)
    assert list(Hold.objects.order_by("id").values_list("ended_because", flat=True)) == ["limit", ""]


def test_another_team_begins_anew_and_a_colleague_goes_on_waiting(rep, handoff):
    ask(handoff, rep)
    boss = manager_of(rep.team)
    lena, elsewhere = RepFactory(team=rep.team), RepFactory()
    elsewhere.team.managers.add(boss)
    owners.reassign(handoff.uid, by=person_of(boss), to=lena.uid)
    assert Hold.objects.get().ended_at is None
    owners.reassign(handoff.uid, by=person_of(boss), to=elsewhere.uid)
    assert Hold.objects.get().ended_because == "decided"


def test_undo_brings_no_hold_back_and_takes_one_along(rep, handoff, heard):
    wait(handoff, rep)
    with transaction.atomic():
        decisions.accept(handoff.uid, by=as_person(rep))
        holds.hold(handoff.uid, by=as_person(rep), reason="awaiting_reply")
    undo.undo(handoff.uid, by=as_person(rep))
    assert [change for change, *_ in heard] == ["held", "resumed", "accepted", "held", "resumed", "undone"]
    assert not Hold.objects.filter(ended_at=None).exists()
    handoff.refresh_from_db()
    assert handoff.state == "pending"


def test_who_is_told_when_nobody_owns_it():
    team = TeamFactory()
    boss = manager_of(team)
    waiting = offered(team=team)
    holds.hold(waiting.uid, by=person_of(boss), reason="missing_context", question="Which region?")
    holds.answer(waiting.uid, by=marketer(), text="North.")
    assert told(boss) == ["hold.answered"]


DO = {
    "hold": lambda uid, by: holds.hold(uid, by=by, reason="prospect_away"),
    "answer": lambda uid, by: holds.answer(uid, by=by, text="Yes"),
    "resume": lambda uid, by: holds.release_hold(uid, by=by),
    "release": lambda uid, by: owners.release(uid, by=by),
    "raise": lambda uid, by: owners.raise_priority(uid, by=by),
}
# fmt: off
RIGHTS = """
            owner      colleague  stranger   manager  elsewhere  marketer    operations  integrator  nobody
hold        yes        NotFound   NotFound   yes      NotFound   NotAllowed  NotAllowed  yes         NotFound
answer      NotAllowed NotFound   NotFound   yes      NotFound   yes         NotAllowed  yes         NotFound
resume      yes        NotFound   NotFound   yes      NotFound   NotAllowed  NotAllowed  yes         NotFound
release     NotAllowed NotFound   NotFound   yes      NotFound   NotAllowed  NotAllowed  yes         NotFound
raise       NotAllowed NotFound   NotFound   yes      NotFound   NotAllowed  NotAllowed  yes         NotFound
"""
# fmt: on
HEAD, *LINES = [line.split() for line in RIGHTS.strip().splitlines()]
CASES = [(line[0], who, wanted) for line in LINES for who, wanted in zip(HEAD, line[1:], strict=True)]


@pytest.mark.parametrize(("verb", "who", "wanted"), CASES)
def test_rights(rep, handoff, verb, who, wanted):
    people = {
        "owner": lambda: rep.user,
        "colleague": lambda: RepFactory(team=rep.team).user,
        "stranger": lambda: RepFactory().user,
        "manager": lambda: manager_of(rep.team),
        "elsewhere": lambda: manager_of(TeamFactory()),
        "nobody": UserFactory,
    }
    person = person_of(people[who]() if who in people else UserFactory(roles=(who,)))
    if verb in {"answer", "resume"}:
        ask(handoff, rep)
    before = rows()
    if wanted == "yes":
        DO[verb](handoff.uid, person)
        assert rows() != before
        return
    with pytest.raises({"NotFound": NotFound, "NotAllowed": NotAllowed}[wanted]):
        DO[verb](handoff.uid, person)
    assert rows() == before


def test_history_may_be_written_down_by_leadloop_itself(rep, handoff):
    holds.hold(handoff.uid, by=LEADLOOP, reason="prospect_away", at=ago(hours=4), until=ago(hours=3))
    decisions.accept(handoff.uid, by=as_person(rep), at=ago(hours=2))
    hold = Hold.objects.get()
    assert (hold.ended_because, hold.ended_at) == ("limit", hold.limit_at)


def test_a_failing_receiver_takes_the_hold_along(rep, handoff):
    before = rows()
    with (
        mock.patch.object(handoff_changed, "send", side_effect=RuntimeError("broken")),
        pytest.raises(RuntimeError),
        transaction.atomic(),
    ):
        ask(handoff, rep)
    assert rows() == before
