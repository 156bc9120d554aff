"""Who may do what with a handoff: one table, read by every door through the actions."""

from dataclasses import dataclass, field

from feedback.logic.states import Verb
from leads.logic.actors import Actor

REP, MANAGER, MARKETER, OPERATIONS, INTEGRATOR = "rep", "manager", "marketer", "operations", "integrator"
ROLES = (REP, MANAGER, MARKETER, OPERATIONS, INTEGRATOR)

_DECIDING = frozenset(
    {
        Verb.SEE,
        Verb.ACCEPT,
        Verb.REJECT,
        Verb.RETURN,
        Verb.TURN_BACK,
        Verb.LOG_ATTEMPT,
        Verb.QUALIFY,
        Verb.RECORD_OUTCOME,
        Verb.UNDO,
        Verb.HOLD,
        Verb.RESUME,
    }
)


@dataclass(frozen=True, kw_only=True)
class Person(Actor):
    """An actor with rights. `rep_id` and `team_id` are None for who is no active rep."""

    roles: frozenset[str] = frozenset()
    rep_id: int | None = None
    team_id: int | None = None
    managed_team_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def sees_all(self) -> bool:
        """Whether every handoff is visible: marketers, operations, integrators and LeadLoop itself."""
        return self.is_system or bool(self.roles & {MARKETER, OPERATIONS, INTEGRATOR})

    @property
    def reads_reports(self) -> bool:
        """Whether reports are for them at all: whoever has a role. Each counts only what they may see."""
        return self.is_system or bool(self.roles & set(ROLES))

    @property
    def is_system(self) -> bool:
        """Whether LeadLoop itself acts: the sweep, an expiry."""
        return self.user_id is None and self.via == "system"


LEADLOOP = Person(user_id=None, label="LeadLoop", via="system")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What the rights look at in a handoff."""

    team_id: int | None
    owner_id: int | None


def may(person: Person, verb: Verb, subject: Subject) -> bool:
    """Whether `person` may do `verb` with a handoff they can already see. State is not asked here."""
    if person.is_system:
        return True
    if verb is Verb.OFFER:
        return bool(person.roles & {MARKETER, OPERATIONS, INTEGRATOR})
    if verb is Verb.MEET:
        return bool(person.roles & {MARKETER, OPERATIONS, INTEGRATOR})
    if verb is Verb.RECALL:
        return bool(person.roles & {MARKETER, INTEGRATOR})
    is_manager = MANAGER in person.roles and subject.team_id in person.managed_team_ids
    if verb in {Verb.REASSIGN, Verb.EXPIRE, Verb.RELEASE, Verb.RAISE}:
        return is_manager or INTEGRATOR in person.roles
    if verb is Verb.ANSWER:
        return is_manager or bool(person.roles & {MARKETER, INTEGRATOR})
    if verb is Verb.TAKE:
        return REP in person.roles and subject.owner_id is None and subject.team_id == person.team_id is not None
    is_owner = REP in person.roles and person.rep_id is not None and subject.owner_id == person.rep_id
    return verb in _DECIDING and (is_owner or is_manager or INTEGRATOR in person.roles)


def may_uphold(person: Person) -> bool:
    """Whether `person` may say for marketing that a rejection was right."""
    return bool(person.roles & {MARKETER, OPERATIONS, INTEGRATOR})


def may_preview(person: Person) -> bool:
    """Whether `person` may see how leads are routed, and try it out."""
    return person.is_system or bool(person.roles & {MANAGER, MARKETER, OPERATIONS, INTEGRATOR})


def may_plan(person: Person, *, rep_id: int, team_id: int) -> bool:
    """Whether `person` may say when the rep is away: the rep, their managers, operations, integrators."""
    return may_bench(person, team_id=team_id) or (REP in person.roles and person.rep_id == rep_id)


def may_bench(person: Person, *, team_id: int) -> bool:
    """Whether `person` may take a rep of the team out of the line, and put them back: not the rep."""
    is_manager = MANAGER in person.roles and team_id in person.managed_team_ids
    return person.is_system or is_manager or bool(person.roles & {OPERATIONS, INTEGRATOR})


def may_agree(person: Person) -> bool:
    """Whether `person` may write, publish and discard drafts of the agreement: both sides and operations."""
    return bool(person.roles & {MARKETER, MANAGER, OPERATIONS})


def may_merge(person: Person) -> bool:
    """Whether `person` may say that two leads or accounts are one, or are not: marketers, operations, integrators."""
    return bool(person.roles & {MARKETER, OPERATIONS, INTEGRATOR})


def may_sign(person: Person, side: str) -> bool:
    """Whether `person` may sign the agreement for `side`: marketers for marketing, managers for sales."""
    return {"marketing": MARKETER, "sales": MANAGER}.get(side) in person.roles
