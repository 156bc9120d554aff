"""Operations edit drafts, look at what publishing them would do, and publish; what cannot work is refused in place."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from leads.models import JournalEntry
from sla.models import (
    ChatChannel,
    Clock,
    Condition,
    LadderStep,
    Policy,
    PolicyVersion,
    StepTemplate,
    Target,
    WorkCalendar,
)
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory, ago, calendar, offered, policy

pytestmark = pytest.mark.django_db

DRAFTS = (Policy, Condition, Target, LadderStep, PolicyVersion, StepTemplate, ChatChannel)
SECRET = "slack://TokenAAAA/TokenBBBB/TokenCCCC"


@pytest.fixture
def client():
    return entered(staff("operations", username="olga"))


def rows():
    return [list(model.objects.order_by("pk").values()) for model in DRAFTS]


def opened(client, row):
    model = f"sla_{row._meta.model_name}"
    return page(model, "change", row.pk), filled(client.get(page(model, "change", row.pk)))


def refused(client, url, posted, *, says):
    before = rows()
    response = client.post(url, posted)
    assert response.status_code == 200
    assert says in errors_of(response)
    assert rows() == before
    return response


def publishing(made):
    return reverse("admin:sla_policy_publish", args=[made.pk])


def look(client, made):
    """The publish page, and what its form would post."""
    response = client.get(publishing(made))
    assert response.status_code == 200
    return response.content.decode(), {"seen": response.context["form"].initial["seen"], "applies_to": "new"}


# --- the draft -------------------------------------------------------------------------------------------------------


def test_a_policy_is_typed_and_saved_as_a_draft(client):
    hours = calendar()
    ChatChannel.objects.create(name="sales alerts", url=SECRET)
    StepTemplate.objects.create(name="overdue", subject="{name}", body="{link}")
    ladder = '75 %: remind the owner\r\n-30 min: raise the priority\r\n+1 h: tell the channel "sales alerts"'
    posted = {
        "name": "Standard",
        "position": "1",
        "is_active": "on",
        "calendar": hours.pk,
        "hop_limit": "2",
        "valid_from": "2026-01-01T00:00:00",
        "conditions-TOTAL_FORMS": "2",
        "conditions-INITIAL_FORMS": "0",
        "conditions-0-field": "channel",
        "conditions-0-operator": "in",
        "conditions-0-value": "demo, Trial",
        "conditions-1-field": "fit",
        "conditions-1-operator": "ge",
        "conditions-1-value": "70",
        "targets-TOTAL_FORMS": "2",
        "targets-INITIAL_FORMS": "0",
        "targets-0-key": "decide",
        "targets-0-within": "4 h",
        "targets-0-counts_in": "owner",
        "targets-0-runs_through": ["prospect"],
        "targets-0-ladder": ladder + '\r\n+2 h: tell the owner using "overdue"',
        "targets-1-key": "depth",
        "targets-1-within": "3 days, 6 attempts on 2 channels",
        "targets-1-counts_in": "policy",
        "targets-1-stops": ["talked", "qualified"],
    }
    response = client.post(page("sla_policy", "add"), posted, follow=True)
    made = Policy.objects.get(name="Standard")
    assert response.redirect_chain == [(page("sla_policy", "change", made.pk), 302)], errors_of(response)
    assert "Draft saved. Nothing runs under it until it is published." in response.content.decode()
    assert not made.versions.exists()
    assert not offered(RepFactory()).clocks.exists()
    decide, depth = made.targets.get(key="decide"), made.targets.get(key="depth")
    assert (decide.minutes, decide.counts_in, decide.runs_through) == (240, "owner", ["prospect"])
    assert (depth.days, depth.attempts, depth.channels, depth.stops) == (3, 6, 2, ["qualified", "talked"])
    _, again = opened(client, made)
    assert again["targets-0-ladder"] == ladder.replace("\r\n", "\n") + '\n+2 h: tell the owner using "overdue"'
    assert again["targets-1-within"] == "3 days, 6 attempts on 2 channels"
    client.post(page("sla_policy", "change", made.pk), again)
    assert [step.pk for step in decide.steps.all()] != []
    assert opened(client, made)[1] | {"seen": ""} == again | {"seen": ""}


def test_editing_a_policy_in_force_changes_nothing_until_it_is_published(client):
    made = policy()
    rep = RepFactory()
    url, posted = opened(client, made)
    response = client.post(url, posted | {"targets-0-within": "30 min"}, follow=True)
    shown = response.content.decode()
    assert made.versions.count() == 1
    assert offered(rep).clocks.get().amount == dt.timedelta(hours=1)
    assert "Differs from version 1 in force" in shown
    assert "decide: 1 h → 30 min" in shown
    assert publishing(made) in shown
    assert reverse("admin:sla_policy_preview", args=[made.pk]) in shown


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("within", "PT1H", "is not a duration"),
        ("within", "1:30", "is not a duration"),
        ("within", "１５ min", "is not a duration"),
        ("within", "0 min", "at least 1 min"),
        ("within", "99999 h", "is not a duration"),
        ("within", "8761 h", "at most a year"),
        ("within", "4 h, 3 attempts", "Only enough attempts counts attempts"),
        ("within", "", "required"),
        ("within", "a\x00b", "Null characters"),
        ("within", "9" * 10_000, "at most 60 characters"),
        ("ladder", "50 %: expire the handoff", "Line 1: Nobody loses"),
        ("ladder", "+1 h: expire the handoff\n+2 h: tell the owner", "Line 2: Nothing can follow"),
        ("ladder", "deadline: tell the owner\n" * 51, "at most 50 steps"),
        ("ladder", "deadline: {lead.__class__}", "Line 1"),
        ("ladder", "75 %: remind the owner\n-1 h: remind the owner", "cannot come before the clock starts"),
        ("ladder", 'deadline: tell the channel "nowhere"', "there is no channel"),
        ("ladder", "x\x00y", "Null characters"),
        ("ladder", "\u202e" * 9_000, "Line 1"),
        ("key", "owner__password", "Select a valid choice"),
        ("counts_in", "nobody", "Select a valid choice"),
        ("starts", ["accepted"], "cannot both start and end"),
        ("starts", ["__import__"], "Select a valid choice"),
        ("runs_through", ["weather"], "Select a valid choice"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(client, field, value, says):
    url, posted = opened(client, policy())
    response = refused(client, url, posted | {f"targets-0-{field}": value}, says=says)
    assert field in str(response.context["inline_admin_formsets"][1].formset.errors)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (("fit", "prefix", "8"), "cannot be compared"),
        (("channel", "lt", "demo"), "cannot be compared"),
        (("fit", "ge", "many"), "is not a whole number"),
        (("fit", "ge", "９"), "is not a whole number"),
        (("fit", "ge", "9" * 30), "is not a whole number"),
        (("channel", "in", ", ,"), "1 to 50 values"),
        (("channel", "in", ",".join("abcdefghij" * 6)), "1 to 50 values"),
        (("channel", "is_null", "x"), "takes no value"),
        (("channel", "eq", ""), "at most 100 characters"),
        (("channel", "eq", "a\x00"), "Null characters"),
        (("channel", "eq", "x" * 1001), "at most 1000 characters"),
        (("user__password", "eq", "x"), "Select a valid choice"),
        (("channel", "regex", "(a+)+$"), "Select a valid choice"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(client, values, says):
    url, posted = opened(client, policy())
    row = dict(zip(("conditions-0-field", "conditions-0-operator", "conditions-0-value"), values, strict=True))
    refused(client, url, posted | row | {"conditions-TOTAL_FORMS": "1"}, says=says)


def test_a_thousand_conditions_are_too_many(client):
    url, posted = opened(client, policy())
    many = {"conditions-TOTAL_FORMS": "1000"}
    for number in range(1000):
        many |= {
            f"conditions-{number}-field": "channel",
            f"conditions-{number}-operator": "eq",
            f"conditions-{number}-value": str(number),
        }
    # Django itself answers 400 to more than a thousand fields; fewer than that reach the form.
    assert client.post(url, posted | many).status_code == 400
    refused(client, url, posted | dict(list(many.items())[:900]), says="at most 20")


def test_only_an_undecided_handoff_expires(client):
    made = policy(targets=("first_attempt",))
    url, posted = opened(client, made)
    ladder = {"targets-0-ladder": "+1 h: expire the handoff"}
    refused(client, url, posted | ladder, says="Only an undecided handoff can end by itself")


def test_enough_attempts_says_how_many(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"targets-0-key": "depth"}, says="how many attempts")


def test_a_policy_promises_something(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"targets-0-DELETE": "on"}, says="at least 1 form")


def test_a_policy_ends_after_it_begins(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"valid_until": "2019-01-01T00:00"}, says="violated")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "   ", "required"),
        ("name", "x" * 5000, "at most 100 characters"),
        ("name", "a\x00b", "Null characters"),
        ("position", "32768", "less than or equal to"),
        ("position", "-1", "greater than or equal to"),
        ("position", "９" * 40, "less than or equal to"),
        ("position", "1e3", "whole number"),
        ("hop_limit", "21", "violated"),
        ("valid_from", "0001-01-01T00:00:00", "Choose a day in the years"),
        ("valid_until", "9999-12-31T23:59:59", "Choose a day in the years"),
        ("valid_from", "2026-02-30T00:00:00", "valid date"),
        ("valid_from", "", "required"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(client, field, value, says):
    url, posted = opened(client, policy())
    refused(client, url, posted | {field: value}, says=says)


def test_names_and_values_are_kept_on_one_line(client):
    made = policy(conditions=[("channel", "eq", "demo")])
    url, posted = opened(client, made)
    client.post(url, posted | {"name": "One\nTwo\u202e", "conditions-0-value": "de\r\nmo"})
    made.refresh_from_db()
    assert (made.name, made.conditions.get().value) == ("One Two", "de mo")


def test_two_who_edit_a_ladder_at_once_are_told(client):
    url, posted = opened(client, policy())
    client.post(url, posted | {"targets-0-ladder": "deadline: tell the owner"})
    refused(client, url, posted | {"targets-0-ladder": "deadline: tell the manager"}, says="Somebody else saved this")


def test_a_name_is_only_text(client):
    url, posted = opened(client, policy())
    client.post(url, posted | {"name": "<script>alert(1)</script>"})
    for listed in (client.get(page("sla_policy")), client.get(url), client.get(f"{url}../publish/")):
        assert "<script>alert(1)" not in listed.content.decode()


# --- publishing ------------------------------------------------------------------------------------------------------


def test_the_page_says_what_publishing_means_before_it_does(client):
    made = policy(timezone="Europe/Paris")
    rep = RepFactory()
    handoff = offered(rep)
    Target.objects.filter(policy=made).update(minutes=30)
    shown, posted = look(client, made)
    assert "decide: 1 h → 30 min" in shown
    assert "Europe/Paris" in shown
    assert "1 running clock " in re.sub(r"\s+", " ", shown)
    assert str(handoff.lead) in shown
    assert made.versions.count() == 1
    response = client.post(publishing(made), posted, follow=True)
    assert "Published as" in response.content.decode()
    assert made.versions.count() == 2
    assert Clock.objects.get(handoff=handoff).version.number == 1
    assert JournalEntry.objects.filter(kind="policy.published").latest("pk").via == "admin"


def test_running_clocks_are_moved_when_chosen_and_as_shown(client):
    made = policy()
    handoff = offered(RepFactory(), at=ago(minutes=10))
    old = handoff.clocks.get().due_at
    Target.objects.filter(policy=made).update(minutes=30)
    _, posted = look(client, made)
    client.post(publishing(made), posted | {"applies_to": "running"})
    clock = handoff.clocks.get()
    assert clock.version.number == 2
    assert abs(old - dt.timedelta(minutes=30) - clock.due_at) < dt.timedelta(seconds=1)


def test_publishing_what_somebody_changed_meanwhile_is_refused(client):
    made = policy()
    Target.objects.filter(policy=made).update(minutes=30)
    _, posted = look(client, made)
    Target.objects.filter(policy=made).update(minutes=15)
    response = client.post(publishing(made), posted)
    assert response.status_code == 200
    shown = response.content.decode()
    assert "Somebody changed" in shown
    assert "1 h → 15 min" in shown
    assert made.versions.count() == 1
    fresh = re.search(r'name="seen" value="([0-9a-f]{64})"', shown)
    assert fresh
    client.post(publishing(made), posted | {"seen": fresh[1]})
    assert made.versions.count() == 2


@pytest.mark.parametrize(
    "values",
    [{"applies_to": "everything"}, {"applies_to": ""}, {"seen": ""}, {"seen": "x" * 9999}, {"seen": "\x00"}],
)
def test_a_publication_that_was_not_asked_for_properly_is_none(client, values):
    made = policy()
    Target.objects.filter(policy=made).update(minutes=30)
    _, posted = look(client, made)
    assert client.post(publishing(made), posted | values).status_code == 200
    assert made.versions.count() == 1


def test_a_draft_that_cannot_run_says_so_instead_of_offering_to_publish(client):
    made = policy()
    Condition.objects.create(policy=made, field="fit", operator="prefix", value="7")
    for name in ("preview", "publish"):
        shown = client.get(reverse(f"admin:sla_policy_{name}", args=[made.pk])).content.decode()
        assert "This draft cannot be published: fit cannot be compared" in shown
        assert 'name="applies_to"' not in shown
    client.post(publishing(made), {"applies_to": "new", "seen": ""})
    assert made.versions.count() == 1


def test_versions_are_compared_in_words(client):
    made = policy()
    Target.objects.filter(policy=made).update(minutes=30)
    _, posted = look(client, made)
    client.post(publishing(made), posted)
    LadderStep.objects.filter(target__policy=made, action="warn").delete()
    compare = reverse("admin:sla_policy_compare", args=[made.pk])
    assert "decide: 1 h → 30 min" in client.get(compare).content.decode()
    assert "decide: 30 min → 1 h" in client.get(compare, {"old": 2, "new": 1}).content.decode()
    draft = client.get(compare, {"old": 2, "new": 0}).content.decode()
    assert "step removed at 75 %: remind the owner" in draft
    assert "both say the same" in client.get(compare, {"old": 2, "new": 2}).content.decode()
    for odd in ({"old": 9, "new": 1}, {"old": "x"}, {"old": "1" * 400, "new": 1}, {"old": "\x00", "new": 0}):
        assert client.get(compare, odd).status_code == 200


@pytest.mark.parametrize("name", ["preview", "publish", "compare"])
def test_who_may_look_and_who_may_publish(name):
    made = policy()
    url = reverse(f"admin:sla_policy_{name}", args=[made.pk])
    assert entered(staff()).get(url).status_code == 403
    assert entered(staff("marketer")).get(url).status_code == 403
    assert entered(staff("operations")).get(reverse(f"admin:sla_policy_{name}", args=[10**30])).status_code == 404
    assert entered(staff("operations")).get(url).status_code == 200


def test_who_may_only_look_cannot_publish():
    made = policy()
    viewer = staff()
    viewer.user_permissions.add(Permission.objects.get(codename="view_policy"))
    inside = entered(viewer)
    assert inside.get(reverse("admin:sla_policy_preview", args=[made.pk])).status_code == 200
    assert inside.get(publishing(made)).status_code == 403
    assert inside.post(publishing(made), {"applies_to": "new", "seen": ""}).status_code == 403
    assert made.versions.count() == 1


def test_versions_clocks_and_steps_are_only_looked_at(client):
    policy()
    offered(RepFactory())
    for model, row in (("policyversion", PolicyVersion), ("clock", Clock)):
        pk = row.objects.get().pk
        shown = client.get(page(f"sla_{model}", "change", pk))
        assert shown.status_code == 200
        assert 'name="_save"' not in shown.content.decode()
        assert client.post(page(f"sla_{model}", "change", pk), {"number": 9, "state": "stopped"}).status_code == 403
        assert client.get(page(f"sla_{model}", "add")).status_code == 403
        assert client.post(page(f"sla_{model}", "delete", pk), {"post": "yes"}).status_code == 403
    assert client.get(page("sla_escalation")).status_code == 200
    shown = client.get(page("sla_policyversion", "change", PolicyVersion.objects.get().pk)).content.decode()
    assert "75 %: remind the owner" in shown.replace("<br>", "\n")


# --- what steps say, and where ---------------------------------------------------------------------------------------


def test_words_are_read_with_samples_before_and_after_they_are_saved(client):
    words = {"name": "overdue", "subject": "{name} waits", "body": "Due {due}.\r\n{{as typed}} {link}"}
    preview = client.post(reverse("admin:sla_steptemplate_preview"), words).content.decode()
    assert "Ana Duarte waits" in preview
    assert "Due Mon 23 Nov 11:30.<br>{as typed}" in preview
    assert not StepTemplate.objects.exists()
    assert client.post(page("sla_steptemplate", "add"), words).status_code == 302
    made = StepTemplate.objects.get()
    assert made.body == "Due {due}.\n{{as typed}} {link}"
    shown = client.get(page("sla_steptemplate", "change", made.pk)).content.decode()
    assert "Ana Duarte waits" in shown
    assert client.get(reverse("admin:sla_steptemplate_preview")).status_code == 200


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"subject": "{password}"}, "There is no {password}"),
        ({"body": "{name.__class__}"}, "There is no {name.__class__}"),
        ({"body": "{name:>999999999}"}, "There is no"),
        ({"body": "{"}, "stands alone"),
        ({"subject": "   "}, "required"),
        ({"subject": "x" * 151}, "at most 150 characters"),
        ({"body": "x" * 4001}, "at most 4000 characters"),
        ({"body": "\x00"}, "Null characters"),
        ({"name": "x" * 51}, "at most 50 characters"),
    ],
)
def test_words_that_cannot_be_filled_are_refused(client, values, says):
    given = {"name": "overdue", "subject": "S", "body": "B"} | values
    refused(client, page("sla_steptemplate", "add"), given, says=says)
    assert client.post(reverse("admin:sla_steptemplate_preview"), given).status_code == 200


def test_the_preview_is_not_for_everybody():
    assert entered(staff()).post(reverse("admin:sla_steptemplate_preview"), {}).status_code == 403


def test_an_address_goes_in_and_never_comes_out(client):
    client.post(page("sla_chatchannel", "add"), {"name": "sales alerts", "is_active": "on", "address": SECRET})
    made = ChatChannel.objects.get()
    assert made.url == SECRET
    url, posted = opened(client, made)
    for shown in (client.get(url), client.get(page("sla_chatchannel")), client.get(f"{url}../history/")):
        assert "Token" not in shown.content.decode()
    assert "slack://••••••••" in client.get(url).content.decode()
    assert "Token" not in str(posted)
    client.post(url, posted | {"name": "alerts"})
    made.refresh_from_db()
    assert (made.name, made.url) == ("alerts", SECRET)
    assert not any("Token" in str(entry.data) for entry in JournalEntry.objects.all())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "file:///etc/passwd",
        "json://localhost/",
        "mmost://127.0.0.1/token",
        "mmosts://chat.example/token?verify=no",
        "slack",
        "http://intern/",
        "SLACK:",
        "x" * 501,
        "slack://a\x00b",
    ],
)
def test_an_address_that_is_not_chat_is_refused_and_not_repeated(client, address):
    posted = {"name": "alerts", "is_active": "on", "address": address}
    before = rows()
    response = client.post(page("sla_chatchannel", "add"), posted)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["address"]
    assert len(address) < 10 or address not in response.content.decode()
    assert rows() == before


def test_a_room_in_one_s_own_network_is_taken_where_it_is_set(client, settings):
    settings.LEADLOOP_CHAT_PRIVATE = True
    posted = {"name": "alerts", "is_active": "on", "address": "mmost://127.0.0.1/token"}
    client.post(page("sla_chatchannel", "add"), posted)
    assert ChatChannel.objects.get().url == posted["address"]


def test_a_refused_address_leaves_the_old_one(client):
    made = ChatChannel.objects.create(name="alerts", url=SECRET)
    url, posted = opened(client, made)
    response = refused(client, url, posted | {"address": "ftp://x/"}, says="begins with one of")
    assert "ftp://x/" not in response.content.decode()


def test_what_ladders_name_is_not_deleted(client):
    made = policy()
    room = ChatChannel.objects.create(name="alerts", url=SECRET)
    LadderStep.objects.create(target=made.targets.get(), action="notify_channel", minutes_after=5, channel=room)
    client.post(page("sla_chatchannel", "delete", room.pk), {"post": "yes"})
    assert ChatChannel.objects.filter(pk=room.pk).exists()


def test_a_calendar_cannot_be_changed_into_one_of_a_draft_that_is_missing(client):
    url, posted = opened(client, policy())
    refused(client, url, posted | {"calendar": "999999"}, says="Select a valid choice")
    assert WorkCalendar.objects.count() == 1
