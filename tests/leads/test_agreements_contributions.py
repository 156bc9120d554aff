"""What the apps above add to an agreement: the reasons in use and the promises in force."""

import pytest

from feedback.models import RejectionReason
from leads.actions.contributions import collected
from leads.logic.contributed import Contribution, Fact, thawed
from sla.actions.policies import publish
from sla.models import AppliesTo
from tests.factories import LEADLOOP, agreement, policy

pytestmark = pytest.mark.django_db


def section(key: str) -> Contribution:
    return next(one for one in thawed(collected()) if one.key == key)


def test_reasons_in_use_with_what_follows_from_each():
    reasons = {item.key: item for item in section("reasons").items}
    assert len(reasons) == RejectionReason.objects.filter(is_live=True).count()
    assert reasons["intent.no_request"].facts == (
        Fact("", "after attempts or after a conversation"),
        Fact("", "may come back"),
        Fact("after", "90 days", 90),
        Fact("put right by", "marketing scoring"),
    )
    assert Fact("asks", "“How many people really?”") in reasons["fit.company_size"].facts
    assert Fact("", "outside the acceptance rate") in reasons["own.duplicate"].facts
    RejectionReason.objects.filter(key="other.text").update(is_live=False)
    assert "other.text" not in {item.key for item in section("reasons").items}


def test_promises_in_force_in_their_order():
    later = policy(minutes=240, targets=("decide", "depth"), position=2)
    first = policy(minutes=90, position=1, conditions=[("channel", "in", "demo, trial")])
    policy(minutes=5, position=0, is_active=False)
    found = section("targets").items
    assert [item.label for item in found] == [first.name, later.name]
    assert found[0].facts[:2] == (
        Fact("for", "handoffs whose channel is one of demo, trial"),
        Fact("decide within", "1 h 30 min", 90),
    )
    assert Fact("for", "every handoff") in found[1].facts
    assert Fact("enough attempts within", "4 h, 3 attempts on 2 channels", 240) in found[1].facts


def test_what_is_only_published_for_reports_promises_nothing():
    made = policy(minutes=240)
    before = collected()
    made.targets.update(minutes=5)
    publish(made.pk, by=LEADLOOP, applies_to=AppliesTo.REPORT)
    assert collected() == before
    publish(made.pk, by=LEADLOOP)
    assert collected() != before
    assert agreement().contributed == collected()
