"""The pages of the agreement: read by everybody, written by who may, and nothing typed is lost."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback.models import RejectionReason, person_of
from leads.actions import agreements
from leads.actions.agreements import digest_of
from leads.actions.engagements import EngagementInput, record_engagements
from leads.actions.people import AccountInput, LeadInput
from leads.models import Agreement, PageGroup, Touched
from tests.calling import Caller, integrator, rows
from tests.factories import UserFactory, ago, agreement, marketer, policy
from tests.filled_forms import filled

pytestmark = pytest.mark.django_db
EDIT = reverse("feedback:agreement-edit")


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(UserFactory(roles=roles))
    return client


def page(client: Client, name: str, *args, **query) -> str:
    answer = client.get(reverse(f"feedback:{name}", args=args, query=query or None))
    assert answer.status_code == 200
    return answer.text


def send(client: Client, name: str, **data):
    return client.post(reverse(f"feedback:{name}"), data)


@pytest.fixture
def draft() -> Agreement:
    return agreements.draft(by=marketer())


class TestReading:
    @pytest.mark.parametrize("role", ["rep", "manager", "marketer", "operations"])
    def test_everybody_reads_it_in_plain_words(self, role: str):
        policy(minutes=240)
        agreement(note="The first")
        text = page(client_of(role), "agreement")
        for words in (
            "The first",
            "when the account has at least",
            "A next step with a date is agreed",
            "Knows a mail address",
            "decide within",
            "Too small or too large",
        ):
            assert words in text
        assert text.count('<span class="pill kept">signed</span>') == 2

    def test_before_the_first_there_is_a_way_to_begin(self):
        assert "Draft the first" in page(client_of("marketer"), "agreement")
        assert "Draft the first" not in page(client_of("rep"), "agreement")
        client = client_of("manager")
        assert send(client, "agreement-draft").url == reverse("feedback:agreement-draft")
        assert "Read the draft" in page(client_of("rep"), "agreement")

    def test_a_figure_tells_its_history(self):
        first = agreement(at=ago(days=9))
        rules = first.document["mql"]["rules"]
        agreement(mql={"rules": [{**rules[0], "min_fit": 65}, rules[1]]})
        text = page(client_of("rep"), "agreement")
        assert "<b>65</b> since Agreement 2" in text
        assert "<b>50</b> since Agreement 1" in text
        assert "<b>65</b>" in page(client_of("rep"), "agreement-version", 1), "an old page knows the later value too"

    def test_no_line_begins_with_what_ends_a_part_of_a_sentence(self):
        policy(minutes=240)
        agreement()
        behind = re.findall(r"</details>([^<]*)<(/?\w+)", page(client_of("rep"), "agreement"))
        points = [(words, tag) for words, tag in behind if words[:1] in {".", ",", ";", ":", ")"}]
        assert points
        assert {(words.strip(".,;:)"), tag) for words, tag in points} == {("", "/span")}

    def test_a_version_stays_as_it_was_signed(self):
        agreement()
        agreement(sql={"checklist": ["Money is there"]})
        reader = client_of("rep")
        assert "Money is there" not in page(reader, "agreement-version", 1)
        assert "Money is there" in page(reader, "agreement-version", 2)
        assert reader.get(reverse("feedback:agreement-version", args=[3])).status_code == 404
        assert reader.get("/agreement/99999999999999999999/").status_code == 404

    def test_reasons_that_changed_since_are_said(self):
        agreement()
        reader = client_of("rep")
        assert "Changed since" not in page(reader, "agreement")
        RejectionReason.objects.create(
            key="new.one", group="New", label="Brand new", remedy_owner="x", next_state="merge"
        )
        RejectionReason.objects.filter(key="time.freeze").update(cool_off_days=30)
        text = page(reader, "agreement")
        assert "Reasons: 1 added, 1 changed" in text
        assert "Brand new" not in text

    def test_it_costs_the_same_however_many_versions_there_are(self):
        reader, counts = client_of("rep"), []
        for number in range(1, 6):
            agreement(note=str(number))
            with CaptureQueriesContext(
                connection,
            ) as captured:
                page(reader, "agreement")
            counts.append(len(captured))
        assert len(set(counts)) == 1


class TestComparing:
    def test_what_differs_comes_first_and_the_rest_is_folded(self):
        first = agreement()
        agreement(icp={"terms": [{**first.document["icp"]["terms"][0], "points": 30}]})
        text = page(client_of("rep"), "agreement-compare", **{"from": 1, "to": 2})
        assert "<del>+25</del>" in text
        assert "<ins>+30</ins>" in text
        assert text.index("Competitor") < text.index("What stayed the same") < text.index("Looked at pricing")

    def test_without_a_choice_the_last_two_or_the_draft(self):
        reader = client_of("rep")
        assert reader.get(reverse("feedback:agreement-compare")).status_code == 404
        agreement()
        agreements.draft(by=marketer())
        text = page(reader, "agreement-compare")
        assert "<h1>Agreement 1 and Draft</h1>" in text
        assert "They say the same." in text

    def test_a_version_that_is_not_there(self):
        agreement()
        agreement(note="x")
        for key in ("9", "draft", "\x00", "x" * 5000):
            assert client_of("rep").get(reverse("feedback:agreement-compare", query={"from": key})).status_code == 404


class TestEditing:
    def test_what_is_shown_and_sent_back_changes_nothing(self, draft):
        client = client_of("manager")
        assert client.post(EDIT, filled(page(client, "agreement-edit"))).status_code == 302
        draft.refresh_from_db()
        again = Agreement.objects.get()
        assert again.document == draft.document
        assert again.edited_at == draft.edited_at

    def test_rows_are_added_changed_moved_and_removed(self, draft):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit"))
        new = int(sent["fit-INITIAL_FORMS"][0])
        sent |= {
            f"fit-{new}-label": "In DACH",
            f"fit-{new}-field": "region",
            f"fit-{new}-operator": "in",
            f"fit-{new}-value": "DE, AT",
            f"fit-{new}-points": "15",
            "fit-0-DELETE": "on",
            "intent-0-points": "12",
            "rules-0-ORDER": "2",
            "rules-1-ORDER": "1",
            "rules-1-counts-0-at_least": "4",
            "rules-2-label": "Asked for a demo",
            "rules-2-of": "lead",
            "rules-2-min_confidence": "60",
            "rules-2-counts-0-at_least": "1",
            "rules-2-counts-0-kind": "form",
            "rules-2-counts-0-page_group": "demo",
            "rules-2-counts-0-within_days": "7",
            "sql": "One\r\n\r\n Two \r\n",
            "required": ["account"],
            "consent": "opted_in",
            "note": "Fewer,\nbetter",
        }
        assert client.post(EDIT, sent).status_code == 302
        draft.refresh_from_db()
        document = draft.document
        labels = [term["label"] for term in document["icp"]["terms"]]
        assert (labels[-1], "In an industry we serve" in labels) == ("In DACH", False)
        assert document["icp"]["terms"][-1]["value"] == "de, at"
        assert document["intent"]["terms"][0]["points"] == 12
        rules = document["mql"]["rules"]
        assert [rule["key"] for rule in rules] == ["target-account", "fit-and-intent", "asked-for-a-demo"]
        assert rules[0]["counts"][0]["at_least"] == 4
        assert document["sql"]["checklist"] == ["One", "Two"]
        assert (document["duties"]["required"], document["duties"]["consent"]) == (["account"], "opted_in")
        assert draft.note == "Fewer, better"

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"fit-0-points": "0"}, "the term would change nothing"),
            ({"fit-0-points": "101"}, "less than or equal to 100"),
            ({"fit-0-operator": "contains", "fit-1-operator": "contains"}, "cannot be compared with"),
            ({"fit-1-value": "many"}, "is not a whole number"),
            ({"fit-1-label": "In an industry we serve"}, "is there twice"),
            ({"intent-0-cap": ""}, "This field is required"),
            ({"rules-0-min_intent": "0"}, "would offer everybody"),
            ({"rules-1-counts-0-within_days": "91"}, "less than or equal to 90"),
            ({"rules-1-conditions-0-field": "lead_title"}, "There is no field"),
            ({"sql": "x" * 201}, "Has 201 characters"),
            ({"sql": "\n".join("abcdefghijklmnopqrstuvwxyz")}, "at most 20 are taken"),
            ({"context_days": "400"}, "less than or equal to 365"),
            ({"fit-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
            ({"fit-0-label": "\x00"}, "Null characters are not allowed"),
        ],
    )
    def test_a_refusal_is_said_at_the_field_and_keeps_what_was_typed(self, draft, change: dict[str, str], words: str):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit")) | {"note": "Typed with care"} | change
        before = rows()
        answer = client.post(EDIT, sent)
        assert answer.status_code == 400
        assert words in answer.text
        assert "Typed with care" in answer.text
        assert rows() == before

    def test_more_rows_keep_what_was_typed_and_save_nothing(self, draft):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit"))
        count = int(sent["rules-1-counts-TOTAL_FORMS"][0])
        before = rows()
        answer = client.post(EDIT, sent | {"sql": "Typed with care", "more": "rules-1-counts"})
        assert answer.status_code == 200
        again = filled(answer.text)
        assert int(again["rules-1-counts-TOTAL_FORMS"][0]) == count + 2
        assert f"rules-1-counts-{count + 1}-at_least" in again
        assert again["sql"] == ["Typed with care"]
        assert rows() == before

    def test_more_rules_are_empty_and_in_nobodys_way(self, draft):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit"))
        count = int(sent["rules-TOTAL_FORMS"][0])
        asked = client.post(EDIT, sent | {"more": "rules"})
        again = filled(asked.text)
        assert int(again["rules-TOTAL_FORMS"][0]) == count + 2
        assert "wrong-words" not in asked.text
        rules = len(draft.document["mql"]["rules"])
        typed = again | {f"rules-{count + 1}-label": "Fits well", f"rules-{count + 1}-min_intent": "80"}
        answer = client.post(EDIT, typed)
        assert answer.status_code == 302, answer.text[answer.text.index('class="errors"') :][:600]
        draft.refresh_from_db()
        assert [rule["label"] for rule in draft.document["mql"]["rules"]][rules:] == ["Fits well"]

    def test_what_is_wrong_is_listed_on_top_with_a_way_to_it(self, draft):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit")) | {"intent-0-half_life_days": "-4"}
        said = client.post(EDIT, sent).text
        assert '<a href="#id_intent-0-half_life_days">' in said
        assert said.index("half gone after, days</a>") < said.index('id="id_intent-0-half_life_days"')

    def test_somebody_else_was_first_and_nothing_is_lost(self, draft):
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit")) | {"sql": "Mine"}
        agreements.edit(draft.uid, by=marketer(), document=draft.document, note="Theirs")
        answer = client.post(EDIT, sent)
        assert answer.status_code == 409
        assert "Somebody changed this draft" in answer.text
        again = filled(answer.text)
        assert again["sql"] == ["Mine"]
        assert client.post(EDIT, again).status_code == 302, "once they know, it is theirs to decide"
        draft.refresh_from_db()
        assert draft.document["sql"]["checklist"] == ["Mine"]

    def test_a_page_group_that_is_gone_has_to_be_replaced(self, draft):
        client = client_of("marketer")
        PageGroup.objects.filter(key="pricing").delete()
        text = page(client, "agreement-edit")
        assert "pricing (gone)" in text
        answer = client.post(EDIT, filled(text))
        assert answer.status_code == 400
        assert "There is no page group" in answer.text

    def test_as_many_rows_as_an_agreement_takes_can_be_sent(self, draft):
        terms = [
            {"label": f"T{number}", "field": "account_employees", "operator": "ge", "value": "1", "points": 1}
            for number in range(40)
        ]
        counts = [{"kind": "form", "page_group": "", "at_least": 1, "within_days": days} for days in (7, 30)]
        rules = [{"key": f"r{number}", "label": f"R{number}", "counts": counts} for number in range(20)]
        document = {**draft.document, "icp": {"terms": terms}, "mql": {"rules": rules}}
        agreements.edit(draft.uid, by=marketer(), document=document)
        client = client_of("marketer")
        sent = filled(page(client, "agreement-edit")) | {"note": "Many"}
        assert client.post(EDIT, sent).status_code == 302

    def test_who_may_not_is_told(self, draft):
        before = rows()
        for roles in (("rep",), ()):
            assert client_of(*roles).get(EDIT).status_code == 403
            assert client_of(*roles).post(EDIT, {}).status_code == 403
        assert rows() == before


class TestSigning:
    def test_two_people_sign_and_it_is_published(self, draft):
        mia, nadia = client_of("marketer"), client_of("manager")
        for client, side in ((mia, "marketing"), (nadia, "sales")):
            assert f"Sign for {side}" in page(client, "agreement-draft")
            digest = filled(page(client, "agreement-draft"))["digest"][0]
            assert send(client, "agreement-sign", side=side, digest=digest).status_code == 302
        text = page(nadia, "agreement-publish")
        assert "Publish Agreement 1" in text
        assert "Publish it" in text
        assert send(nadia, "agreement-publish", digest=digest_of(draft)).status_code == 302
        draft.refresh_from_db()
        assert (draft.state, draft.number) == ("in_force", 1)

    @pytest.mark.parametrize(("given", "touched"), [({}, 0), ({"looks_back": "on"}, 2)])
    def test_whoever_publishes_says_whether_it_looks_back(self, draft, given, touched):
        lead = LeadInput(email="ana@nortex.example", account=AccountInput(domain="nortex.example"))
        record_engagements([EngagementInput(kind="page_view", occurred_at=ago(days=1), lead=lead)])
        Touched.objects.all().delete()
        mia, digest = client_of("marketer"), digest_of(draft)
        agreements.sign(draft.uid, by=marketer(), side="marketing", digest=digest)
        agreements.sign(draft.uid, by=person_of(UserFactory(roles=("manager",))), side="sales", digest=digest)
        assert "Offer who meets its rules already" in page(mia, "agreement-publish")
        assert send(mia, "agreement-publish", digest=digest, **given).status_code == 302
        assert Touched.objects.count() == touched

    def test_the_digest_that_was_shown_is_what_is_signed(self, draft):
        mia = client_of("marketer")
        digest = digest_of(draft)
        agreements.edit(draft.uid, by=marketer(), document=draft.document, note="Meanwhile")
        before = rows()
        answer = send(mia, "agreement-sign", side="marketing", digest=digest)
        assert answer.status_code == 409
        assert "Read it again before you sign" in answer.text
        assert send(mia, "agreement-publish", digest=digest).status_code == 409
        assert rows() == before

    @pytest.mark.parametrize(
        ("role", "side", "status"),
        [
            ("marketer", "sales", 403),
            ("manager", "marketing", 403),
            ("operations", "marketing", 403),
            ("rep", "sales", 403),
            ("marketer", "both", 400),
            ("rep", "both", 403),
        ],
    )
    def test_each_side_is_signed_by_its_own(self, draft, role: str, side: str, status: int):
        before = rows()
        assert send(client_of(role), "agreement-sign", side=side, digest=digest_of(draft)).status_code == status
        assert rows() == before

    def test_who_has_both_roles_signs_one_side(self, draft):
        both = client_of("marketer", "manager")
        assert send(both, "agreement-sign", side="marketing", digest=digest_of(draft)).status_code == 302
        assert "Sign for sales" not in page(both, "agreement-draft")
        assert send(both, "agreement-sign", side="sales", digest=digest_of(draft)).status_code == 403

    def test_an_edit_voids_it_and_the_page_says_so(self, draft):
        mia = client_of("marketer")
        send(mia, "agreement-sign", side="marketing", digest=digest_of(draft))
        assert "A changed text has to be signed again" in page(mia, "agreement-edit")
        answer = mia.post(EDIT, filled(page(mia, "agreement-edit")) | {"note": "x"}, follow=True)
        assert "it has to be signed again" in answer.text
        assert draft.signatures.count() == 0

    def test_it_is_taken_back(self, draft):
        mia = client_of("marketer")
        send(mia, "agreement-sign", side="marketing", digest=digest_of(draft))
        assert "Take my signature back" in page(mia, "agreement-draft")
        assert "Take my signature back" not in page(client_of("marketer"), "agreement-draft")
        assert send(mia, "agreement-unsign", side="marketing").status_code == 302
        assert draft.signatures.count() == 0

    def test_without_both_it_cannot_be_published(self, draft):
        mia = client_of("marketer")
        assert "as soon as both sides have signed" in page(mia, "agreement-publish")
        assert send(mia, "agreement-publish", digest=digest_of(draft)).status_code == 409

    def test_a_draft_is_discarded(self, draft):
        assert send(client_of("rep"), "agreement-discard").status_code == 403
        assert send(client_of("operations"), "agreement-discard").status_code == 302
        assert not Agreement.objects.exists()
        assert client_of("operations").get(reverse("feedback:agreement-draft")).status_code == 404


class TestApi:
    def test_another_system_reads_it(self):
        assert integrator().get("agreement").status_code == 404
        first = agreement(at=ago(days=3))
        agreement(sql={"checklist": ["Money is there"]})
        found = integrator().get("agreement").data
        assert (found["number"], found["is_in_force"], found["ended_at"]) == (2, True, None)
        assert found["document"]["sql"] == {"checklist": ["Money is there"]}
        assert {one["side"] for one in found["signatures"]} == {"marketing", "sales"}
        assert {"title": "What an SQL is", "lines": ["Money is there"]} in found["words"]
        old = integrator().get("agreement-version", 1).data
        assert (old["is_in_force"], old["document"]) == (False, first.document)
        assert old["contributed"]["reasons"]["items"]
        assert integrator().get("agreement-version", 3).status_code == 404

    def test_it_takes_the_scope_to_read(self):
        agreement()
        caller = Caller(UserFactory(roles=("integrator",)), scopes=["offer"])
        assert caller.get("agreement").status_code == 403
        assert caller.get("agreement-version", 1).status_code == 403


def test_who_signed_something_published_cannot_be_deleted():
    agreement()
    signer = get_user_model().objects.get(pk=Agreement.objects.get().signatures.get(side="sales").user_id)
    with pytest.raises(ProtectedError):
        signer.delete()
    assert Agreement.objects.get().signatures.count() == 2
