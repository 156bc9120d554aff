"""Shares, credits and comebacks in a line, for any line and any who come and go."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from feedback.logic.turns import Seat, take_turn

WEIGHTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def line(weights) -> tuple[Seat, ...]:
    return tuple(Seat(pk=n, rep=n, weight=weight) for n, weight in enumerate(weights, start=1))


def played(seats, able_at):
    """Who took each turn, and the line afterwards; `able_at` is who can, turn by turn."""
    taken = []
    for able in able_at:
        turn = take_turn(seats, able)
        taken.append(turn.rep)
        seats = turn.seats
    return taken, seats


@given(WEIGHTS, st.integers(0, 40), st.integers(1, 3))
def test_any_window_of_whole_rounds_gives_each_exactly_their_weight(weights, begins, rounds):
    everybody = set(range(1, len(weights) + 1))
    length = sum(weights) * rounds
    taken, _ = played(line(weights), [everybody] * (begins + length))
    window = Counter(taken[begins : begins + length])
    assert [window[n] for n in sorted(everybody)] == [weight * rounds for weight in weights]


@given(st.data())
def test_credits_add_up_to_the_same_whoever_comes_and_goes(data):
    weights = data.draw(WEIGHTS)
    some = st.sets(st.integers(1, len(weights)), min_size=1)
    seats = line(weights)
    for able in data.draw(st.lists(some, max_size=40)):
        turn = take_turn(seats, able)
        assert turn.rep in able
        assert sum(seat.credit for seat in turn.seats) == 0
        untouched = [(new, old) for new, old in zip(turn.seats, seats, strict=True) if new.rep not in able]
        assert all(new == old for new, old in untouched)
        assert take_turn(seats, able) == turn
        seats = turn.seats


@given(st.data())
def test_who_comes_back_is_not_flooded(data):
    """Among people of the same weight nobody takes more than two turns in a row once they are back."""
    size = data.draw(st.integers(2, 5))
    everybody = set(range(1, size + 1))
    away = data.draw(st.integers(1, size))
    before, gone = data.draw(st.integers(0, 30)), data.draw(st.integers(1, 200))
    _, seats = played(line([1] * size), [everybody] * before + [everybody - {away}] * gone)
    after, _ = played(seats, [everybody] * 3 * size)
    assert max(Counter(after[:3]).values()) <= 2
    assert all(2 <= count <= 4 for count in Counter(after).values())


@given(st.data())
def test_nobody_runs_away_however_people_come_and_go(data):
    """The car pool stays fair: no credit grows with the length of the story."""
    size = data.draw(st.integers(2, 5))
    some = st.sets(st.integers(1, size), min_size=1)
    seats = line([1] * size)
    for able in data.draw(st.lists(some, min_size=50, max_size=300)):
        seats = take_turn(seats, able).seats
        assert max(abs(seat.credit) for seat in seats) <= size * size


def test_a_turn_that_is_owed_comes_first_and_costs_nobody_anything():
    seats = (Seat(pk=1, rep=1, weight=3), Seat(pk=2, rep=2, weight=1, owed=1))
    turn = take_turn(seats, {1, 2})
    assert (turn.rep, turn.was_owed, turn.seats[1].owed) == (2, True, 0)
    assert [seat.credit for seat in turn.seats] == [0, 0]
    taken, _ = played(turn.seats, [{1, 2}] * 4)
    assert Counter(taken) == {1: 3, 2: 1}
    assert take_turn(seats, {1}).rep == 1
