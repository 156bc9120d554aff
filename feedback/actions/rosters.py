"""The teams and people whom a past names, made where they are not known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q

from feedback.logic.rights import REP
from feedback.models import Rep, Team
from leads.actions.bulk import insert_rows
from leads.logic.errors import InvalidInput, LeadLoopError, StateConflict
from leads.logic.text import one_line

_LONGEST_KEY, _LONGEST_TEAM = 100, 100


@dataclass(frozen=True)
class Roster:
    """Teams and reps by what the file calls them; `errors` says for a name why it stands for nobody."""

    teams: Mapping[str, Team]
    reps: Mapping[str, Rep]
    errors: Mapping[str, LeadLoopError]


def roster_of(teams: Iterable[str], people: Mapping[str, str], *, system: str, new_teams_zone: str = "") -> Roster:
    """Who is called so: teams by name or key, people (name: team) by the key in `system` or by user name.

    With `new_teams_zone` (an IANA name) those who are not known are made: teams that work in that zone; reps who are
    past, inactive and without a password, each in the team with which they are named. At most twelve statements,
    whatever the number of names. Locks the making of reps where somebody has to be made.
    """
    found = _Found(system)
    found.read(teams, people)
    lost = found.missing(teams, people)
    if any(lost) and new_teams_zone:
        # As in keep_rep: one at a time, so that no two make the same team or user.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('feedback_rep'))")
        found.read(*lost)
        new_teams, new_people = found.missing(*lost)
        found.make_teams(new_teams, zone=new_teams_zone)
        found.make_reps({name: people[name] for name in new_people})
    for names, field in zip(found.missing(teams, people), ("team", "person"), strict=True):
        for name in names:
            refusal = f"There is no {field} “{name[:80]}”; make it first, or set create_teams = true in the mapping."
            found.errors.setdefault(name, InvalidInput(refusal, field=field))
    return Roster(found.teams, found.reps, found.errors)


class _Found:
    """What is known so far."""

    def __init__(self, system: str) -> None:
        self.system = system
        self.teams: dict[str, Team] = {}
        self.reps: dict[str, Rep] = {}
        self.errors: dict[str, LeadLoopError] = {}

    def read(self, teams: Iterable[str], people: Iterable[str]) -> None:
        """Look the names up; two statements."""
        wanted, asked = list(teams), list(people)
        for team in Team.objects.filter(Q(name__in=wanted) | Q(external_id__in=wanted)):
            self.teams |= {key: team for key in (team.external_id, team.name) if key}
        named = Q(external_system=self.system, external_id__in=asked) | Q(user__username__in=asked)
        for rep in Rep.objects.select_related("user").filter(named):
            keys = (rep.user.get_username(), rep.external_id if rep.external_system == self.system else "")
            self.reps |= {key: rep for key in keys if key}

    def missing(self, teams: Iterable[str], people: Iterable[str]) -> tuple[list[str], list[str]]:
        """The names that nobody answers to."""
        return [name for name in teams if name not in self.teams], [name for name in people if name not in self.reps]

    def make_teams(self, names: Iterable[str], *, zone: str) -> None:
        """Teams of these names; a name that cannot be one is an error."""
        fresh = {name: Team(name=name, timezone=zone) for name in names if self._is_fit(name, "team", _LONGEST_TEAM)}
        insert_rows(Team, list(fresh.values()))
        self.teams |= fresh

    def make_reps(self, people: Mapping[str, str]) -> None:
        """Past reps with a user each; a name that cannot be a user name, or is taken, is an error."""
        users = {name: user for name in people if (user := self._user(name))}
        taken = set(
            User.objects.filter(username__in=[user.username for user in users.values()]).values_list(
                "username", flat=True
            )
        )
        for name in [name for name, user in users.items() if user.username in taken]:
            self.errors[name] = StateConflict(
                f"The user “{users.pop(name).username[:80]}” exists already, and is no rep."
            )
        ready = {name: user for name, user in users.items() if people[name] in self.teams}
        User.objects.bulk_create(ready.values())
        group = Group.objects.get(name=REP)
        member = User.groups.through
        member.objects.bulk_create(member(user_id=user.pk, group_id=group.pk) for user in ready.values())
        fresh = {
            name: Rep(
                user=user,
                team=self.teams[people[name]],
                is_active=False,
                external_system=self.system,
                external_id=name,
            )
            for name, user in ready.items()
        }
        insert_rows(Rep, list(fresh.values()))
        self.reps |= fresh

    def _user(self, name: str) -> User | None:
        if not self._is_fit(name, "person", _LONGEST_KEY):
            return None
        user = User(username="-".join(part for part in (self.system, name) if part), first_name=name, is_active=False)
        user.password = make_password(None)
        try:
            user.clean_fields(exclude=["password"])
        except ValidationError as error:
            text = f"“{user.username[:80]}” cannot be a user name: {error.messages[0]}"
            self.errors[name] = InvalidInput(text, field="person")
            return None
        return user

    def _is_fit(self, name: str, field: str, longest: int) -> bool:
        try:
            fits = one_line(name, field=field, longest=longest, required=True) == name
        except InvalidInput as error:
            self.errors[name] = error
            return False
        if not fits:
            self.errors[name] = InvalidInput(f"{field} is not plain text on one line.", field=field)
        return fits
