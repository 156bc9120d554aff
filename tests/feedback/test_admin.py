"""Operations edit teams, reps and reasons; who has no business there learns nothing."""

import pytest

from feedback.actions import decisions
from feedback.logic.rights import REP
from feedback.models import Handoff, RejectionReason, Rep, Team
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory, TeamFactory, UserFactory, as_person, manager_of, offered

pytestmark = pytest.mark.django_db

ADMIN_MODELS = (
    "leads_account", "leads_lead", "leads_campaign", "leads_apikey", "leads_outboxmessage", "leads_journalentry",
    "leads_importrun", "feedback_team", "feedback_rep", "feedback_rejectionreason", "feedback_handoff",
    "sla_workcalendar", "sla_policy", "sla_policyversion", "sla_clock", "sla_escalation",
    "sla_chatchannel", "sla_steptemplate",
)  # fmt: skip


@pytest.fixture
def client():
    return entered(staff("operations", username="olga"))


def reason(**values):
    return RejectionReason.objects.get(**(values or {"key": "fit.company_size"}))


def opened(client, row):
    url = page(f"feedback_{row._meta.model_name}", "change", row.pk)
    return url, filled(client.get(url))


# --- who may enter ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_operations_see_every_list(client, model):
    assert client.get(page(model)).status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_staff_without_rights_see_nothing(model):
    nobody = entered(staff())
    assert nobody.get(page(model)).status_code == 403
    assert nobody.get("/admin/autocomplete/?app_label=feedback&model_name=rep&field_name=user").status_code == 403
    assert nobody.get("/admin/autocomplete/?app_label=auth&model_name=user&field_name=groups").status_code == 403


@pytest.mark.parametrize("role", ["rep", "manager", "marketer", "integrator"])
def test_who_is_not_staff_stays_outside(role):
    outside = entered(UserFactory(roles=(role,)))
    assert outside.get(page("feedback_team")).status_code == 302


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_marketers_edit_campaigns_and_nothing_else(model):
    mia = entered(staff("marketer"))
    allowed = model == "leads_campaign"
    assert mia.get(page(model)).status_code == (200 if allowed else 403)
    assert mia.get(page(model, "add")).status_code == (200 if allowed else 403)


def test_operations_do_not_see_the_user_directory(client):
    assert client.get("/admin/auth/user/").status_code == 403
    assert client.get("/admin/auth/group/").status_code == 403


# --- hostile addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "p=-1", "p=99999999999999999999", "p=abc", "o=-99", "o=99.-99.x", "o=%00", "e=1", "all=",
        "q=%ed%a0%80",
        "owner__password__startswith=pbkdf2", "user__password__startswith=pbkdf2", "pk__regex=%28", "id__regex=%28",
        "name__regex=%28", "state__exact=%00", "state__exact=nonsense", "is_active__exact=%00", "team__id__exact=abc",
        "team__id__exact=999999999999999999999999", "state__in=%00", "_facets=True", "_popup=1", "_to_field=password",
        "via__exact=%F0%9F%98%80", f"q={'x' * 3000}", "%00=1", "id=1)%3B", "created_at__gte=garbage",
    ],
)  # fmt: skip
def test_no_query_string_breaks_a_list(client, query):
    offered(RepFactory())
    answers = {model: client.get(f"{page(model)}?{query}").status_code for model in ADMIN_MODELS}
    assert set(answers.values()) <= {200, 302, 400}, answers


def test_a_foreign_column_is_no_filter(client):
    handoff = offered(RepFactory())
    assert client.get(f"{page('feedback_handoff')}?owner__user__password__startswith=md5").status_code == 400
    assert client.get(f"{page('feedback_handoff')}?state__exact=pending").context["cl"].result_count == 1
    assert client.get(f"{page('feedback_handoff')}?team__id__exact={handoff.team_id}").status_code == 200


@pytest.mark.parametrize("model", ADMIN_MODELS)
def test_no_address_of_a_row_breaks_a_page(client, model):
    for key in ("0", "-1", "abc", "99999999999999999999999", "_00", "1'", "é"):
        for what in ("change", "history", "delete"):
            assert client.get(f"{page(model)}{key}/{what}/").status_code in {302, 403, 404}, (key, what)


def test_an_action_takes_no_foreign_rows(client):
    posted = {"action": "retry", "select_across": "1", "_selected_action": ["99999999999999999999", "abc"]}
    assert client.post(page("leads_outboxmessage"), posted).status_code in {200, 302, 400}
    assert client.post(page("leads_journalentry"), posted).status_code in {200, 302, 403}


# --- teams and reps --------------------------------------------------------------------------------------------------


def test_a_team_gets_its_zone_and_managers(client):
    nadia = UserFactory(roles=("manager",))
    posted = {"name": "Iberia", "timezone": "Europe/Madrid", "managers": [nadia.pk], "is_active": "on"}
    response = client.post(page("feedback_team", "add"), posted)
    assert response.status_code == 302, errors_of(response)
    assert list(Team.objects.get(name="Iberia").managers.all()) == [nadia]


@pytest.mark.parametrize("zone", ["EST5", "Europe/Nowhere", "", "../../etc/passwd", "localtime"])
def test_a_zone_is_one_of_the_known(client, zone):
    response = client.post(page("feedback_team", "add"), {"name": "Iberia", "timezone": zone, "is_active": "on"})
    assert "timezone" in response.context["adminform"].form.errors
    assert not Team.objects.exists()


def test_only_managers_manage(client):
    sam = UserFactory(roles=("rep",))
    posted = {"name": "Iberia", "timezone": "UTC", "managers": [sam.pk], "is_active": "on"}
    assert "managers" in client.post(page("feedback_team", "add"), posted).context["adminform"].form.errors


def test_a_new_rep_gets_the_role(client):
    user, team = UserFactory(), TeamFactory()
    posted = {"user": user.pk, "team": team.pk, "capacity": "20", "is_active": "on"}
    assert client.post(page("feedback_rep", "add"), posted).status_code == 302
    assert Rep.objects.get().user == user
    assert user.groups.filter(name=REP).exists()


def test_a_user_is_one_rep_and_stays_it(client):
    rep, other = RepFactory(), UserFactory()
    posted = {"user": rep.user.pk, "team": rep.team.pk, "capacity": "20", "is_active": "on"}
    assert "user" in client.post(page("feedback_rep", "add"), posted).context["adminform"].form.errors
    url, kept = opened(client, rep)
    client.post(url, kept | {"user": other.pk, "capacity": "7"})
    rep.refresh_from_db()
    assert (rep.user_id, rep.capacity) == (rep.user.pk, 7)
    assert rep.user != other


# --- reasons ---------------------------------------------------------------------------------------------------------


def given():
    rep = RepFactory()
    handoff = offered(rep)
    decisions.reject(handoff.uid, by=as_person(rep), reason="fit.company_size", evidence={"employee_count": 12})
    return handoff


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"evidence_field": "", "evidence_required": "on"}, "evidence_field"),
        ({"at_review": None, "after_attempts": None, "after_conversation": None}, "at_review"),
        ({"key": "Fit Company!"}, "key"),
        ({"key": "fit.industry"}, "key"),
        ({"label": "x" * 5000}, "label"),
        ({"label": "   "}, "label"),
        ({"cool_off_days": "-1"}, "cool_off_days"),
        ({"cool_off_days": "99999999999"}, "cool_off_days"),
        ({"next_state": "rule"}, "next_state"),
        ({"evidence_field": "owner__password"}, "evidence_field"),
    ],
)
def test_a_reason_that_makes_no_sense_is_refused_at_its_field(client, changes, field):
    before = list(RejectionReason.objects.values())
    url, posted = opened(client, reason())
    response = client.post(url, {name: value for name, value in (posted | changes).items() if value is not None})
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert list(RejectionReason.objects.values()) == before


def test_the_key_of_a_used_reason_stays(client):
    given()
    url, posted = opened(client, reason())
    client.post(url, posted | {"key": "fit.size", "label": "Wrong size"})
    assert reason().label == "Wrong size"


def test_the_key_of_an_unused_reason_may_change(client):
    url, posted = opened(client, reason())
    client.post(url, posted | {"key": "fit.size"})
    assert reason(key="fit.size").label == "Too small or too large"


def test_a_used_reason_is_retired_not_deleted(client):
    handoff = given()
    row = reason()
    assert client.post(page("feedback_rejectionreason", "delete", row.pk), {"post": "yes"}).status_code == 403
    url, posted = opened(client, row)
    posted.pop("is_live")
    client.post(url, posted)
    assert not reason().is_live
    assert Handoff.objects.get(pk=handoff.pk).reason == row


def test_an_unused_reason_can_go(client):
    row = reason()
    assert client.post(page("feedback_rejectionreason", "delete", row.pk), {"post": "yes"}).status_code == 302
    assert not RejectionReason.objects.filter(pk=row.pk).exists()


def test_two_who_edit_a_reason_at_once_are_told(client):
    url, posted = opened(client, reason())
    client.post(url, posted | {"label": "Size"})
    second = client.post(url, posted | {"label": "Other"})
    assert "Somebody else saved this" in errors_of(second)
    assert reason().label == "Size"


# --- handoffs --------------------------------------------------------------------------------------------------------


def test_a_handoff_is_only_looked_at(client):
    handoff = given()
    manager_of(handoff.team)
    url = page("feedback_handoff", "change", handoff.pk)
    assert client.get(url).status_code == 200
    assert client.post(url, {"state": "accepted"}).status_code == 403
    assert client.get(f"{page('feedback_handoff')}?q={handoff.uid}").context["cl"].result_count == 1
    assert Handoff.objects.get().state == "rejected"
