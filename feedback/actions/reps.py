"""Making reps, with their users and teams, from what the CRM says."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from feedback.logic.rights import REP
from feedback.models import Rep, Team
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput, StateConflict
from leads.logic.text import one_line
from leads.models import RowResult


@dataclass(frozen=True, kw_only=True)
class RepInput:
    """A rep as the CRM names them: known by external id. Without a name they are called by their key."""

    external_id: str
    team: str
    name: str = ""
    email: str = ""
    is_active: bool = True
    external_system: str = ""


@transaction.atomic
def keep_rep(given: RepInput, *, new_teams_zone: str = "") -> tuple[Rep, RowResult]:
    """The rep, made with a user who has no password, or brought up to date; and what was done.

    A team that is not there is made when `new_teams_zone` (an IANA name) says in which zone it works. A user with the
    same mail address becomes the rep. InvalidInput(external_id, name, email, team), StateConflict when that user is
    another rep already. Locks team, rep and user.
    """
    key = one_line(given.external_id, field="external_id", longest=150, required=True)
    name = one_line(given.name, field="name", longest=200) or key
    email = normal_email(given.email)
    # Making a rep is rare: one at a time, so that no two make the same team or user.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('feedback_rep'))")
    team = _team(given.team, zone=new_teams_zone)
    rep = (
        Rep.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "team")
        .filter(external_system=given.external_system, external_id=key)
        .first()
    )
    if rep is None:
        user = _user(given.external_system, key, email=email)
        _rename(user, name=name, email=email)
        rep = Rep.objects.create(
            user=user, team=team, is_active=given.is_active, external_system=given.external_system, external_id=key
        )
        return rep, RowResult.CREATED
    changed = _rename(rep.user, name=name if given.name else "", email=email)
    if (rep.team_id, rep.is_active) != (team.pk, given.is_active):
        rep.team, rep.is_active = team, given.is_active
        rep.save(update_fields=["team", "is_active"])
        changed = True
    return rep, RowResult.UPDATED if changed else RowResult.UNCHANGED


def _team(named: str, *, zone: str) -> Team:
    name = one_line(named, field="team", longest=100, required=True)
    team = (
        Team.objects.filter(name=name).first() or Team.objects.exclude(external_id="").filter(external_id=name).first()
    )
    if team is None and not zone:
        raise InvalidInput(
            f"There is no team “{name}”; make it first, or set create_teams = true in the mapping.", field="team"
        )
    if team is None:
        return Team.objects.create(name=name, timezone=zone)
    if not team.is_active:
        raise InvalidInput(f"The team “{name}” is not active.", field="team")
    return team


def _user(system: str, key: str, *, email: str) -> User:
    """The user with that mail address if there is one, else a new one who cannot sign in until somebody sets a
    password.
    """
    user = User.objects.filter(email__iexact=email).order_by("pk").first() if email else None
    if user is None:
        user = User(username=email or "-".join(part for part in (system, key) if part))
        user.set_unusable_password()
        try:
            user.clean_fields(exclude=["password"])
        except ValidationError as error:
            field = "email" if email else "external_id"
            raise InvalidInput(
                f"“{user.username[:80]}” cannot be a user name: {error.messages[0]}", field=field
            ) from error
        if User.objects.filter(username=user.username).exists():
            raise StateConflict(f"The user “{user.username[:80]}” exists already, with another mail address.")
        user.save()
    elif Rep.objects.filter(user=user).exists():
        raise StateConflict(f"{user.get_full_name() or user.get_username()} is a rep already, under another key.")
    user.groups.add(Group.objects.get(name=REP))
    return user


def _rename(user: User, *, name: str, email: str) -> bool:
    """Whether the user is called differently now; blanks change nothing."""
    first, _, last = name.partition(" ")
    wanted = {"first_name": first[:150], "last_name": last[:150]} if name else {}
    if email and user.email.lower() != email:
        wanted["email"] = email
    changed = [field for field, value in wanted.items() if getattr(user, field) != value]
    for field in changed:
        setattr(user, field, wanted[field])
    if changed:
        user.save(update_fields=changed)
    return bool(changed)
