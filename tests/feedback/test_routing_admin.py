"""Operations edit routing in the admin."""

import pytest

from feedback.actions.offer_input import OfferInput
from feedback.actions.offers import offer
from feedback.logic.rights import LEADLOOP
from feedback.models import AccountOwner, RoutingRule, Turn
from leads.actions.people import AccountInput, LeadInput
from leads.models import Account, JournalEntry
from tests.admin_pages import entered, errors_of, filled, page, staff
from tests.factories import RepFactory

pytestmark = pytest.mark.django_db
LINE = {"turns-TOTAL_FORMS": "0", "turns-INITIAL_FORMS": "0"}


def operations():
    return entered(staff("operations"))


def new_rule(team, **more) -> dict[str, object]:
    return {"name": "DACH", "position": "0", "team": team.pk, "by_hours": "on", "is_active": "on", **LINE, **more}


def test_a_rule_is_typed_row_by_row_and_routes_at_once():
    rep = RepFactory()
    rows = {"field_1": "region", "operator_1": "in", "value_1": "DE, at", "field_3": "fit", "operator_3": "ge"}
    line = {"turns-TOTAL_FORMS": "1", "turns-0-rep": rep.pk, "turns-0-weight": "3", "turns-0-is_member": "on"}
    client = operations()
    answer = client.post(page("feedback_routingrule", "add"), new_rule(rep.team, **rows, value_3="60", **line))
    assert answer.status_code == 302, errors_of(answer)
    rule = RoutingRule.objects.get()
    assert rule.conditions == [
        {"field": "region", "operator": "in", "value": "de, at"},
        {"field": "fit", "operator": "ge", "value": "60"},
    ]
    assert (rule.turns.get().rep, rule.turns.get().weight) == (rep, 3)
    company = AccountInput(name="Nortex", country="AT")
    lead = LeadInput(email="ana@nortex.example", account=company)
    assert offer(OfferInput(lead=lead, fit=60), by=LEADLOOP).handoff.owner == rep
    shown = client.get(page("feedback_routingrule", "change", rule.pk))
    posted = filled(shown)
    assert (posted["field_1"], posted["operator_1"], posted["value_1"], posted["value_2"]) == (
        *("region", "in", "de, at"),
        "60",
    )
    posted |= {"field_1": "", "operator_1": "", "value_1": ""}
    answer = client.post(page("feedback_routingrule", "change", rule.pk), posted)
    assert answer.status_code == 302, errors_of(answer)
    rule.refresh_from_db()
    assert rule.conditions == [{"field": "fit", "operator": "ge", "value": "60"}]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (("fit", "ge", "high"), "is not a whole number"),
        (("region", "ge", "de"), "cannot be compared"),
        (("region", "", "de"), "Choose what is compared"),
        (("", "eq", "de"), "Choose what is compared"),
        (("region", "is_set", "de"), "takes no value"),
        (("region", "in", " , "), "Give 1 to 50 values"),
        (("region", "eq", ""), "Give a value"),
        (("team", "eq", "x"), "Select a valid choice"),
        (("region", "eq", "x" * 101), "at most 100 characters"),
        (("region", "eq", "a\x00b"), "Null characters"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(row, complaint):
    rep = RepFactory()
    rows = dict(zip(("field_1", "operator_1", "value_1"), row, strict=True))
    answer = operations().post(page("feedback_routingrule", "add"), new_rule(rep.team, **rows))
    assert answer.status_code == 200
    assert complaint in errors_of(answer)
    assert not RoutingRule.objects.exists()


def test_saving_a_rule_does_not_touch_the_turns_that_were_taken():
    rep = RepFactory()
    rule = RoutingRule.objects.create(name="DACH", team=rep.team)
    turn = Turn.objects.create(rule=rule, rep=rep, credit=5, owed=1)
    client = operations()
    posted = filled(client.get(page("feedback_routingrule", "change", rule.pk)))
    Turn.objects.update(credit=7)
    posted["turns-0-weight"] = "4"
    answer = client.post(page("feedback_routingrule", "change", rule.pk), posted)
    assert answer.status_code == 302, errors_of(answer)
    turn.refresh_from_db()
    assert (turn.weight, turn.credit, turn.owed) == (4, 7, 1)


@pytest.mark.parametrize("weight", ["0", "101", "x", ""])
def test_a_weight_is_1_to_100(weight):
    rep = RepFactory()
    line = {"turns-TOTAL_FORMS": "1", "turns-0-rep": rep.pk, "turns-0-weight": weight, "turns-0-is_member": "on"}
    answer = operations().post(page("feedback_routingrule", "add"), new_rule(rep.team, **line))
    assert answer.status_code == 200
    assert not RoutingRule.objects.exists()


def test_owning_an_account_is_journalled_and_so_is_its_end():
    rep, account = RepFactory(), Account.objects.create(name="Nortex")
    client = operations()
    posted = {"account": account.pk, "rep": rep.pk, "seen": ""}
    assert client.post(page("feedback_accountowner", "add"), posted).status_code == 302
    owned = AccountOwner.objects.get()
    other = RepFactory()
    change = filled(client.get(page("feedback_accountowner", "change", owned.pk))) | {"rep": other.pk}
    assert client.post(page("feedback_accountowner", "change", owned.pk), change).status_code == 302
    assert AccountOwner.objects.get().rep == other
    assert client.post(page("feedback_accountowner", "delete", owned.pk), {"post": "yes"}).status_code == 302
    entries = JournalEntry.objects.filter(kind="account.owned").order_by("pk")
    named = [str(rep.uid), str(other.uid), None]
    assert [entry.data for entry in entries] == [{"account": str(account.uid), "rep": one} for one in named]
