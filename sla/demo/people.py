"""Who works with LeadLoop in the demo."""

from dataclasses import dataclass

from feedback.logic.rights import INTEGRATOR, MANAGER, MARKETER, OPERATIONS, REP

PASSWORD = "leadloop-demo"
MAIL_DOMAIN = "leadloop.example"
MAIN_REP = "sam"

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True)
class DemoTeam:
    """A team, its zone and its hours from Monday to Friday, as pairs of start and end."""

    name: str
    timezone: str
    hours: tuple[tuple[str, str], ...]

    @property
    def weekly(self) -> dict[str, list[list[str]]]:
        """The hours as a calendar document has them."""
        return {day: [list(pair) for pair in self.hours] for day in WORKDAYS}


@dataclass(frozen=True)
class DemoPerson:
    """A user with one role; `team` is the rep's own team, `manages` the manager's."""

    username: str
    first_name: str
    last_name: str
    role: str
    team: str = ""
    manages: tuple[str, ...] = ()


EMEA, NORTH, AMERICAS = "EMEA Mid-market", "UK & Nordics", "Americas"

TEAMS = (
    DemoTeam(EMEA, "Europe/Berlin", (("09:00", "12:30"), ("13:30", "18:00"))),
    DemoTeam(NORTH, "Europe/London", (("09:00", "17:30"),)),
    DemoTeam(AMERICAS, "America/New_York", (("08:30", "17:00"),)),
)

PEOPLE = (
    DemoPerson(MAIN_REP, "Sam", "Okafor", REP, EMEA),
    DemoPerson("lena", "Lena", "Hartwig", REP, EMEA),
    DemoPerson("matteo", "Matteo", "Ricci", REP, EMEA),
    DemoPerson("ines", "Inês", "Carvalho", REP, EMEA),
    DemoPerson("freya", "Freya", "Lindqvist", REP, NORTH),
    DemoPerson("callum", "Callum", "Reid", REP, NORTH),
    DemoPerson("aditi", "Aditi", "Rao", REP, NORTH),
    DemoPerson("diego", "Diego", "Salas", REP, AMERICAS),
    DemoPerson("grace", "Grace", "Whitfield", REP, AMERICAS),
    DemoPerson("nadia", "Nadia", "Benali", MANAGER, manages=(EMEA, NORTH)),
    DemoPerson("carlos", "Carlos", "Vega", MANAGER, manages=(AMERICAS,)),
    DemoPerson("mia", "Mia", "Sandberg", MARKETER),
    DemoPerson("theo", "Theo", "Marchand", MARKETER),
    DemoPerson("olga", "Olga", "Petrenko", OPERATIONS),
    DemoPerson("crm", "CRM", "Sync", INTEGRATOR),
)

LOGINS = (MAIN_REP, "nadia", "mia", "olga")
"""One login per role that has pages; the service account enters by key."""
