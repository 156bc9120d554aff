"""manage.py import_csv: what it says, and with which exit code it ends."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from feedback.models import Handoff
from leads.actions import imports
from leads.models import ImportRun, Lead
from tests.factories import TeamFactory
from tests.leads.imports.taking import csv_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Calls the command with a file of this text; returns exit code, standard output and standard error."""

    def run(text: str, *, kind: str = "leads", mapping: str = "", **options):
        path = tmp_path / "file.csv"
        path.write_text(text)
        if mapping:
            options["mapping"] = tmp_path / "mapping.toml"
            options["mapping"].write_text(mapping)
        code = 0
        try:
            call_command("import_csv", path, kind=kind, **options)
        except SystemExit as left:
            code = left.code
        return code, *capsys.readouterr()

    return run


def test_all_rows_in_is_0(run_command):
    code, said, wrong = run_command("email\na@b.example\nc@d.example\n")
    assert (code, said, wrong) == (0, "2 rows: 2 created, 0 updated, 0 unchanged, 0 refused.\n", "")


def test_refused_rows_are_1_and_the_first_twenty_are_shown(run_command):
    text = "email,name\n" + "nobody,x\n" * 25 + "a@b.example,Ana\n"
    code, said, wrong = run_command(text)
    lines = wrong.splitlines()
    assert (code, said) == (1, "26 rows: 1 created, 0 updated, 0 unchanged, 25 refused.\n")
    assert lines[0].startswith("line 2, email: email is not a mail address")
    assert len(lines) == 21
    assert lines[20] == f"… and 5 more: /imports/{ImportRun.objects.get().uid}/"


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("", "", "Refused: The file is empty"),
        ("mail\nx\n", "", "Refused: The column “mail” is no field"),
        ("email\nx\n", 'kind = "handoffs"', "Refused: The mapping is for handoffs, not for leads."),
        ("email\nx\n", "kind = ", "Refused: The mapping is not valid TOML"),
    ],
)
def test_a_file_or_mapping_that_cannot_be_used_is_2(run_command, text: str, mapping: str, words: str):
    code, said, wrong = run_command(text, mapping=mapping)
    assert (code, said) == (2, "")
    assert words in wrong
    assert not Lead.objects.exists()


def test_a_file_that_is_not_there_is_2(run_command, tmp_path: Path):
    with pytest.raises(SystemExit) as left:
        call_command("import_csv", tmp_path / "nowhere.csv", kind="leads")
    assert left.value.code == 2


def test_an_unknown_kind_is_a_mistake_in_the_command(tmp_path: Path):
    with pytest.raises(CommandError, match="invalid choice: 'sales'"):
        call_command("import_csv", str(tmp_path / "x.csv"), "--kind", "sales")


def test_a_dry_run_changes_nothing_and_says_so(run_command):
    code, said, _ = run_command("email\na@b.example\n", dry_run=True)
    assert (code, said) == (0, "1 rows: 1 would be created, 0 would be updated, 0 unchanged, 0 refused.\n")
    assert not Lead.objects.exists()


def test_all_or_nothing_by_option(run_command):
    code, said, wrong = run_command("email\na@b.example\nnobody\n", all_or_nothing=True)
    assert code == 1
    assert "1 of 2 rows were refused, so nothing was taken in" in said
    assert wrong.startswith("line 3, email")
    assert not Lead.objects.exists()


def test_cancelled_by_page_is_3(run_command, monkeypatch: pytest.MonkeyPatch):
    go_on = imports.go_on

    def stopped(run, source, **more):
        return go_on(run, source, told=lambda now: imports.cancel(now.uid))

    monkeypatch.setattr("leads.management.commands.import_csv.go_on", stopped)
    text = "email\n" + "".join(f"p{n}@b.example\n" for n in range(900))
    code, said, wrong = run_command(text)
    assert code == 3
    assert said.startswith("500 rows: 500 created")
    assert "Cancelled; what is in stays in." in wrong
    assert Lead.objects.count() == 500


def test_the_file_of_a_command_is_not_for_workers(run_command):
    TeamFactory(name="EMEA")
    text = csv_of(("external_id", "lead.email", "team"), [("H1", "a@b.example", "EMEA")])
    assert run_command(text, kind="handoffs")[0] == 0
    ImportRun.objects.update(state="running", done_count=0)
    assert imports.work(seconds=1) == 0
    assert Handoff.objects.count() == 1
