"""What is counted about a set of handoffs, and the rates made of it. docs/metrics.md defines every one."""

from dataclasses import dataclass, fields
from functools import cached_property

from feedback.logic.rates import Rate, wilson
from feedback.logic.states import State

# Which count a handoff of each state adds to; a void one adds to void instead.
COUNT_OF_STATE: dict[State, str] = {
    State.PENDING: "pending",
    State.ACCEPTED: "worked",
    State.QUALIFIED: "qualified",
    State.WON: "won_here",
    State.LOST: "lost",
    State.REJECTED: "rejected",
    State.RETURNED: "returned",
    State.TURNED_BACK: "turned_back",
    State.EXPIRED: "expired",
    State.RECALLED: "recalled",
}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Counts of handoffs. Each is in exactly one of the first eleven; the rest count some of them again.

    `worked` are accepted with the work still open; `won_otherwise` have a win in another state, which is regret
    where they were rejected; `overdue` are pending past their due time; `mature` were offered long enough ago for
    the SQL rate, and `sql` of these became one in that time.
    """

    pending: int = 0
    worked: int = 0
    qualified: int = 0
    won_here: int = 0
    lost: int = 0
    rejected: int = 0
    void: int = 0
    returned: int = 0
    turned_back: int = 0
    expired: int = 0
    recalled: int = 0
    won_otherwise: int = 0
    overdue: int = 0
    mature: int = 0
    sql: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})

    @cached_property
    def offered(self) -> int:
        """Every handoff of the cohort."""
        return self.decided + self.pending + self.expired + self.recalled

    @cached_property
    def accepted(self) -> int:
        """Accepted at review, whatever came after."""
        return self.worked + self.qualified + self.won_here + self.lost + self.returned

    @cached_property
    def decided(self) -> int:
        """Answered by a rep: accepted, rejected (void included) or turned back."""
        return self.accepted + self.rejected + self.void + self.turned_back

    @cached_property
    def counted(self) -> int:
        """What acceptance is measured on: offered without turned back, void and recalled."""
        return self.offered - self.turned_back - self.void - self.recalled

    @cached_property
    def won(self) -> int:
        """With a win, by whatever route."""
        return self.won_here + self.won_otherwise

    @cached_property
    def silent(self) -> int:
        """Expired, or pending past the due time."""
        return self.expired + self.overdue

    @cached_property
    def acceptance(self) -> Rate:
        """Accepted of counted."""
        return wilson(self.accepted, self.counted)

    @cached_property
    def rejection(self) -> Rate:
        """Rejected at review and not void, of counted."""
        return wilson(self.rejected, self.counted)

    @cached_property
    def after_work(self) -> Rate:
        """Returned after work, of counted."""
        return wilson(self.returned, self.counted)

    @cached_property
    def resolution(self) -> Rate:
        """Decided of offered."""
        return wilson(self.decided, self.offered)

    @cached_property
    def silence(self) -> Rate:
        """Silent of offered."""
        return wilson(self.silent, self.offered)

    @cached_property
    def winning(self) -> Rate:
        """Won of offered."""
        return wilson(self.won, self.offered)

    @cached_property
    def to_sql(self) -> Rate:
        """SQL of mature."""
        return wilson(self.sql, self.mature)
