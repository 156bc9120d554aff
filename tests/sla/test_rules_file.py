"""All rules as one file: what goes out comes in again, a dry run writes nothing, a slip names its place."""

import datetime as dt
import re
import tomllib
from io import StringIO

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from feedback.logic.rights import LEADLOOP
from leads.logic.errors import InvalidInput, StateConflict
from leads.models import JournalEntry
from sla.actions.ladders import replace_ladder
from sla.actions.policies import publish
from sla.actions.rules_file import import_rules
from sla.logic.ladder import StepRule
from sla.models import (
    AppliesTo,
    CalendarException,
    CalendarUse,
    CalendarVersion,
    ChatChannel,
    Condition,
    LadderStep,
    Policy,
    PolicyVersion,
    StepTemplate,
    Target,
    WorkCalendar,
)
from sla.reports.rules_file import exported, looked_at
from tests.admin_pages import entered, staff
from tests.factories import RepFactory, TeamFactory, UserFactory, ago, calendar, offered, policy

pytestmark = pytest.mark.django_db

SECRET = "slack://TokenAAAA/TokenBBBB/TokenCCCC"
TABLES = (
    WorkCalendar, CalendarException, CalendarUse, CalendarVersion, ChatChannel, StepTemplate, Policy, Condition,
    Target, LadderStep, PolicyVersion, JournalEntry,
)  # fmt: skip
OFFICE = {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "fri": [["22:00", "04:00"]]}


def rows():
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def wipe():
    """The rules gone, published ones too; teams, people and channels still there: another installation."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in (*TABLES[:4], *TABLES[5:-1]):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@pytest.fixture
def rules():
    """A policy that says everything that can be said, as a draft, and a plain one; and what is not exported of them."""
    hours = WorkCalendar.objects.create(
        name="Büro “Süd”", timezone="Europe/Berlin", weekly=OFFICE, country="DE", subdivision="BY", holidays_until=2028
    )
    CalendarException.objects.create(calendar=hours, on=dt.date(2026, 12, 24), label="Heiligabend", intervals=[])
    CalendarException.objects.create(
        calendar=hours, on=dt.date(2026, 12, 31), intervals=[["09:00", "12:00"]], source="ics"
    )
    CalendarUse.objects.create(calendar=hours, rep=RepFactory(user=UserFactory(username="sam")))
    CalendarUse.objects.create(calendar=hours, team=TeamFactory(name="EMEA"))
    CalendarUse.objects.create(calendar=hours, country="AT")
    room = ChatChannel.objects.create(name='the "loud" one', url=SECRET)
    words = StepTemplate.objects.create(name="overdue", subject="{name}", body='Two lines,\n"""three quotes""" {link}')
    full = Policy.objects.create(
        name="Full", position=7, calendar=hours, hop_limit=1, valid_from=ago(days=9), valid_until=ago(days=-9)
    )
    Condition.objects.create(policy=full, field="channel", operator="in", value="Demo, trial")
    Condition.objects.create(policy=full, field="fit", operator="is_set")
    decide = Target.objects.create(
        policy=full, key="decide", minutes=240, counts_in="owner", stops=["accepted"], runs_through=["prospect"]
    )
    replace_ladder(
        decide.pk,
        [
            StepRule("warn", percent=75),
            StepRule("raise_priority", minutes_before=30),
            StepRule("notify_owner", minutes_after=0, template=str(words.uid)),
            StepRule("notify_channel", minutes_after=60, channel=str(room.uid)),
            StepRule("return_to_marketing", minutes_after=480),
        ],
    )
    Target.objects.create(policy=full, key="depth", days=3, attempts=6, channels=2)
    policy(ladder=())
    return full


def test_what_goes_out_comes_in_again_to_the_byte(rules):
    text = exported()
    wipe()
    import_rules(text, by=LEADLOOP)
    assert exported() == text
    again = Policy.objects.get(name="Full")
    assert again.targets.get(key="decide").steps.count() == 5
    assert again.targets.get(key="decide").steps.get(action="notify_channel").channel.url == SECRET
    assert CalendarUse.objects.count() == 3
    assert not again.versions.exists()


def test_the_file_tells_no_secret_and_no_row_number(rules):
    text = exported()
    assert "Token" not in text
    assert str(rules.uid) not in text
    assert tomllib.loads(text)["channels"] == ['the "loud" one']


def test_reading_in_what_is_there_changes_nothing(rules):
    before = rows()
    assert import_rules(exported(), by=LEADLOOP).lines == []
    assert rows() == before


def test_a_dry_run_says_what_would_change_and_writes_nothing(rules):
    text = exported().replace('"4 h"', '"2 h"').replace("13:00-17:30", "13:00-18:00").replace("three", "four")
    before = rows()
    lines, _ = looked_at(text)
    assert lines == [
        "calendar “Büro “Süd””: mon: 09:00-12:00, 13:00-17:30 → 09:00-12:00, 13:00-18:00",
        "template “overdue”: other words",
        "policy “Full”: decide: 4 h → 2 h",
    ]
    assert rows() == before
    assert import_rules(text, by=LEADLOOP).lines == lines
    assert exported() == text


def test_policies_that_the_file_does_not_hold_stay_unless_told_otherwise(rules):
    text = exported()
    other = policy()
    assert import_rules(text, by=LEADLOOP).lines == []
    assert Policy.objects.get(pk=other.pk).is_active
    done = import_rules(text, by=LEADLOOP, only_these=True)
    assert done.lines == [f"policy “{other.name}”: withdrawn"]
    assert not Policy.objects.get(pk=other.pk).is_active
    assert other.versions.count() == 1
    import_rules(text, by=LEADLOOP, only_these=True, applies_to=AppliesTo.NEW)
    assert other.versions.count() == 2
    assert offered(RepFactory(), at=ago(days=400)).clocks.get().version.policy != other


def test_publishing_with_it_publishes_what_differs_and_only_that(rules):
    plain = Policy.objects.exclude(pk=rules.pk).get()
    done = import_rules(exported(), by=LEADLOOP, applies_to=AppliesTo.NEW)
    assert [str(version) for version in done.versions] == ["Full v1"]
    assert plain.versions.count() == 1
    assert rules.calendar.versions.count() == 1
    text = exported().replace('within = "4 h"', 'within = "3 h"')
    (version,) = import_rules(text, by=LEADLOOP, applies_to=AppliesTo.REPORT).versions
    assert (version.number, version.applies_to) == (2, "report")


def test_a_version_for_reports_leaves_the_hours_in_force_alone(rules):
    hours = calendar()
    text = exported().replace('fri = "00:00-24:00"', 'fri = "09:00-17:00"')
    assert len(import_rules(text, by=LEADLOOP, applies_to=AppliesTo.REPORT).versions) == 1
    assert hours.versions.count() == 1
    import_rules(text, by=LEADLOOP, applies_to=AppliesTo.NEW)
    assert hours.versions.latest("number").hours["weekly"]["fri"] == [["09:00", "17:00"]]


def test_what_cannot_be_published_is_not_half_written(rules):
    text = exported().replace('"4 h"', '"2 h"')
    before = rows()
    with pytest.raises(InvalidInput):
        import_rules(text.replace('"75 %: remind the owner"', '"75 %: bench the rep"'), by=LEADLOOP)
    assert rows() == before


def test_rules_that_changed_since_somebody_looked_are_not_overwritten(rules):
    text = exported().replace('"4 h"', '"2 h"')
    _, seen = looked_at(text)
    Target.objects.filter(policy=rules, key="decide").update(minutes=300)
    before = rows()
    with pytest.raises(StateConflict):
        import_rules(text, by=LEADLOOP, seen=seen)
    assert rows() == before


def test_a_rep_whose_hours_another_calendar_told_moves_over(rules):
    other = calendar()
    text = exported()
    moved = text.replace('reps = [\n    "sam",\n]\n', "").replace(
        f'name = "{other.name}"\n', f'name = "{other.name}"\nreps = ["sam"]\n'
    )
    import_rules(moved, by=LEADLOOP)
    assert CalendarUse.objects.get(rep__user__username="sam").calendar == other
    import_rules(text, by=LEADLOOP)
    assert CalendarUse.objects.get(rep__user__username="sam").calendar == rules.calendar
    assert exported() == text


POLICY = """
format = 1
[[policies]]
name = "One"
calendar = "Office"
valid_from = 2026-01-01T00:00:00Z
targets.decide.within = "4 h"
[[policies]]
name = "Two"
calendar = "Office"
valid_from = 2026-01-01T00:00:00Z
targets.decide.within = "4 h"
targets.decide.steps = ["75 %: remind the owner", "deadline: tell the owner"]
"""
CALENDAR = """
format = 1
[[calendars]]
name = "Office"
timezone = "Europe/Berlin"
weekly.mon = "09:00-17:00"
"""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("format = 1", "format = 2", "format"),
        ("format = 1", "", "format"),
        ("format = 1", "format = true", "format"),
        ("format = 1", "format = 1\nwebhooks = []", "webhooks"),
        ("format = 1", 'format = 1\nchannels = ["nowhere"]', "channels[0]"),
        ("format = 1", "format = 1\nchannels = [1]", "channels[0]"),
        ("format = 1", 'format = 1\npolicies = "x"', "file"),
        ('name = "Two"', 'name = "One"', "policies[1].name"),
        ('name = "Two"', 'name = ""', "policies[1].name"),
        ('name = "Two"', "name = 2", "policies[1].name"),
        ('name = "Two"', 'name = "a\\u0000b"', "policies[1].name"),
        ('name = "Two"', 'name = "a\\nb"', "policies[1].name"),
        ('name = "Two"', f'name = "{"x" * 101}"', "policies[1].name"),
        ('name = "Two"', 'name = "Two"\nposition = 32768', "policies[1].position"),
        ('name = "Two"', 'name = "Two"\nposition = -1', "policies[1].position"),
        ('name = "Two"', 'name = "Two"\nposition = 1.0', "policies[1].position"),
        ('name = "Two"', f'name = "Two"\nposition = {"9" * 4000}', "policies[1].position"),
        ('name = "Two"', 'name = "Two"\nis_active = 1', "policies[1].is_active"),
        ('name = "Two"', 'name = "Two"\nhop_limit = 21', "policies[1].hop_limit"),
        ('name = "Two"', 'name = "Two"\nowner = "x"', "policies[1].owner"),
        ('name = "Two"\ncalendar = "Office"', 'name = "Two"\ncalendar = "Shop"', "policies[1].calendar"),
        ('name = "Two"\ncalendar = "Office"', 'name = "Two"', "policies[1].calendar"),
        ('name = "Two"', 'name = "Two"\nvalid_until = 2025-01-01T00:00:00Z', "policies[1].valid_until"),
        ('name = "Two"', 'name = "Two"\nvalid_until = 2027-01-01T00:00:00', "policies[1].valid_until"),
        ('name = "Two"', 'name = "Two"\nvalid_until = "2027-01-01"', "policies[1].valid_until"),
        ('name = "Two"', 'name = "Two"\nvalid_until = 9999-12-31T23:59:59Z', "policies[1].valid_until"),
        ('"deadline: tell the owner"', '"50 %: bench the rep"', "policies[1].targets.decide.steps[1].percent"),
        ('"deadline: tell the owner"', '"sometime: tell the owner"', "policies[1].targets.decide.steps[1]"),
        ('"deadline: tell the owner"', '"deadline: tell the channel \\"x\\""', "policies[1].targets.decide.steps[1]"),
        ('"deadline: tell the owner"', "7", "policies[1].targets.decide.steps[1]"),
        (
            'within = "4 h"\ntargets.decide.steps', 'within = "4"\ntargets.decide.steps',
            "policies[1].targets.decide.within",
        ),
        (
            'within = "4 h"\ntargets.decide.steps', 'within = 4\ntargets.decide.steps',
            "policies[1].targets.decide.within",
        ),
        ("targets.decide.steps", 'targets.decide.counts_in = "x"\ntargets.decide.steps',
         "policies[1].targets.decide.counts_in"),
        ("targets.decide.steps", 'targets.decide.starts = ["x"]\ntargets.decide.steps',
         "policies[1].targets.decide.starts"),
        ("targets.decide.steps", 'targets.decide.color = "x"\ntargets.decide.steps',
         "policies[1].targets.decide.color"),
        ("targets.decide.steps", 'targets.dance.within = "4 h"\ntargets.decide.steps', "policies[1].targets.dance"),
        ("targets.decide.steps", 'targets.depth.within = "4 h"\ntargets.decide.steps',
         "policies[1].targets.depth.within"),
        ("targets.decide.steps", 'conditions = [{field = "fit", operator = "lt", value = ""}]\ntargets.decide.steps',
         "policies[1].conditions[0]"),
        ("targets.decide.steps", 'conditions = [{field = "fit", operator = "eq", value = 8}]\ntargets.decide.steps',
         "policies[1].conditions[0].value"),
        ("targets.decide.steps", f"conditions = [{'{},' * 1001}]\ntargets.decide.steps", "policies[1].conditions"),
    ],
)  # fmt: skip
def test_a_slip_names_its_place_and_nothing_is_written(old, new, place):
    calendar_named("Office")
    before = rows()
    head, found, tail = POLICY.rpartition(old)
    assert found
    with pytest.raises(InvalidInput) as caught:
        import_rules(head + new + tail, by=LEADLOOP)
    assert caught.value.field == place
    assert place in caught.value.message or place == "file"
    assert rows() == before


MON = "weekly.mon"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("Europe/Berlin", "Europe/Atlantis", "calendars[0].timezone"),
        ("09:00-17:00", "09:00-25:00", "calendars[0].weekly.mon[0]"),
        ("09:00-17:00", "nine", "calendars[0].weekly.mon"),
        ("weekly.mon", "weekly.moon", "calendars[0].weekly.moon"),
        ('weekly.mon = "09:00-17:00"', "", "calendars[0].weekly"),
        ("weekly.mon", 'country = "XX"\nweekly.mon', "calendars[0].country"),
        ("weekly.mon", 'country = "DE"\nsubdivision = "ZZ"\nweekly.mon', "calendars[0].subdivision"),
        ("weekly.mon", 'reps = ["nobody"]\nweekly.mon', "calendars[0].reps[0]"),
        ("weekly.mon", 'teams = ["nobody"]\nweekly.mon', "calendars[0].teams[0]"),
        ("weekly.mon", 'countries = ["de"]\nweekly.mon', "calendars[0].countries[0]"),
        (MON, 'exceptions = [{on = "2026-12-24"}]\nweekly.mon', "calendars[0].exceptions[0].on"),
        (MON, "exceptions = [{on = 2026-12-24T00:00:00Z}]\nweekly.mon", "calendars[0].exceptions[0].on"),
        (MON, "exceptions = [{on = 2026-12-24}, {on = 2026-12-24}]\nweekly.mon", "calendars[0].exceptions[1].on"),
        (MON, 'exceptions = [{on = 2026-12-24, source = "x"}]\nweekly.mon', "calendars[0].exceptions[0].source"),
        (MON, 'exceptions = [{on = 2026-12-24, hours = "x"}]\nweekly.mon', "calendars[0].exceptions[0].hours"),
        (MON, "exceptions = [{on = 0001-01-01}]\nweekly.mon", "calendars[0].holidays[0]"),
        ("weekly.mon", "holidays_until = 99999\nweekly.mon", "calendars[0].holidays_until"),
    ],
)  # fmt: skip
def test_a_calendar_that_makes_no_sense_names_its_place(old, new, place):
    before = rows()
    with pytest.raises(InvalidInput) as caught:
        import_rules(CALENDAR.replace(old, new), by=LEADLOOP)
    assert caught.value.field == place
    assert rows() == before


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, "a = " + "[" * 5_000, "\x00", "format = 1 1", "x = 1" * 9, "\ufeff"]
)
def test_what_is_no_rules_file_is_refused(text):
    with pytest.raises(InvalidInput):
        import_rules(text, by=LEADLOOP)


def test_templates_in_a_file_hold_only_placeholders_that_exist():
    text = 'format = 1\n[[templates]]\nname = "n"\nsubject = "s"\nbody = "{secret}"\n'
    with pytest.raises(InvalidInput) as caught:
        import_rules(text, by=LEADLOOP)
    assert caught.value.field == "templates[0].body"
    assert not StepTemplate.objects.exists()


def calendar_named(name):
    return WorkCalendar.objects.create(name=name, weekly=OFFICE)


def test_the_file_in_the_documentation_is_one():
    text = re.search(r"```toml\n(.*?)```", (settings.BASE_DIR / "docs/rules.md").read_text(), re.DOTALL)
    assert text
    RepFactory(user=UserFactory(username="sam"))
    TeamFactory(name="EMEA")
    ChatChannel.objects.create(name="sales alerts", url=SECRET)
    versions = import_rules(text[1], by=LEADLOOP, applies_to=AppliesTo.NEW).versions
    assert [str(version) for version in versions] == ["Demo requests v1"]


# --- the commands and the page ---------------------------------------------------------------------------------------


def said(*args, **options):
    out = StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def test_the_commands_do_the_same(rules, tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(said("export_rules"), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == exported()
    file.write_text(exported().replace('"4 h"', '"2 h"'), encoding="utf-8")
    before = rows()
    dry = said("import_rules", str(file), "--dry-run")
    assert "policy “Full”: decide: 4 h → 2 h" in dry
    assert "Nothing was written" in dry
    assert rows() == before
    assert "published: Full v1" in said("import_rules", str(file), "--publish", "new")
    assert PolicyVersion.objects.get(policy=rules).rules["targets"]["decide"]["minutes"] == 120
    assert said("import_rules", str(file)) == "Nothing differs.\n"


def test_the_command_names_the_place_and_stops(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(POLICY, encoding="utf-8")
    with pytest.raises(CommandError, match=r"policies\[0\].calendar: there is no calendar 'Office'"):
        call_command("import_rules", str(file))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_rules", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_rules", str(tmp_path / "missing.toml"))


PAGE = "admin:sla_policy_rules_file"


@pytest.fixture
def client():
    return entered(staff("operations"))


def uploaded(client, content, **more):
    file = SimpleUploadedFile("rules.toml", content if isinstance(content, bytes) else content.encode())
    return client.post(reverse(PAGE), {"file": file, **more})


def test_a_file_is_looked_at_before_it_is_read_in(client, rules):
    text = exported().replace('"4 h"', '"2 h"')
    before = rows()
    response = uploaded(client, text)
    assert "policy “Full”: decide: 4 h → 2 h" in response.content.decode()
    assert rows() == before
    form = response.context["form"]
    posted = {"text": text.replace("\n", "\r\n"), "seen": form.initial["seen"], "publish": ""}
    done = client.post(reverse(PAGE), posted, follow=True)
    assert "1 changes read in" in done.content.decode()
    assert exported() == text
    assert not rules.versions.exists()
    again = client.post(reverse(PAGE), posted | {"publish": "new"})
    assert "Somebody changed the rules" in again.content.decode()
    assert not rules.versions.exists()


def test_a_file_can_be_published_at_once(client, rules):
    response = uploaded(client, exported().replace('"4 h"', '"2 h"'))
    initial = response.context["form"].initial
    client.post(reverse(PAGE), {"text": initial["text"], "seen": initial["seen"], "publish": "running"})
    assert rules.versions.get().applies_to == "running"
    assert JournalEntry.objects.filter(kind="policy.published").latest("pk").via == "admin"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"format = 9", b"[" * 50_000, b"x" * 1_000_001, "format = 1\nñ = 1".encode()]
)
def test_a_file_that_is_none_is_said_to_be_none(client, content):
    before = rows()
    response = uploaded(client, content)
    assert response.status_code == 200
    assert response.context["upload"].errors["file"]
    assert rows() == before


def test_a_form_that_was_tampered_with_writes_nothing(client, rules):
    before = rows()
    for posted in ({"text": ""}, {"text": "x", "seen": "x"}, {"text": exported(), "seen": "0" * 64}, {"text": "\x00"}):
        assert client.post(reverse(PAGE), posted).status_code == 200
    assert rows() == before


def test_the_download_is_the_export(client, rules):
    response = client.get(reverse("admin:sla_policy_download"))
    assert response.content.decode() == exported()
    assert response["Content-Disposition"] == 'attachment; filename="rules.toml"'


@pytest.mark.parametrize("role", [(), ("marketer",)])
def test_the_file_is_for_operations_alone(role):
    outside = entered(staff(*role))
    assert outside.get(reverse(PAGE)).status_code == 403
    assert outside.get(reverse("admin:sla_policy_download")).status_code == 403
    assert uploaded(outside, "format = 1").status_code == 403


def test_a_published_policy_survives_the_journey(rules):
    publish(rules.pk, by=LEADLOOP)
    text = exported()
    import_rules(text, by=LEADLOOP, applies_to=AppliesTo.NEW)
    assert rules.versions.count() == 1
