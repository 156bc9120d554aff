"""Files that nobody should send (tests/data/hostile_csv.json): refused with the line, or taken in to the letter; and
what was refused left nothing behind.
"""

import csv
import gzip
import io
import json
import re
import time
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from leads.actions import imports
from leads.actions.import_files import FOLDER
from leads.actions.imports import cancel, go_on
from leads.actions.people import LeadInput
from leads.logic.csv_cells import harmless
from leads.logic.csv_rows import csv_rows
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import ImportRow, ImportRun, Lead, Notice, OutboxMessage, RunState
from leads.tasks import run_imports
from sla.actions.sweep import sweep
from tests.calling import rows as every_row
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, policy
from tests.leads.imports.taking import counts, csv_of, refused, run_for, source_of, take_in
from tests.leads.imports.test_interrupted import in_threads
from tests.leads.serving import WORKERS, asked, half_sent, is_hung_up, served

CASES = json.loads((Path(__file__).parents[1] / "data" / "hostile_csv.json").read_text())
NUMBERS = [f"B{number:02}" for number in range(1, 64, 2)]
PAGE = "/imports/"


def written() -> dict[str, tuple[int, str]]:
    """A digest of everything but the imports themselves, which remember what they refused."""
    return {table: found for table, found in every_row().items() if not table.startswith("leads_import")}


def kept_files() -> list[str]:
    try:
        return default_storage.listdir(FOLDER)[1]
    except FileNotFoundError:
        return []


@pytest.fixture(autouse=True)
def _no_file_is_left_from_another_test():
    yield
    for name in kept_files():
        default_storage.delete(f"{FOLDER}/{name}")


def somebody(*roles: str) -> Client:
    client = Client()
    client.force_login(UserFactory(roles=roles))
    return client


def send(client: Client, data: bytes, case, *, name: str = "leads.csv"):
    file = SimpleUploadedFile(name, data, content_type=case.get("content_type", "text/csv"))
    form = {"kind": case.get("kind", "leads"), "mapping": case.get("mapping", ""), "file": file}
    return client.post(PAGE, form | case.get("form", {}))


def content(case) -> bytes:
    text = "".join(text * times for text, times in case["parts"])
    text += "".join(text.format(at) for text, times in case.get("numbered", ()) for at in range(times))
    return text.encode(case.get("encoding", "utf-8"))


def take_it_in() -> ImportRun:
    """The run after the workers are through with it."""
    run = ImportRun.objects.get()
    while run.state in imports.OPEN:
        run_imports()
        run.refresh_from_db()
    return run


def try_file(case) -> None:
    """By page, as a marketer does it, to the end of its run."""
    data, client, before = content(case), somebody("operations"), written()
    begun = time.monotonic()
    answer = send(client, data, case)
    assert answer.status_code == case.get("status", 302), answer.text
    if answer.status_code == 400:
        assert case["words"] in answer.text
        assert not ImportRun.objects.exists()
        assert (written(), kept_files()) == (before, [])
        return
    run = take_it_in()
    assert time.monotonic() - begun < case.get("within_seconds", 30)
    assert run.state == case.get("state", RunState.DONE)
    assert case.get("words", "") in run.error
    if run.state == RunState.REFUSED or ("counts" in case and sum(case["counts"][:3]) == 0):
        assert written() == before
    if "counts" in case:
        assert list(counts(run)) == case["counts"]
    check_rows(case, run)
    page = client.get(answer.url).text
    assert case.get("words", "") in page
    assert kept_files() == []


def check_rows(case, run: ImportRun) -> None:
    if "refused" in case:
        found = refused(run)
        assert [list(row[:2]) for row in found] == [row[:2] for row in case["refused"]]
        assert all(words in row[2] for row, (_, _, words) in zip(found, case["refused"], strict=True))
    for email, fields in case.get("keeps", {}).items():
        lead = Lead.objects.get(email=email)
        assert {name: getattr(lead, name) for name in fields} == fields


def try_stream(case) -> None:
    """Read as it arrives, with what it costs."""
    data = content(case)
    blocks = (data[at : at + 256 * 1024] for at in range(0, len(data), 256 * 1024))
    tracemalloc.start()
    begun = time.monotonic()
    with pytest.raises(InvalidInput, match=case["words"]):
        list(csv_rows(blocks))
    assert time.monotonic() - begun < case["within_seconds"]
    assert tracemalloc.get_traced_memory()[1] < case["most_of_its_size"] * len(data)
    tracemalloc.stop()


def try_formula(case) -> None:
    """Taken in as it stands (a line end becomes a blank), and harmless in what is downloaded."""
    kept = " ".join(case["text"].split())
    header = ("external_id", "lead.email", "lead.name", "account.name", "team", "why")
    row = ("H1", "ana@nortex.example", case["text"], case["text"], "EMEA", case["text"])
    assert counts(take_in(csv_of(header, [row]), kind="handoffs")) == (1, 0, 0, 0)
    assert Lead.objects.get().name == kept
    answer = somebody("marketer").get(reverse("feedback:report-handoffs-csv"), {"period": "all"})
    cells = [cell for line in csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))) for cell in line]
    assert any(kept in cell for cell in cells)
    lines = [line for cell in (*cells, harmless(case["text"])) for line in cell.splitlines()]
    assert not [line for line in lines if re.match(r"[\s;,\"]*[=+@|%-]", line)]


def try_two_tabs(case) -> None:
    """Two people send one file and two workers take it in, all at the same time."""
    data = csv_of(("email",), [(f"p{at}@nortex.example",) for at in range(case["rows"])]).encode()
    one, other = somebody("marketer"), somebody("marketer")
    in_threads(lambda: send(one, data, case), lambda: send(other, data, case))
    in_threads(run_imports, run_imports)
    run = take_it_in()
    assert counts(run) == (case["rows"], 0, 0, 0)
    assert Lead.objects.count() == ImportRow.objects.count() == case["rows"]


def try_all_refused(case) -> None:
    before = written()
    run = take_in("email\n" + "nobody\n" * case["rows"], kind="leads")
    assert counts(run) == (0, 0, 0, case["rows"])
    client, begun = somebody("marketer"), time.monotonic()
    page = client.get(f"/imports/{run.uid}/", {"after": str(case["rows"] // 2)}).text
    assert time.monotonic() - begun < case["within_seconds"]
    assert page.count('class="num">') < 100
    assert 'rel="next"' in page
    assert written() == before


def try_restarted(case) -> None:
    """Every connection is ended between two chunks: the run says so, and goes on where it was."""
    text = csv_of(("email",), [(f"p{at}@nortex.example",) for at in range(case["rows"])])
    run = run_for(text, kind="leads")
    ended: list[int] = []

    def end_connections(now: ImportRun) -> None:
        if not ended:
            ended.append(now.done_count)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                    " ORDER BY pid = pg_backend_pid()"
                )

    with pytest.raises((OperationalError, InterfaceError)):
        go_on(run, source_of(text, kind="leads"), told=end_connections)
    connection.close()
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    assert 0 < run.done_count == Lead.objects.count() == ImportRow.objects.count() < case["rows"]
    again = go_on(run, source_of(text, kind="leads"))
    assert (again.state, counts(again)) == (RunState.DONE, (case["rows"], 0, 0, 0))
    assert Lead.objects.count() == ImportRow.objects.count() == case["rows"]


def try_stopped(case) -> None:
    """At the border of a chunk; what is in is in, and is told row by row."""
    text = csv_of(("email",), [(f"p{at}@nortex.example",) for at in range(case["rows"])])
    run = run_for(text, kind="leads")

    def stop(now: ImportRun) -> None:
        if now.done_count == 1000:
            in_threads(lambda: cancel(run.uid))

    after = go_on(run, source_of(text, kind="leads"), told=stop)
    assert (after.state, after.done_count) == (RunState.CANCELLED, 1000)
    lines = list(ImportRow.objects.order_by("line").values_list("line", flat=True))
    assert lines == list(range(2, 1002))
    assert set(Lead.objects.values_list("email", flat=True)) == {f"p{at}@nortex.example" for at in range(1000)}
    assert f"1000 of {case['rows']}" in somebody("marketer").get(f"/imports/{run.uid}/").text


def try_named(case) -> None:
    """The name is shown and never used, neither for the file nor for a download."""
    text, times = case.get("fill_name", (None, 0))
    client = somebody("marketer")
    answer = send(client, b"email\nana@nortex.example\n", case, name=text * times + ".csv" if text else case["name"])
    if answer.status_code == 400:
        assert not ImportRun.objects.exists()
        return
    run = ImportRun.objects.get()
    assert re.fullmatch(r"imports/[0-9a-f-]{36}\.csv", run.file_path)
    assert len(run.file_name) <= 255
    assert not set("\x00\r\n\u202e/") & set(run.file_name)
    page = client.get(f"/imports/{run.uid}/")
    assert "<b>" not in page.text.replace("<b>new</b>", "")
    assert "Set-Cookie" not in page.headers
    download = client.get(f"/imports/{run.uid}/refused.csv")
    assert download["Content-Disposition"] == f'attachment; filename="refused-leads-{run.uid}.csv"'


def try_packed(case) -> None:
    nothing, packed = b"\x00" * 10_000_000, io.BytesIO()
    if case["with"] == "gzip":
        packed.write(gzip.compress(nothing))
    else:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("leads.csv", nothing)
    try_file(case | {"status": 400, "parts": [[packed.getvalue().decode("latin-1"), 1]], "encoding": "latin-1"})


def try_two_files(case) -> None:
    files = [SimpleUploadedFile(f"{name}.csv", b"email\nana@nortex.example\n") for name in "ab"]
    client, before = somebody("marketer"), written()
    assert client.post(PAGE, {"kind": "leads", "mapping": "", "file": files}).status_code == 400
    assert not ImportRun.objects.exists()
    assert (written(), kept_files()) == (before, [])


def try_slow(case) -> None:
    """The real server: it hangs up, and meanwhile others are served. Uploads as slow as its workers are many are what
    a proxy in front has to keep away.
    """
    head = "POST /imports/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    with served() as port:
        lines = [half_sent(port, head + "Content-Length: 1000000\r\n\r\n--b") for _ in range(WORKERS - 1)]
        assert [asked(port)[0] for _ in range(5)] == [200] * 5
        assert all(is_hung_up(line, drip=b"x", seconds=40) for line in lines)
        assert asked(port)[0] == 200
    assert not ImportRun.objects.exists()


def try_stranger(case) -> None:
    client = somebody(*case["roles"]) if "roles" in case else Client()
    before = written()
    answer = send(client, b"email\nana@nortex.example\n", case)
    assert answer.status_code == case["status"]
    assert case["status"] != 302 or answer.url.startswith("/login/")
    assert not ImportRun.objects.exists()
    assert (written(), kept_files()) == (before, [])


def try_storm(case) -> None:
    """One rep owns them all and is told of them in a handful of messages, one of which names the rest."""
    rep = RepFactory(team=TeamFactory(name="LATAM"), external_system="crm", external_id="R1", capacity=10_000)
    policy(ladder=(("notify_owner", None, 0),))
    header = ("external_id", "lead.email", "team", "owner", "offered_at")
    at = f"{ago(minutes=110):%Y-%m-%d %H:%M}"
    lines = [(f"H{n}", f"p{n}@nortex.example", "LATAM", "R1", at) for n in range(case["rows"])]
    run = take_in(csv_of(header, lines), kind="handoffs", mapping='external_system = "crm"\n')
    assert counts(run) == (case["rows"], 0, 0, 0)
    sweep()
    told = Counter(OutboxMessage.objects.values_list("payload__renderer", flat=True))
    assert told == {"sla.step": 5, "sla.digest": 1}
    assert Notice.objects.filter(user=rep.user).count() == 6
    digest = Notice.objects.get(kind="sla.digest")
    assert str(case["rows"] - 5) in digest.subject


def try_suppressed(case) -> None:
    """Nothing that a file says brings back who is never to be contacted again."""
    team = TeamFactory(name="LATAM")
    take_in("email\nana@nortex.example\n", kind="leads")
    Lead.objects.update(suppressed_at=ago(days=1))
    before, at = written(), Lead.objects.get().suppressed_at
    run = take_in(content(case), kind=case["kind"])
    assert Lead.objects.get().suppressed_at == at
    if "counts" in case:
        assert list(counts(run)) == case["counts"]
        assert case["words"] in refused(run)[0][2]
        assert written() == before
    with pytest.raises(StateConflict, match="may not be contacted"):
        offer(OfferInput(lead=LeadInput(email="ana@nortex.example"), team=team.name), by=LEADLOOP)


TRIES = {name.removeprefix("try_"): found for name, found in globals().items() if name.startswith("try_")}


def marked(case):
    marks = [pytest.mark.django_db(transaction=case.get("at_once", False) or case["try"] == "slow")]
    marks += [pytest.mark.machine, pytest.mark.xdist_group("config")] if case["try"] == "slow" else []
    return pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_hostile(case):
    team, elsewhere = TeamFactory(name="EMEA"), TeamFactory(name="APAC")
    RepFactory(team=team, external_id="off", is_active=False)
    RepFactory(team=elsewhere, external_id="K1")
    TRIES[case["try"]](case)


def test_every_number_of_the_catalogue_is_tried():
    assert sorted({case["id"][:3] for case in CASES}) == NUMBERS
    assert {case["try"] for case in CASES} == set(TRIES)
