"""A run: each row once, whatever is wrong with others, however often it is begun, stopped and begun again."""

import pytest
from django.db import IntegrityError, OperationalError, connection

from feedback.models import Handoff
from leads.actions import import_rows
from leads.actions.import_source import MOST_ROWS, Source
from leads.actions.imports import cancel, go_on
from leads.logic.errors import InvalidInput, NotFound, StateConflict
from leads.models import Account, Engagement, ImportRow, ImportRun, JournalEntry, Lead, RunState
from tests.calling import rows as digest
from tests.factories import TeamFactory
from tests.leads.imports.taking import counts, csv_of, refused, run_for, source_of, take_in

pytestmark = pytest.mark.django_db

LEADS = ("email", "name", "account.name")


def leads_file(number: int, *, first: int = 0) -> str:
    return csv_of(LEADS, [(f"p{n}@nortex.example", f"P {n}", "Nortex") for n in range(first, first + number)])


def handoffs_file(number: int) -> str:
    header = ("external_id", "lead.email", "team")
    return csv_of(header, [(f"H{n}", f"p{n}@nortex.example", "EMEA") for n in range(number)])


def test_rows_are_made_and_a_second_time_unchanged():
    first = take_in(leads_file(1201), kind="leads")
    assert (first.state, first.row_count, first.done_count, counts(first)) == ("done", 1201, 1201, (1201, 0, 0, 0))
    second = take_in(leads_file(1201), kind="leads")
    assert second.pk != first.pk
    assert counts(second) == (0, 0, 1201, 0)
    assert Lead.objects.count() == 1201
    assert Account.objects.count() == 1
    assert ImportRow.objects.filter(run=first, result="created").count() == 1201


def test_changed_rows_are_updated_and_blanks_change_nothing():
    take_in("email,name,title,account.name,account.city\na@b.example,Ana,CEO,Nortex,Berlin\n", kind="leads")
    text = "email,name,title,account.name,account.city\nA@B.example,Ana Duarte,,Nortex,\n"
    assert counts(take_in(text, kind="leads")) == (0, 1, 0, 0)
    lead = Lead.objects.select_related("account").get()
    assert (lead.name, lead.title, lead.account.city) == ("Ana Duarte", "CEO", "Berlin")
    account_only = "email,account.name,account.city\na@b.example,Nortex,Hamburg\n"
    assert counts(take_in(account_only, kind="leads")) == (0, 1, 0, 0)


def test_a_company_known_by_its_domain_keeps_its_name():
    take_in("email,account.name,account.domain\na@b.example,Nortex GmbH,nortex.example\n", kind="leads")
    again = take_in("email,account.domain\na@b.example,nortex.example\n", kind="leads")
    assert counts(again) == (0, 0, 1, 0)
    assert Account.objects.get().name == "Nortex GmbH"


def test_a_bad_row_stops_no_other_and_leaves_nothing():
    lines = leads_file(600).splitlines()
    lines[10] = "no address,P,Badly"
    lines[550] = "p549@nortex.example,too,many,cells"
    run = take_in("\n".join(lines), kind="leads")
    assert counts(run) == (598, 0, 0, 2)
    assert [(line, field) for line, field, _ in refused(run)] == [(11, "email"), (551, "")]
    assert not Account.objects.filter(name="Badly").exists()


def test_a_refusal_names_the_column_of_the_file():
    run = take_in("Mail\nnobody\n", kind="leads", mapping='[columns]\nemail = "Mail"')
    assert "(Column “Mail”.)" in refused(run)[0][2]


def test_what_the_database_refuses_costs_its_own_row_only(monkeypatch: pytest.MonkeyPatch):
    """Something nobody thought of in one row of a chunk: the chunk is rolled back and taken in row by row."""

    def apply(batch):
        if any(row["email"] == "p7@nortex.example" for row in batch.rows):
            raise IntegrityError("constraint nobody thought of")
        return kind.apply(batch)

    source = source_of(leads_file(20), kind="leads")
    kind = source._kind
    run = run_for(leads_file(20), kind="leads")
    fake = type(kind)(**{**vars(kind), "apply": apply})
    monkeypatch.setattr("leads.actions.imports.kind_named", lambda name: fake)
    run = go_on(run, source)
    assert counts(run) == (19, 0, 0, 1)
    assert refused(run)[0][0] == 9
    assert "IntegrityError" in refused(run)[0][2]


@pytest.mark.parametrize("text", ["a\x00b", "\x00"])
def test_nul_is_a_row_error(text: str):
    run = take_in(f"email,name\na@b.example,{text}\nc@d.example,ok\n", kind="leads")
    assert counts(run) == (1, 0, 0, 1)
    assert refused(run)[0][:2] == (2, "name")


def test_formulas_are_kept_to_the_letter():
    take_in('email,name\na@b.example,=1+1\nc@d.example,"=HYPERLINK(""http://e/?""&A1)"\n', kind="leads")
    assert set(Lead.objects.values_list("name", flat=True)) == {"=1+1", '=HYPERLINK("http://e/?"&A1)'}


@pytest.mark.parametrize(("word", "consent"), [("", "unknown"), ("opt_in", "opt_in"), ("opt_out", "opt_out")])
def test_consent_is_never_guessed(word: str, consent: str):
    take_in(f"email,consent\na@b.example,{word}\n", kind="leads")
    assert Lead.objects.get().consent == consent


@pytest.mark.parametrize("word", ["yes", "TRUE", "1", "ja", "Opt_in"])
def test_other_words_for_consent_are_refused(word: str):
    assert refused(take_in(f"email,consent\na@b.example,{word}\n", kind="leads"))[0][:2] == (2, "consent")
    assert not Lead.objects.exists()
    mapping = f'[values.consent]\n{word} = "opt_in"'
    assert counts(take_in(f"email,consent\na@b.example,{word}\n", kind="leads", mapping=mapping)) == (1, 0, 0, 0)


def test_the_same_address_twice_in_a_file_is_refused_the_second_time_even_chunks_apart():
    text = leads_file(1100) + "P3@Nortex.example ,Again,Other\n" + "p1050@nortex.example,Again,Other\n"
    run = take_in(text, kind="leads")
    assert refused(run) == [
        (1102, "", "This is a duplicate of line 5."),
        (1103, "", "This is a duplicate of line 1052."),
    ]
    assert counts(run) == (1100, 0, 0, 2)
    assert run.done_count == run.row_count == 1102
    assert not Account.objects.filter(name="Other").exists()


def test_the_same_file_twice_at_once_is_one_run():
    assert run_for("email\na@b.example\n", kind="leads").pk == run_for("email\na@b.example\n", kind="leads").pk
    other = run_for("email\na@b.example\n", kind="leads", mapping='[defaults]\nname = "x"')
    dry = run_for("email\na@b.example\n", kind="leads", is_dry_run=True)
    assert ImportRun.objects.count() == 3
    assert other.pk != dry.pk


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"email\n\n\n", "a header in line 1, but no row"),
        (b"email,email\nx,y\n", "Two columns are named"),
        (b'email,name\n"a@b.example,x\n' + b"c@d.example,y\n" * 9999, "opened in line 2 is never closed"),
        (b"email\n" + b"a%d@b.example\n" * 4998 + b"\xff\n", "Line 5000 is not UTF-8"),
        (b"PK\x03\x04" + b"x" * 100, "ZIP"),
        ("email\na@b.example\n".encode("utf-16"), "UTF-8"),
        (b"mail\na@b.example\n", "“mail” is no field"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_before_work(data: bytes, words: str):
    before = {table: found for table, found in digest().items() if table != "leads_importrun"}
    run = take_in(data, kind="leads")
    assert run.state == RunState.REFUSED
    assert words in run.error
    assert {table: found for table, found in digest().items() if table != "leads_importrun"} == before


def test_one_row_too_many_is_refused_before_work(monkeypatch: pytest.MonkeyPatch):
    assert MOST_ROWS == 1_000_000
    monkeypatch.setattr("leads.actions.import_source.MOST_ROWS", 1000)
    assert take_in(leads_file(1000), kind="leads").state == RunState.DONE
    run = take_in(leads_file(1001), kind="leads")
    assert (run.state, run.done_count) == (RunState.REFUSED, 0)
    assert "more than 1000 rows" in run.error


def test_unknown_kinds_and_mappings_are_refused_without_a_run():
    with pytest.raises(NotFound, match="no import of “sales”"):
        run_for("a\nb\n", kind="sales")
    with pytest.raises(InvalidInput, match="no field"):
        run_for("a\nb\n", kind="leads", mapping='[columns]\nfoo = "a"')
    assert not ImportRun.objects.exists()


def test_a_dry_run_says_the_same_and_changes_nothing():
    TeamFactory(name="EMEA")
    text = handoffs_file(1001) + "H2000,p3@nortex.example,EMEA\nH2001,x,EMEA\nH3,q@nortex.example,EMEA\n"
    before = {table: found for table, found in digest().items() if not table.startswith("leads_import")}
    dry = take_in(text, kind="handoffs", is_dry_run=True)
    assert {table: found for table, found in digest().items() if not table.startswith("leads_import")} == before
    real = take_in(text, kind="handoffs")
    assert dry.state == real.state == RunState.DONE
    assert counts(dry) == counts(real) == (1001, 0, 0, 3)
    assert refused(dry) == refused(real)
    assert [line for line, *_ in refused(real)] == [1003, 1004, 1005]
    assert ImportRow.objects.filter(run=dry).count() == ImportRow.objects.filter(run=real).count() == 1004


def test_all_or_nothing_takes_nothing_in_when_one_row_of_a_thousand_is_bad():
    lines = leads_file(1000).splitlines()
    lines[500] = "no address,P,Nortex"
    run = take_in("\n".join(lines), kind="leads", mapping="all_or_nothing = true")
    assert run.state == RunState.REFUSED
    assert run.error == "1 of 1000 rows were refused, so nothing was taken in (all_or_nothing)."
    assert counts(run) == (0, 0, 0, 1)
    assert [(line, field) for line, field, _ in refused(run)] == [(501, "email")]
    assert not Lead.objects.exists()
    assert not Account.objects.exists()
    good = take_in(leads_file(1000), kind="leads", mapping="all_or_nothing = true")
    assert (good.state, counts(good)) == (RunState.DONE, (1000, 0, 0, 0))
    assert ImportRow.objects.filter(run=good).count() == 1000


def test_cancelling_stops_at_the_border_of_a_chunk_and_says_what_is_in():
    def stop(run: ImportRun) -> None:
        if run.done_count == 1000:
            cancel(run.uid)

    run = take_in(leads_file(2200), kind="leads", told=stop)
    assert (run.state, run.done_count, counts(run)) == (RunState.CANCELLED, 1000, (1000, 0, 0, 0))
    assert Lead.objects.count() == 1000
    assert ImportRow.objects.filter(run=run).order_by("-line").first().line == 1001
    with pytest.raises(StateConflict, match="cancelled already"):
        cancel(run.uid)


def test_a_run_goes_on_where_the_database_left_it(monkeypatch: pytest.MonkeyPatch):
    """The database fails in the third chunk: two are in, the third not at all, and the next call does the rest."""
    text, calls = leads_file(2200), []
    take = import_rows.take_in

    def failing(*args, **kwargs):
        calls.append(1)
        found = take(*args, **kwargs)
        if len(calls) == 3:
            raise OperationalError("server closed the connection unexpectedly")
        return found

    monkeypatch.setattr("leads.actions.import_steps.take_in", failing)
    with pytest.raises(OperationalError):
        take_in(text, kind="leads")
    run = ImportRun.objects.get()
    assert (run.state, run.done_count, Lead.objects.count()) == (RunState.RUNNING, 1000, 1000)
    run = take_in(text, kind="leads")
    assert (run.state, counts(run)) == (RunState.DONE, (2200, 0, 0, 0))
    assert ImportRun.objects.count() == 1


def test_time_runs_out_between_chunks():
    run = take_in(leads_file(1200), kind="leads", deadline=0.0)
    assert (run.state, run.row_count, run.done_count) == (RunState.RUNNING, 1200, 0)
    dry = take_in(leads_file(1200), kind="leads", is_dry_run=True, deadline=0.0)
    assert dry.state == RunState.REFUSED
    assert "too long for that here" in dry.error
    assert not Lead.objects.exists()


def test_a_file_that_became_shorter_does_not_run_for_ever():
    run = take_in(leads_file(1200), kind="leads", deadline=0.0)
    run = go_on(run, source_of(leads_file(700), kind="leads"))
    assert (run.state, run.done_count) == (RunState.CANCELLED, 700)
    assert "shorter" in run.error


def test_statements_do_not_grow_with_rows(django_assert_max_num_queries):
    TeamFactory(name="EMEA")
    with django_assert_max_num_queries(46):
        take_in(handoffs_file(500), kind="handoffs")
    assert Handoff.objects.count() == 500


def test_engagements_are_known_by_their_key():
    header = "external_id,kind,occurred_at,subject,duration_seconds,lead.email,account.name,campaign.name"
    text = f"""{header}
E1,page_view,2026-01-05 10:00,/pricing,40,a@b.example,Nortex,
E2,webinar,2026-01-06,Routing 101,,,Nortex,Routing
E3,page_view,2999-01-01,/pricing,,a@b.example,,
E4,visit,2026-01-05,/pricing,,a@b.example,,
E5,form,2026-01-05,demo,,,,
E6,form,2026-01-05,demo,,nobody,,
"""
    mapping = 'external_system = "site"\ntimezone = "Europe/Berlin"'
    run = take_in(text, kind="engagements", mapping=mapping)
    assert counts(run) == (2, 0, 0, 4)
    found = [(line, field) for line, field, _ in refused(run)]
    assert found == [(4, "occurred_at"), (5, "kind"), (6, "lead"), (7, "lead.email")]
    assert counts(take_in(text, kind="engagements", mapping=mapping)) == (0, 0, 2, 4)
    changed = text.replace("/pricing,40", "/pricing,95")
    assert counts(take_in(changed, kind="engagements", mapping=mapping)) == (0, 1, 1, 4)
    first, second = Engagement.objects.order_by("external_id")
    assert (first.duration_seconds, first.lead.email, first.account.name) == (95, "a@b.example", "Nortex")
    assert (second.lead, second.campaign.name, second.occurred_at.isoformat()) == (
        None,
        "Routing",
        "2026-01-05T23:00:00+00:00",
    )


def test_a_survey_keeps_no_row_in_memory():
    """A hundred thousand rows, ten megabytes, all on one line for whoever only knows LF."""
    import tracemalloc

    text = "email,name\r" + "".join(f"p{n}@nortex.example,{'x' * 80}\r" for n in range(100_000))
    source: Source = source_of(text, kind="leads")
    tracemalloc.start()
    assert source.survey() == (100_000, {})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_the_journal_says_that_an_import_did_it():
    TeamFactory(name="EMEA")
    take_in(handoffs_file(1), kind="handoffs")
    entry = JournalEntry.objects.get(kind="handoff.offered")
    assert (entry.via, entry.actor_label) == ("import", "Import")
    assert connection.in_atomic_block
