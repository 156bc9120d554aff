"""Importing by page: who may, what an upload may be, how far it is, what was refused."""

import csv
import io
import re
import time

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads import uploads
from leads.actions import imports
from leads.actions.import_files import FOLDER, discard_files
from leads.models import ImportRow, ImportRun, Lead, RunState
from leads.tasks import run_imports
from tests.calling import rows as digest
from tests.factories import RepFactory, TeamFactory, UserFactory, manager_of
from tests.leads.imports.taking import counts, run_for, take_in

pytestmark = pytest.mark.django_db
PAGE = "/imports/"


def signed_in(*roles: str, **more) -> Client:
    client = Client()
    client.force_login(UserFactory(roles=roles, **more))
    return client


@pytest.fixture(autouse=True)
def _no_file_is_left_from_another_test():
    yield
    for name in kept_files():
        default_storage.delete(f"{FOLDER}/{name}")


def kept_files() -> list[str]:
    try:
        return default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return []


def send(client: Client, text: str | bytes = "email\na@b.example\n", *, name: str = "leads.csv", **fields):
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, data, content_type=fields.pop("content_type", "text/csv"))
    return client.post(PAGE, {"kind": "leads", "mapping": "", "file": file, **fields})


def test_marketing_uploads_and_a_worker_takes_it_in():
    client = signed_in("marketer", username="mia", first_name="Mia", last_name="Berg")
    answer = send(client, "email,name\na@b.example,Ana\nnobody,Bo\n")
    run = ImportRun.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("leads:import-run", args=[run.uid]) == f"/imports/{run.uid}/"
    assert re.fullmatch(r"imports/[0-9a-f-]{36}\.csv", run.file_path)
    page = client.get(answer.url).content.decode()
    assert "Waiting" in page
    assert 'hx-trigger="every 2s"' in page
    run_imports()
    run.refresh_from_db()
    assert (run.state, counts(run)) == (RunState.DONE, (1, 0, 0, 1))
    page = client.get(answer.url).content.decode()
    assert "hx-trigger" not in page
    assert "Mia Berg" in page
    assert "email is not a mail address" in page
    assert kept_files() == []


@pytest.mark.parametrize("roles", [("rep",), ("manager",), ("integrator",), ()])
def test_others_are_refused_and_nothing_is_kept(roles):
    client = signed_in(*roles)
    run = take_in("email\nnobody\n", kind="leads")
    before = digest()
    paths = [PAGE, f"/imports/{run.uid}/", f"/imports/{run.uid}/refused.csv"]
    assert [client.get(path).status_code for path in paths] == [403, 403, 403]
    assert send(client).status_code == 403
    assert client.post(f"/imports/{run.uid}/cancel/").status_code == 403
    assert digest() == before
    assert kept_files() == []


def test_a_rep_who_leads_a_team_is_refused():
    rep = RepFactory()
    manager = manager_of(rep.team)
    for user in (rep.user, manager):
        client = Client()
        client.force_login(user)
        assert client.get(PAGE).status_code == 403
        assert send(client).status_code == 403


def test_nobody_is_sent_to_the_login():
    for answer in (Client().get(PAGE), send(Client())):
        assert answer.status_code == 302
        assert answer.url.startswith("/login/")
    assert not ImportRun.objects.exists()
    assert kept_files() == []


def test_marketers_see_and_import_only_what_is_theirs():
    client = signed_in("marketer")
    theirs = run_for("external_id,team\nR1,EMEA\n", kind="reps")
    page = client.get(PAGE).content.decode()
    assert "Engagements" in page
    assert "Outcomes" not in page
    assert str(theirs.uid) not in page
    assert client.get(f"/imports/{theirs.uid}/").status_code == 404
    assert client.post(f"/imports/{theirs.uid}/cancel/").status_code == 404
    for kind in ("reps", "decisions", "outcomes"):
        assert send(client, kind=kind).status_code == 400
    assert ImportRun.objects.count() == 1
    operations = signed_in("operations").get(PAGE).content.decode()
    assert "Outcomes" in operations
    assert str(theirs.uid) in operations


def test_a_form_without_its_token_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(roles=("marketer",)))
    assert send(client).status_code == 403
    assert kept_files() == []
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(PAGE).content.decode())[1]
    assert send(client, csrfmiddlewaretoken=token).status_code == 302


def test_an_empty_list_says_what_to_do():
    assert "Nothing has been imported yet" in signed_in("marketer").get(PAGE).content.decode()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv",
        "a\x00.csv",
        "CON.csv",
        "x" * 240 + ".csv",
        "\u202evsc.exe",
        'a"b\r\nSet-Cookie: x=y.csv',
        "<b>.csv",
    ],
)
def test_the_name_of_the_file_is_shown_and_never_used(name: str):
    client = signed_in("marketer")
    assert send(client, name=name).status_code == 302
    run = ImportRun.objects.get()
    assert re.fullmatch(r"imports/[0-9a-f-]{36}\.csv", run.file_path)
    assert not set("\x00\r\n\u202e/") & set(run.file_name)
    page = client.get(f"/imports/{run.uid}/").content.decode()
    assert "<b>.csv" not in page
    download = client.get(f"/imports/{run.uid}/refused.csv")
    assert download["Content-Disposition"] == f'attachment; filename="refused-leads-{run.uid}.csv"'


def test_a_name_of_five_thousand_letters_does_no_harm():
    answer = send(signed_in("marketer"), name="y" * 5000 + ".csv")
    assert answer.status_code in (302, 400)
    assert all(len(run.file_name) <= 255 for run in ImportRun.objects.all())


@pytest.mark.parametrize("content_type", ["text/html", "", "application/zip", "text/csv; charset=utf-16"])
def test_what_the_browser_calls_the_file_is_ignored(content_type: str):
    assert send(signed_in("marketer"), content_type=content_type).status_code == 302
    run_imports()
    assert Lead.objects.get().email == "a@b.example"


def test_two_files_at_a_time_are_refused():
    files = [SimpleUploadedFile(f"{n}.csv", b"email\na@b.example\n") for n in "ab"]
    answer = signed_in("marketer").post(PAGE, {"kind": "leads", "mapping": "", "file": files})
    assert answer.status_code == 400
    assert not ImportRun.objects.exists()
    assert kept_files() == []


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        (b"PK\x03\x04" + b"\x00" * 2000, "", "ZIP archive"),
        (b"\x1f\x8b" + b"\x00" * 2000, "", "gzip"),
        ("email\nx\n".encode("utf-16"), "", "UTF-8"),
        (b"", "", "empty"),
        (b"email,email\nx,y\n", "", "Two columns are named"),
        (b"mail\nx\n", "", "is no field"),
        (b"email\nx\n", "[columns]\nfoo = 'email'", "is no field of leads"),
        (b"email\nx\n", "timezone = 'Mars'", "no time zone"),
        (b"email\nx\n", "kind = 'handoffs'", "The mapping is for handoffs"),
    ],
)
def test_what_cannot_be_read_is_said_at_once_and_not_kept(text: bytes, mapping: str, words: str):
    answer = send(signed_in("marketer"), text, mapping=mapping)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert kept_files() == []


def test_a_form_without_a_file_is_asked_for_it():
    answer = signed_in("marketer").post(PAGE, {})
    assert answer.status_code == 400
    assert answer.content.decode().count("This field is required") == 2


def test_too_large_a_file_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    client = signed_in("marketer")
    assert send(client, b"email\n" + b"x" * 200_000).status_code == 400
    monkeypatch.setattr(uploads, "_BESIDE", 0)
    answer = send(client, b"email\n" + b"x" * 200_000)
    assert answer.status_code == 400
    assert "larger than" in answer.content.decode()
    assert send(client, b"email\n" + b"a@b.example\n" * 100).status_code == 302
    assert len(kept_files()) == 1


def test_the_same_file_again_while_it_waits_shows_the_first_run():
    client = signed_in("marketer")
    first, second = send(client).url, send(signed_in("marketer")).url
    assert first == second
    assert len(kept_files()) == 1
    run_imports()
    assert send(client).url != first


def test_dry_run_and_all_or_nothing_by_page():
    client = signed_in("operations")
    send(client, is_dry_run="on")
    run_imports()
    assert counts(ImportRun.objects.get()) == (1, 0, 0, 0)
    assert not Lead.objects.exists()
    send(client, "email\na@b.example\nnobody\n", is_all_or_nothing="on")
    run_imports()
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.mapping) == (RunState.REFUSED, "all_or_nothing = true\n")
    assert not Lead.objects.exists()
    assert "so nothing was taken in" in client.get(f"/imports/{run.uid}/").content.decode()


def test_stopping_by_page():
    client = signed_in("marketer")
    path = send(client).url
    assert client.get(f"{path}cancel/").status_code == 405
    assert client.post(f"{path}cancel/").status_code == 302
    assert client.post(f"{path}cancel/").status_code == 409
    run_imports()
    assert ImportRun.objects.get().state == RunState.CANCELLED
    assert not Lead.objects.exists()
    assert kept_files() == []


def test_ten_thousand_refused_rows_are_paged_and_quick(django_assert_max_num_queries):
    run = take_in("email\n" + "nobody\n" * 10_000, kind="leads")
    assert counts(run) == (0, 0, 0, 10_000)
    client = signed_in("marketer")
    began = time.monotonic()
    with django_assert_max_num_queries(12):
        page = client.get(f"/imports/{run.uid}/?after=9000").content.decode()
    assert time.monotonic() - began < 1
    lines = re.findall(r'class="num">(\d+)</th>', page)
    assert lines == [str(line) for line in range(9001, 9051)]
    assert "?after=9050" in page
    assert "?after=" not in client.get(f"/imports/{run.uid}/?after=9951").content.decode().split("Refused rows")[1]


@pytest.mark.parametrize("after", ["-1", "x", "1e5", "٣", "9" * 30, "%00"])
def test_a_strange_place_in_the_list_is_refused(after: str):
    run = take_in("email\nnobody\n", kind="leads")
    client = signed_in("marketer")
    assert client.get(f"/imports/{run.uid}/", {"after": after}).status_code == 400
    assert client.get(PAGE, {"before": after}).status_code == 400


def test_past_imports_are_paged():
    for number in range(60):
        run_for(f"email\np{number}@b.example\n", kind="leads")
    client = signed_in("marketer")
    first = client.get(PAGE).content.decode()
    assert first.count("x.csv") == 50
    following = re.search(r'href="(\?before=[^"]+)" rel="next"', first)[1]
    second = client.get(PAGE + following).content.decode()
    assert second.count("x.csv") == 10
    assert 'rel="next"' not in second


def test_the_refused_rows_as_a_file_are_harmless():
    TeamFactory(name="EMEA")
    text = "external_id,lead.email,team,owner\nH1,a@b.example,EMEA,=1+1\nH2,nobody,EMEA,\n"
    run = take_in(text, kind="handoffs")
    answer = signed_in("marketer").get(f"/imports/{run.uid}/refused.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode(), newline="")))
    assert rows[0] == ["line", "field", "message"]
    assert [row[:2] for row in rows[1:]] == [["2", "owner"], ["3", "lead.email"]]
    assert "=1+1" in rows[1][2]
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_the_polled_part_is_the_same_markup():
    client = signed_in("marketer")
    path = send(client).url
    part = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    whole = client.get(path).content.decode()
    token = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+')
    assert token.sub("", part).strip() in token.sub("", whole)


def test_who_may_no_longer_import_does_not_import_through_a_waiting_file():
    user = UserFactory(roles=("marketer",))
    client = Client()
    client.force_login(user)
    send(client)
    user.groups.clear()
    run_imports()
    run = ImportRun.objects.get()
    assert run.state == RunState.CANCELLED
    assert "may no longer" in run.error
    assert not Lead.objects.exists()


def test_a_file_that_is_gone_ends_its_run():
    send(signed_in("marketer"))
    run = ImportRun.objects.get()
    default_storage.delete(run.file_path)
    run_imports()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "Upload it again" in run.error


def test_one_broken_import_does_not_keep_others_waiting(monkeypatch: pytest.MonkeyPatch, caplog):
    first = ImportRun.objects.get(uid=send(signed_in("marketer")).url.split("/")[2])
    second = send(signed_in("marketer"), "email\nc@d.example\n")
    go_on = imports.go_on

    def failing(run, source, **more):
        if run.pk == first.pk:
            raise RuntimeError("nobody thought of it")
        return go_on(run, source, **more)

    monkeypatch.setattr(imports, "go_on", failing)
    run_imports()
    assert Lead.objects.get().email == "c@d.example"
    assert "could not go on" in caplog.text
    assert second.status_code == 302
    monkeypatch.undo()
    run_imports()
    assert Lead.objects.count() == 2


def test_an_upload_that_was_cut_short_is_swept_away(monkeypatch: pytest.MonkeyPatch):
    from django.core.files.base import ContentFile

    default_storage.save(f"{FOLDER}/orphan.csv", ContentFile(b"x"))
    discard_files()
    assert kept_files() == ["orphan.csv"], "it may still be on its way"
    monkeypatch.setattr("leads.actions.import_files._ORPHAN_AGE", __import__("datetime").timedelta(0))
    discard_files()
    assert kept_files() == []


def test_rows_are_kept_when_the_file_is_gone():
    send(signed_in("marketer"))
    run_imports()
    assert ImportRow.objects.filter(result="created").count() == 1
