"""What pages say of reasons, scores and the journal."""

import pytest

from feedback.logic.consequences import Rule, consequence
from feedback.logic.score_parts import heaviest, points_words
from feedback.logic.story import sentence
from feedback.models import NextState


def rule(next_state: str, **more) -> Rule:
    told = {
        "remedy_owner": "marketing-scoring",
        "cool_off_days": None,
        "return_condition": "",
        "counts": True,
        "asks": "",
        "is_after_work": False,
    }
    return Rule(next_state=next_state, **(told | more))


GOES = " Goes to marketing scoring."
COUNTS, COUNTS_NOT = " Counts in acceptance.", " Does not count in acceptance."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rule("recycle", cool_off_days=60), f"Ana may come back after 60 days.{GOES}{COUNTS}"),
        (
            rule("recycle", return_condition="date reached", counts=False),
            f"Ana may come back (date reached).{GOES}{COUNTS_NOT}",
        ),
        (
            rule("disqualify_account", asks="employee_count"),
            f"Nortex is disqualified; Ana is not. The size on the account becomes what you say.{GOES}{COUNTS}",
        ),
        (rule("suppress_lead", is_after_work=True), f"Ana is suppressed: never offered again.{GOES}"),
    ],
)
def test_a_consequence_is_told_in_plain_sentences(given: Rule, said: str):
    assert consequence(given, person="Ana", company="Nortex") == said


@pytest.mark.parametrize("state", NextState.values)
def test_every_next_state_has_its_sentence_even_for_an_unknown_visitor(state: str):
    assert consequence(rule(state), person="", company="").endswith(COUNTS)


@pytest.mark.parametrize(
    ("parts", "shown", "rest"),
    [
        ({"a": 5, "b": -20}, [("b", -20), ("a", 5)], []),
        ({"b": 5, "a": 5}, [("a", 5), ("b", 5)], []),
        ({}, [], []),
        ({str(n): n for n in range(9)}, [(str(n), n) for n in range(8, -1, -1)], []),
        ({str(n): n for n in range(10)}, [(str(n), n) for n in range(9, 1, -1)], [("1", 1), ("0", 0)]),
    ],
)
def test_score_parts_heaviest_first(parts, shown, rest):
    assert heaviest(parts) == (shown, rest)


@pytest.mark.parametrize(("points", "said"), [(20, "+20"), (-7.5, "−7.5"), (12.25, "+12.2"), (100.0, "+100")])
def test_points_always_carry_their_sign(points: float, said: str):
    assert points_words(points) == said


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("handoff.accepted", {}, "You accepted it"),
        ("handoff.accepted", {"implied_by": "won"}, "Accepted without a click: an outcome arrived"),
        ("handoff.reassigned", {"cause": "taken"}, "You took it from the team's queue"),
        ("attempt.logged", {"kind": "call", "is_two_way": True}, "You logged a call, they answered"),
        ("clock.breached", {"target": "decide"}, "The time for a decision ran out"),
        ("handoff.held", {"reason": "prospect_away"}, "You put it on hold: the prospect is away"),
        ("handoff.held", {}, "You put it on hold"),
        ("handoff.resumed", {"because": "answered"}, "You answered: it goes on"),
        ("handoff.resumed", {"because": "limit"}, "The hold ended: its limit passed"),
        ("handoff.resumed", {"because": "no such"}, "The hold ended"),
        ("handoff.raised", {}, "You raised its priority"),
        ("step.skipped", {"action": "bench"}, "LeadLoop left out benching the rep: it made no sense any more"),
        ("something.odd", {}, "You: something odd"),
    ],
)
def test_the_journal_in_words(kind: str, data: dict, said: str):
    assert sentence(kind, who="You", data=data) == said
