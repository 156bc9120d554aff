"""Whose turn it is: smooth weighted round robin (nginx, 2012) among those who can.

At each turn everybody who can gains their weight, the highest credit takes it and pays what all gained together. So
credits add up to the same before and after, and while the same people can, every round of as many turns as their
weights add up to gives each exactly their weight. Who cannot neither gains nor pays: somebody who was away for a month
comes back with the credit they left with, and is not flooded to catch up (the fair car pool: Fagin and Williams, 1983).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A rep's place in a line. `owed` counts turns that were given back to them and not yet taken."""

    pk: int
    rep: int
    weight: int
    credit: int = 0
    owed: int = 0


@dataclass(frozen=True)
class TurnTaken:
    """Who took the turn and from which seat, with what weight among whose together, and the line after it."""

    rep: int
    seat: int
    weight: int
    of: int
    was_owed: bool
    seats: tuple[Seat, ...]


def take_turn(seats: Sequence[Seat], able: Collection[int]) -> TurnTaken:
    """Whose turn it is among the reps `able`, at least one of whom stands in the line. Ties go to the earlier seat.

    Who is owed a turn takes it first; nobody gains or pays for it.
    """
    could = [seat for seat in seats if seat.rep in able]
    of = sum(seat.weight for seat in could)
    owed = max(could, key=lambda seat: (seat.owed, -seat.pk))
    if owed.owed:
        after = tuple(replace(seat, owed=seat.owed - 1) if seat is owed else seat for seat in seats)
        return TurnTaken(owed.rep, owed.pk, owed.weight, of, True, after)
    gained = [replace(seat, credit=seat.credit + seat.weight) if seat.rep in able else seat for seat in seats]
    chosen = max((seat for seat in gained if seat.rep in able), key=lambda seat: (seat.credit, -seat.pk))
    paid = replace(chosen, credit=chosen.credit - of)
    after = tuple(paid if seat is chosen else seat for seat in gained)
    return TurnTaken(chosen.rep, chosen.pk, chosen.weight, of, False, after)
