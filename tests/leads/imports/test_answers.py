"""Reps, handoffs, decisions and outcomes by file: the rules of the actions hold, in the words of the file."""

import datetime as dt

import pytest

from feedback.models import Handoff, Outcome, Rep, Team
from leads.models import JournalEntry
from tests.factories import RepFactory, TeamFactory, UserFactory
from tests.leads.imports.taking import counts, csv_of, refused, take_in

pytestmark = pytest.mark.django_db
CRM = 'external_system = "crm"\n'


@pytest.fixture
def sales():
    """Team EMEA with Sam (S1) and Ida (I1), team APAC with Kai (K1), and six unowned handoffs H0 to H5 of EMEA."""
    emea, apac = TeamFactory(name="EMEA"), TeamFactory(name="APAC")
    for key, team in (("S1", emea), ("I1", emea), ("K1", apac)):
        RepFactory(team=team, external_system="crm", external_id=key)
    header = ("external_id", "lead.email", "team", "offered_at")
    text = csv_of(header, [(f"H{n}", f"p{n}@nortex.example", "EMEA", "2026-01-05 09:00") for n in range(6)])
    assert counts(take_in(text, kind="handoffs", mapping=CRM)) == (6, 0, 0, 0)


def handoff(key: str) -> Handoff:
    return Handoff.objects.select_related("owner", "decided_by", "reason").get(external_id=key)


def test_reps_get_users_who_cannot_sign_in_yet():
    text = "external_id,name,email,team\nR1,Ana Maria Duarte,ana@leadloop.example,EMEA\nR2,,,EMEA\n"
    mapping = CRM + 'create_teams = true\ntimezone = "America/Sao_Paulo"'
    assert counts(take_in(text, kind="reps", mapping=mapping)) == (2, 0, 0, 0)
    first, second = Rep.objects.select_related("user", "team").order_by("external_id")
    assert (first.user.username, first.user.get_full_name()) == ("ana@leadloop.example", "Ana Maria Duarte")
    assert (second.user.username, second.user.get_full_name()) == ("crm-R2", "R2")
    assert not first.user.has_usable_password()
    assert not first.user.is_staff
    assert [group.name for group in first.user.groups.all()] == ["rep"]
    assert (first.team.name, first.team.timezone) == ("EMEA", "America/Sao_Paulo")
    assert counts(take_in(text, kind="reps", mapping=mapping)) == (0, 0, 2, 0)
    moved = text.replace("Duarte,ana@leadloop.example,EMEA", "Duarte Lima,ana@leadloop.example,APAC")
    assert counts(take_in(moved, kind="reps", mapping=mapping)) == (0, 1, 1, 0)
    first.refresh_from_db()
    assert (first.team.name, first.user.last_name) == ("APAC", "Maria Duarte Lima")


def test_a_team_is_not_made_unless_the_mapping_says_so():
    run = take_in("external_id,team\nR1,EMEA\n", kind="reps")
    assert refused(run)[0][:2] == (2, "team")
    assert "create_teams = true" in refused(run)[0][2]
    assert not Team.objects.exists()
    assert not Rep.objects.exists()


def test_a_user_becomes_a_rep_once():
    user = UserFactory(email="Ana@LeadLoop.example")
    TeamFactory(name="EMEA")
    run = take_in("external_id,email,team\nR1,ana@leadloop.example,EMEA\nR2,ana@leadloop.example,EMEA\n", kind="reps")
    assert counts(run) == (1, 0, 0, 1)
    assert "is a rep already" in refused(run)[0][2]
    assert Rep.objects.get().user == user


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (("", "EMEA", "", ""), "external_id"),
        (("R 1", "EMEA", "", ""), "external_id"),
        (("R1", "", "", ""), "team"),
        (("R1", "EMEA", "nobody", ""), "email"),
        (("R1", "EMEA", "", "ja"), "is_active"),
    ],
)
def test_a_rep_that_cannot_be_is_refused_whole(cells: tuple[str, ...], field: str):
    TeamFactory(name="EMEA")
    run = take_in(csv_of(("external_id", "team", "email", "is_active"), [cells]), kind="reps")
    assert [row[:2] for row in refused(run)] == [(2, field)]
    assert not Rep.objects.exists()


def test_handoffs_name_lead_company_campaign_and_owner(sales):
    header = "external_id,lead.email,lead.name,account.name,campaign.name,channel,owner,fit,intent,why,offered_at"
    text = f"{header}\nX1,x@y.example,Xenia,Nortex,Routing,paid,S1,78,64,pricing 3x,2026-02-01\n"
    run = take_in(text, kind="handoffs", mapping=CRM + 'timezone = "Europe/Berlin"')
    assert counts(run) == (1, 0, 0, 0)
    made = handoff("X1")
    assert (made.external_system, made.channel, made.fit, made.intent, made.why) == (
        "crm",
        "paid",
        78,
        64,
        "pricing 3x",
    )
    assert made.offered_at == dt.datetime(2026, 1, 31, 23, tzinfo=dt.UTC)
    assert (made.lead.name, made.account.name, made.campaign.name) == ("Xenia", "Nortex", "Routing")
    assert made.owner.external_id == "S1"
    changed = text.replace("paid", "event")
    assert counts(take_in(changed, kind="handoffs", mapping=CRM + 'timezone = "Europe/Berlin"')) == (0, 0, 1, 0)
    assert handoff("X1").channel == "paid"


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        (("X1", "x@y.example", "EMEA", "nobody", ""), "owner", "no rep"),
        (("X1", "x@y.example", "EMEA", "K1", ""), "owner", "is not in the team"),
        (("X1", "x@y.example", "EMEA", "off", ""), "owner", "not active"),
        (("X1", "x@y.example", "LATAM", "", ""), "team", "no team"),
        (("X1", "nobody", "EMEA", "", ""), "lead.email", "not a mail address"),
        (("X1", "", "EMEA", "", ""), "lead", "needs a lead"),
        (("X1", "x@y.example", "EMEA", "", "101"), "fit", "0 to 100"),
        (("X1", "p0@nortex.example", "EMEA", "", ""), "", "with sales already"),
    ],
)
def test_a_handoff_that_cannot_be_is_refused_whole(sales, cells: tuple[str, ...], field: str, words: str):
    RepFactory(team=Team.objects.get(name="EMEA"), external_id="off", is_active=False)
    run = take_in(csv_of(("external_id", "lead.email", "team", "owner", "fit"), [cells]), kind="handoffs", mapping=CRM)
    (line, where, message), *_ = refused(run)
    assert (line, where) == (2, field)
    assert words in message
    assert Handoff.objects.count() == 6


DECISIONS = ("handoff", "decision", "rep", "at", "reason", "evidence", "note", "to")
AT = "2026-01-06 10:00"


def test_reps_answer_in_their_own_name(sales):
    text = csv_of(
        DECISIONS,
        [
            ("H0", "accept", "S1", AT, "", "", "good one", ""),
            ("H1", "reject", "S1", AT, "fit.company_size", "38", "", ""),
            ("H2", "turn_back", "S1", AT, "", "", "", "I1"),
            ("H3", "accept", "I1", AT, "", "", "", ""),
            ("H3", "return", "I1", "2026-01-09 10:00", "reach.unreachable", "6", "", ""),
        ],
    )
    run = take_in(text, kind="decisions", mapping=CRM)
    assert refused(run) == []
    assert counts(run) == (5, 0, 0, 0)
    assert [handoff(f"H{n}").state for n in range(4)] == ["accepted", "rejected", "turned_back", "returned"]
    sam = Rep.objects.get(external_id="S1")
    accepted = handoff("H0")
    assert (accepted.owner, accepted.decided_by, accepted.decision_note) == (sam, sam.user, "good one")
    assert accepted.decided_at == dt.datetime(2026, 1, 6, 10, tzinfo=dt.UTC)
    assert handoff("H1").evidence == {"employee_count": 38}
    assert handoff("H2").successors.get().owner.external_id == "I1"
    entry = JournalEntry.objects.get(kind="handoff.accepted", handoff_uid=accepted.uid)
    assert (entry.actor_id, entry.via) == (sam.user_id, "import")
    before = JournalEntry.objects.count()
    assert counts(take_in(text, kind="decisions", mapping=CRM)) == (0, 0, 5, 0)
    assert JournalEntry.objects.count() == before


@pytest.mark.parametrize(
    ("cells", "field", "words"),
    [
        (("H9", "accept", "S1", AT, "", "", "", ""), "handoff", "no handoff “H9”"),
        (("H\x000", "accept", "S1", AT, "", "", "", ""), "handoff", "no handoff"),
        (("H0", "accept", "nobody", AT, "", "", "", ""), "rep", "no rep “nobody”"),
        (("H0", "accept", "K1", AT, "", "", "", ""), "rep", "is not in the team “EMEA”"),
        (("H5", "accept", "I1", AT, "", "", "", ""), "rep", "belongs to"),
        (("H0", "maybe", "S1", AT, "", "", "", ""), "decision", "accept, reject, return, turn_back"),
        (("H0", "accept", "S1", "2026-01-04", "", "", "", ""), "at", "before the handoff was offered"),
        (("H0", "accept", "S1", "2199-01-04", "", "", "", ""), "at", "in the future"),
        (("H0", "reject", "S1", AT, "", "", "", ""), "reason", "Choose a reason"),
        (("H0", "reject", "S1", AT, "because", "", "", ""), "reason", "no reason “because”"),
        (("H0", "turn_back", "S1", AT, "", "", "", "nobody"), "to", "no rep"),
        (("H5", "accept", "S1", AT, "", "", "", ""), "", "Already accepted by"),
    ],
)
def test_a_decision_that_cannot_be_leaves_no_trace(sales, cells: tuple[str, ...], field: str, words: str):
    """Not even the taking of the handoff that comes before it."""
    take_in(
        csv_of(DECISIONS, [("H5", "accept", "S1", "2026-01-05 10:00", "", "", "", "")]), kind="decisions", mapping=CRM
    )
    before = JournalEntry.objects.count()
    run = take_in(csv_of(DECISIONS, [cells]), kind="decisions", mapping=CRM)
    (line, where, message), *_ = refused(run)
    assert (line, where) == (2, field)
    assert words in message
    assert (handoff("H0").state, handoff("H0").owner) == ("pending", None)
    assert JournalEntry.objects.count() == before


def test_outcomes_move_the_handoff_once(sales):
    text = csv_of(
        ("handoff", "kind", "at", "amount", "currency", "external_id"),
        [
            ("H0", "opportunity", "2026-01-07", "", "", ""),
            ("H0", "won", "2026-02-01", "1200.50", "EUR", "D1"),
            ("H1", "won", "2026-01-02", "", "", ""),
            ("H1", "lost", "2026-01-09", "", "", ""),
            ("H2", "sold", "2026-01-09", "", "", ""),
            ("H3", "won", "2026-01-09", "1,5", "", ""),
        ],
    )
    run = take_in(text, kind="outcomes", mapping=CRM)
    assert counts(run) == (3, 0, 0, 3)
    assert [(line, field) for line, field, _ in refused(run)] == [(5, ""), (6, "kind"), (7, "amount")]
    won = Outcome.objects.get(handoff=handoff("H0"), kind="won")
    assert (str(won.amount), won.currency, won.external_system, won.external_id) == ("1200.50", "EUR", "crm", "D1")
    # Won before it was offered, as real data has it: a fact, and an acceptance that is implied.
    early = handoff("H1")
    assert (early.state, early.decided_at, early.decided_by) == ("won", dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None)
    assert [handoff(f"H{n}").state for n in (2, 3)] == ["pending", "pending"]
    assert counts(take_in(text, kind="outcomes", mapping=CRM)) == (0, 0, 3, 3)
    assert Outcome.objects.count() == 3
