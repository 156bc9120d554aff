"""What is too old is removed, with its counts, a bounded batch at a time; what is not stays."""

import datetime as dt

import pytest
from django.core.management import call_command

from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import LeadInput
from leads.actions.retention import forget_old
from leads.actions.visitors import VisitorInput
from leads.models import Engagement, EngagementDay, Lead, Visitor
from leads.reports.counts import differences

pytestmark = pytest.mark.django_db
MONTH = dt.timedelta(days=31)


def visit(ago: dt.timedelta, **who) -> EngagementInput:
    return EngagementInput(kind="page_view", occurred_at=dt.datetime.now(dt.UTC) - ago, **who)


def story() -> None:
    ana = LeadInput(email="ana@nortex.example")
    for ago in (dt.timedelta(), 2 * MONTH, 4 * MONTH, 30 * MONTH):
        record_engagements(
            [
                visit(ago, lead=ana),
                visit(ago, visitor=VisitorInput(external_id=f"v{ago.days}")),
                visit(ago, visitor=VisitorInput(external_id="known"), lead=ana),
            ]
        )
    Visitor.objects.update(created_at=dt.datetime.now(dt.UTC) - 40 * MONTH)


@pytest.mark.parametrize(("months", "left"), [(25, 9), (3, 6), (0, 12)])
def test_what_is_too_old_goes_with_its_counts(settings, months, left):
    settings.LEADLOOP_ENGAGEMENT_MONTHS = months
    story()
    assert forget_old() == 12 - left
    assert Engagement.objects.count() == left
    assert sum(EngagementDay.objects.values_list("count", flat=True)) == left
    assert list(differences()) == []
    # Visitors of whom something is left, and the one who is known.
    assert Visitor.objects.count() == left / 3 + 1
    assert Lead.objects.count() == 1
    assert forget_old() == 0


def test_it_stops_when_its_time_is_up_and_goes_on_later(settings, monkeypatch):
    settings.LEADLOOP_ENGAGEMENT_MONTHS = 1
    story()
    assert forget_old(seconds=0) == 0
    assert Engagement.objects.count() == 12
    assert forget_old(batch=2) == 9
    assert list(differences()) == []


def test_the_command(settings, capsys):
    settings.LEADLOOP_ENGAGEMENT_MONTHS = 3
    story()
    call_command("forget_old")
    assert capsys.readouterr().out == "6 engagements removed\n"
    call_command("verify_counts")
    EngagementDay.objects.update(count=9)
    with pytest.raises(SystemExit):
        call_command("verify_counts")
