"""The agreement from draft to history: what each verb does, what it refuses, and that a refusal changes nothing."""

import threading
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from feedback.logic.rights import LEADLOOP
from feedback.models import person_of
from leads.actions import agreements, contributions
from leads.actions.agreements import digest_of
from leads.logic import agreement as text
from leads.logic.contributed import Fact, Item
from leads.logic.errors import InvalidInput, LeadLoopError, NotAllowed, NotFound, StateConflict
from leads.logic.starting_point import PAGE_GROUPS, starting_point
from leads.models import Agreement, AgreementState, EngagementKind, JournalEntry, PageGroup, SignOff
from leads.reports.agreements import in_force
from tests.calling import rows
from tests.factories import UserFactory, ago, agreement, marketer

pytestmark = pytest.mark.django_db


def manager():
    return person_of(UserFactory(roles=("manager",)))


def journalled() -> list[str]:
    kinds = JournalEntry.objects.filter(kind__startswith="agreement.").order_by("pk").values_list("kind", flat=True)
    return [kind.removeprefix("agreement.") for kind in kinds]


def signed():
    """A draft that both sides have signed, with who did."""
    mia, nadia = marketer(), manager()
    made = agreements.draft(by=mia)
    for person, side in ((mia, "marketing"), (nadia, "sales")):
        agreements.sign(made.uid, by=person, side=side, digest=digest_of(made))
    return made, mia, nadia


def refused(error: type[LeadLoopError], act, *args, **kwargs) -> LeadLoopError:
    """The refusal, which wrote nothing."""
    before = rows()
    with pytest.raises(error) as caught, transaction.atomic():
        act(*args, **kwargs)
    assert rows() == before
    return caught.value


def test_the_first_draft_is_the_starting_point_with_its_page_groups():
    made = agreements.draft(by=marketer())
    assert text.read(made.document, kinds=EngagementKind.values, page_groups=list(PAGE_GROUPS)) == starting_point()
    assert set(PageGroup.objects.values_list("key", flat=True)) == set(PAGE_GROUPS)
    assert agreements.draft(by=marketer()) == made
    assert journalled() == ["drafted"]


def test_the_next_draft_is_a_copy_of_what_is_in_force():
    before = agreement(sql={"checklist": ["A date is agreed"]})
    made = agreements.draft(by=marketer())
    assert made.document == before.document
    assert (made.state, made.number) == (AgreementState.DRAFT, None)


def test_from_draft_to_force_and_the_one_before_ends_at_the_same_instant():
    first = agreement(at=ago(days=30))
    second = agreement(sql={"checklist": ["A date is agreed"]}, note="Clearer")
    first.refresh_from_db()
    assert (first.state, first.number, second.state, second.number) == ("ended", 1, "in_force", 2)
    assert first.ended_at == second.published_at
    assert {(one.side, one.digest) for one in second.signatures.all()} == {
        ("marketing", digest_of(second)),
        ("sales", digest_of(second)),
    }
    found = in_force()
    assert found is not None
    assert (found.number, found.agreement.sql) == (2, ("A date is agreed",))
    again = ["drafted", "edited", "signed", "signed", "published"]
    assert journalled() == ["drafted", "signed", "signed", "published", *again]


def test_what_the_apps_above_say_is_frozen_at_publishing(monkeypatch):
    items = [Item("a", "Too small", (Fact("back after", "30 days", 30),))]
    monkeypatch.setattr(contributions, "_providers", {"reasons": ("Reasons", lambda: items)})
    first = agreement()
    items.append(Item("b", "Too early"))
    first.refresh_from_db()
    assert [item["key"] for item in first.contributed["reasons"]["items"]] == ["a"]
    assert [item["key"] for item in agreement(note="More reasons").contributed["reasons"]["items"]] == ["a", "b"]


def test_an_edit_voids_the_signatures_and_says_so():
    made, mia, nadia = signed()
    document = {**made.document, "sql": {"checklist": ["Another"]}}
    assert agreements.edit(made.uid, by=mia, document=document).signatures.count() == 0
    entry = JournalEntry.objects.get(kind="agreement.edited")
    assert entry.data["voided"] == ["marketing", "sales"]
    refused(StateConflict, agreements.publish, made.uid, by=nadia)


def test_an_edit_that_changes_nothing_voids_nothing():
    made, mia, _ = signed()
    assert agreements.edit(made.uid, by=mia, document=made.document).signatures.count() == 2
    assert "edited" not in journalled()


def test_the_note_is_signed_too():
    made, mia, _ = signed()
    assert agreements.edit(made.uid, by=mia, document=made.document, note="Why").signatures.count() == 0


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        (
            "icp",
            {"terms": [{"label": "x", "field": "account_name", "operator": "eq", "value": "a", "points": 0}]},
            None,
        ),
        ("sql", {"checklist": "no list"}, "sql.checklist"),
        ("mql", {"rules": [{"key": "a", "label": "A"}]}, "mql.rules[0].min_intent"),
        ("duties", {"required": ["shoe_size"]}, "duties.required"),
        ("more", {}, "more"),
    ],
)
def test_a_text_that_cannot_be_meant_is_refused(part: str, value: object, field: str | None):
    made = agreements.draft(by=marketer())
    error = refused(InvalidInput, agreements.edit, made.uid, by=marketer(), document={**made.document, part: value})
    assert error.field == (field or "icp.terms[0].points")


def test_a_page_group_that_is_gone_is_refused_when_signing():
    made = agreements.draft(by=marketer())
    PageGroup.objects.filter(key="pricing").delete()
    refused(InvalidInput, agreements.sign, made.uid, by=marketer(), side="marketing", digest=digest_of(made))


def test_what_was_opened_has_to_be_what_is_there():
    made, mia, _ = signed()
    agreements.edit(made.uid, by=mia, document=made.document, note="Meanwhile")
    refused(StateConflict, agreements.edit, made.uid, by=mia, document=made.document, seen=digest_of(made))
    refused(StateConflict, agreements.sign, made.uid, by=mia, side="marketing", digest=digest_of(made))
    refused(StateConflict, agreements.publish, made.uid, by=mia, digest=digest_of(made))


def test_a_signature_under_what_the_apps_said_before_does_not_count(monkeypatch):
    monkeypatch.setattr(contributions, "_providers", {"reasons": ("Reasons", lambda: [])})
    made, mia, _ = signed()
    monkeypatch.setattr(contributions, "_providers", {"reasons": ("Reasons", lambda: [Item("b", "Too early")])})
    error = refused(StateConflict, agreements.publish, made.uid, by=mia)
    assert "before the text changed" in error.message
    agreements.sign(made.uid, by=mia, side="marketing", digest=digest_of(made))
    assert made.signatures.get(side="marketing").digest == digest_of(made)


def test_nobody_signs_for_both_sides():
    mia = marketer()
    made = agreements.draft(by=mia)
    agreements.sign(made.uid, by=mia, side="marketing", digest=digest_of(made))
    refused(NotAllowed, agreements.sign, made.uid, by=mia, side="sales", digest=digest_of(made))
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOff.objects.create(
            agreement=made, side="sales", user_id=mia.user_id, label="", digest=digest_of(made), signed_at=ago()
        )


def test_signing_twice_is_one_signature_and_a_second_person_is_told():
    mia = marketer()
    made = agreements.draft(by=mia)
    first = agreements.sign(made.uid, by=mia, side="marketing", digest=digest_of(made))
    assert agreements.sign(made.uid, by=mia, side="marketing", digest=digest_of(made)) == first
    error = refused(StateConflict, agreements.sign, made.uid, by=marketer(), side="marketing", digest=digest_of(made))
    assert mia.label in error.message


def test_refusals_of_signing():
    made = agreements.draft(by=marketer())
    refused(InvalidInput, agreements.sign, made.uid, by=marketer(), side="both", digest=digest_of(made))
    refused(NotAllowed, agreements.sign, made.uid, by=LEADLOOP, side="sales", digest=digest_of(made))
    refused(NotFound, agreements.sign, uuid4(), by=marketer(), side="sales", digest="")
    refused(
        InvalidInput, agreements.sign, made.uid, by=marketer(), side="sales", digest=digest_of(made), at=ago(days=-1)
    )


def test_a_signature_is_taken_back_by_who_gave_it():
    made, mia, nadia = signed()
    refused(NotAllowed, agreements.unsign, made.uid, by=mia, side="sales")
    agreements.unsign(made.uid, by=nadia, side="sales")
    refused(StateConflict, agreements.unsign, made.uid, by=nadia, side="sales")
    refused(StateConflict, agreements.publish, made.uid, by=nadia)
    assert [one.side for one in made.signatures.all()] == ["marketing"]


def test_what_is_published_stays():
    made = agreement()
    mia = marketer()
    refused(StateConflict, agreements.edit, made.uid, by=mia, document=made.document, note="Later")
    refused(StateConflict, agreements.sign, made.uid, by=mia, side="marketing", digest=digest_of(made))
    refused(StateConflict, agreements.publish, made.uid, by=mia)
    refused(StateConflict, agreements.discard, made.uid, by=mia)
    for change in (
        lambda: Agreement.objects.filter(pk=made.pk).update(note="Later"),
        lambda: made.signatures.update(label="Somebody else"),
        lambda: made.signatures.all().delete(),
        lambda: SignOff.objects.create(agreement=made, side="x", label="", digest="", signed_at=ago()),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_discarded_draft_is_gone_with_its_signatures():
    agreement()
    made, mia, _ = signed()
    agreements.discard(made.uid, by=mia)
    assert not Agreement.objects.filter(state="draft").exists()
    assert SignOff.objects.count() == 2
    refused(NotFound, agreements.publish, made.uid, by=mia)
    assert journalled()[-1] == "discarded"


def test_a_publication_before_the_last_one_is_refused():
    agreement()
    made, mia, _ = signed()
    refused(InvalidInput, agreements.publish, made.uid, by=mia, at=ago(days=1))


def together(*work) -> list[object]:
    """What each returned or was refused with, all started at one barrier."""
    barrier, answers = threading.Barrier(len(work)), [None] * len(work)

    def run(index: int, one) -> None:
        barrier.wait()
        try:
            answers[index] = one()
        except LeadLoopError as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_publish_at_once_and_one_is_told():
    for number in range(1, 6):
        made, mia, nadia = signed()
        answers = together(*[partial(agreements.publish, made.uid, by=by) for by in (mia, nadia)])
        assert sorted(type(answer).__name__ for answer in answers) == ["Agreement", "StateConflict"]
        assert Agreement.objects.get(state="in_force").number == number
    assert Agreement.objects.filter(state="ended").count() == 4


@pytest.mark.django_db(transaction=True)
def test_two_draft_at_once_and_there_is_one():
    for _ in range(5):
        first, second = together(*[partial(agreements.draft, by=marketer()) for _ in range(2)])
        assert first == second
        agreements.discard(first.uid, by=marketer())


@pytest.mark.django_db(transaction=True)
def test_a_signature_is_never_under_a_text_that_was_edited_meanwhile():
    for _ in range(10):
        made = agreements.draft(by=marketer())
        seen, mia, nadia = digest_of(made), marketer(), manager()
        document = {**made.document, "sql": {"checklist": ["Edited"]}}
        together(
            partial(agreements.edit, made.uid, by=nadia, document=document),
            partial(agreements.sign, made.uid, by=mia, side="marketing", digest=seen),
        )
        made.refresh_from_db()
        assert digest_of(made) != seen
        assert not made.signatures.exists()
        agreements.discard(made.uid, by=mia)


@pytest.mark.django_db(transaction=True)
def test_one_person_signing_both_sides_at_once_signs_one():
    for _ in range(5):
        made, mia = agreements.draft(by=marketer()), marketer()
        together(
            *[
                partial(agreements.sign, made.uid, by=mia, side=side, digest=digest_of(made))
                for side in ("marketing", "sales")
            ]
        )
        assert made.signatures.count() == 1
        agreements.discard(made.uid, by=mia)
