"""Who hears of the agreement without looking for it."""

import pytest
from django.test import Client
from django.urls import reverse

from feedback.actions import agreements
from feedback.models import person_of
from leads.actions.agreements import digest_of
from leads.models import Notice
from tests.factories import RepFactory, UserFactory, marketer

pytestmark = pytest.mark.django_db


def told(kind: str) -> set[int]:
    return set(Notice.objects.filter(kind=kind).values_list("user_id", flat=True))


def test_the_other_side_hears_that_its_signature_is_waited_for_and_everybody_what_is_in_force():
    mia, theo, nadia, rep = marketer(), marketer(), UserFactory(roles=("manager",)), RepFactory()
    draft = agreements.draft(by=mia)
    digest = digest_of(draft)
    agreements.sign(draft.uid, by=mia, side="marketing", digest=digest)
    agreements.sign(draft.uid, by=mia, side="marketing", digest=digest)
    assert told("agreement.waits") == {nadia.pk}
    assert Notice.objects.count() == 1
    manager = Client()
    manager.force_login(nadia)
    page = manager.get(reverse("leads:notices")).text
    assert "The agreement waits for your signature" in page
    assert f'href="{reverse("feedback:agreement-draft")}"' in page
    agreements.sign(draft.uid, by=person_of(nadia), side="sales", digest=digest)
    assert told("agreement.waits") == {nadia.pk}, "both have signed: nobody is waited for"
    agreements.publish(draft.uid, by=mia, digest=digest)
    assert told("agreement.published") == {theo.user_id, nadia.pk, rep.user.pk}


def test_another_text_is_waited_for_anew():
    mia, nadia = marketer(), UserFactory(roles=("manager",))
    draft = agreements.draft(by=mia)
    agreements.sign(draft.uid, by=person_of(nadia), side="sales", digest=digest_of(draft))
    draft = agreements.edit(draft.uid, by=mia, document={**draft.document, "sql": {"checklist": ["Budget is known"]}})
    assert told("agreement.waits") == {mia.user_id}
    agreements.sign(draft.uid, by=mia, side="marketing", digest=digest_of(draft))
    assert told("agreement.waits") == {mia.user_id, nadia.pk}
