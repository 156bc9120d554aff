"""The last quarter under a draft: real rows in, figures out, and the same ones on the page and the command line."""

import copy
import datetime as dt
import math

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feedback.actions import decisions
from feedback.logic.outlook import quarter
from feedback.models import Handoff, RejectionReason, person_of
from feedback.pages.outlook import CANNOT_KNOW, words_of
from feedback.reports import outlook as reading
from feedback.reports import outlook_pieces
from feedback.reports.agreements import brought
from feedback.reports.outlook import Outlook, last_quarter, outlook, whole_quarter
from leads.actions import agreements as acting
from leads.logic import agreement as text
from leads.models import Account, Consent, EngagementDay, EngagementKind, Lead
from tests.factories import RepFactory, UserFactory, agreement, as_person, marketer, offered, policy
from tests.leads.scoring_rows import account, did, lead, today

pytestmark = pytest.mark.django_db
DUTIES = {"required": [], "consent": "not_opted_out", "context_days": 0, "again_after_days": 30}


def document(at_least: int = 3, *, rules: list[dict] | None = None) -> dict:
    count = {"kind": "page_view", "page_group": "pricing", "at_least": at_least, "within_days": 7}
    visits = [{"key": "visits", "label": "Visits pricing", "counts": [count]}]
    return {"icp": {"terms": []}, "intent": {"terms": []}, "mql": {"rules": rules or visits}, "duties": DUTIES}


TARGET = {
    "key": "target",
    "label": "Target account",
    "of": "account",
    "conditions": [{"field": "account_is_target", "operator": "eq", "value": "yes"}],
    "counts": [{"kind": "page_view", "page_group": "pricing", "at_least": 3, "within_days": 7}],
}


def read(at_least: int = 3, **more) -> text.Agreement:
    return text.read(copy.deepcopy(document(at_least, **more)), kinds=EngagementKind.values)


def found(draft: text.Agreement | None = None, before: text.Agreement | None = None) -> Outlook:
    made = last_quarter(draft or read(), before, zone=dt.UTC, now=timezone.now())
    assert isinstance(made, Outlook)
    return made


def days_ago(number: int) -> int:
    """How many days before today the day `number` of the quarter is."""
    return (today() - quarter(today(), zone=dt.UTC).first_on).days - number


def visited(who: Lead | Account, number: int, count: int, **more) -> EngagementDay:
    return did(who, ago=days_ago(number), count=count, **more)


def real(rep, number: int, count: int = 0) -> Handoff:
    """A handoff offered on the day `number` of the quarter, of a lead that looked at pricing `count` times that day."""
    at = dt.datetime.combine(today(), dt.time(15), dt.UTC) - dt.timedelta(days=days_ago(number))
    handoff = offered(rep, at=at)
    if count:
        visited(handoff.lead, number, count)
    return handoff


def accept(rep, handoff: Handoff) -> None:
    decisions.accept(handoff.uid, by=as_person(rep), at=handoff.offered_at + dt.timedelta(hours=1))


def reject(rep, handoff: Handoff, reason: RejectionReason) -> None:
    at = handoff.offered_at + dt.timedelta(hours=1)
    decisions.reject(handoff.uid, by=as_person(rep), reason=reason.key, evidence={}, note="No.", at=at)


@pytest.fixture
def rep():
    policy(minutes=60, weekly=None)
    return RepFactory(capacity=500)


@pytest.fixture
def reasons() -> tuple[RejectionReason, RejectionReason]:
    """A reason that counts in acceptance, and one that does not."""
    plain = RejectionReason.objects.filter(at_review=True, evidence_required=False, next_state="recycle")
    return plain.filter(counts_in_acceptance=True)[0], plain.filter(counts_in_acceptance=False)[0]


class TestVolume:
    def test_a_small_world_worked_out_by_hand(self):
        visited(lead(), 0, 3)
        visited(lead(), 8, 5)
        late = lead()
        for number in (20, 22, 24):
            visited(late, number, 1)
        visited(lead(), 30, 2)
        visited(lead(), -1, 9)
        visited(lead(), 91, 9)
        mine = found(read(3), read(4))
        assert mine.draft.volume.total == 3
        assert mine.draft.volume.by_week == (1, 1, 0, 1, *[0] * 9)
        assert mine.before is not None
        assert mine.before.volume.total == 1
        assert mine.draft.volume.unseen == 3
        assert mine.real.offered == 0

    def test_who_cannot_be_offered_is_not(self, rep):
        at = timezone.now() - dt.timedelta(days=days_ago(10))
        for changes in (
            {"consent": Consent.OPT_OUT},
            {"suppressed_at": at},
            {"disqualified_at": at},
            {"account": account(disqualified_at=at)},
        ):
            visited(lead(**changes), 20, 3)
        visited(lead(suppressed_at=timezone.now()), 20, 3)
        merged, open_before, won_over = lead(merged_into=lead()), real(rep, -5), real(rep, -9)
        visited(merged, 20, 3)
        visited(open_before.lead, 20, 3)
        accept(rep, won_over)
        Handoff.objects.filter(pk=won_over.pk).update(disposed_at=at, closed_at=at, state="lost")
        visited(won_over.lead, 9, 3)
        assert found().draft.volume.by_week == (0, 0, 1, *[0] * 10), "suppressed today only"
        visited(won_over.lead, 12, 3)
        assert found().draft.volume.total == 1, "it was lost on the day 10, and thirty days are not over"
        assert found().draft.volume.held == 2
        visited(won_over.lead, 42, 3)
        assert found().draft.volume.total == 2, "the handoff from before the quarter is over"
        assert found().draft.volume.held == 1

    def test_a_target_account_counts_without_a_form_and_only_without_its_people(self):
        alone, with_people = account(is_target=True), account(is_target=True)
        visited(alone, 3, 3, confidence=70)
        visited(account(is_target=True), 3, 3, confidence=50)
        visited(account(), 3, 3)
        visited(with_people, 3, 2)
        person = lead(account=with_people)
        visited(person, 5, 3)
        both = read(rules=[*document()["mql"]["rules"], TARGET])
        assert found(both).draft.volume.by_rule == {"visits": 1, "target": 1}
        assert found(read(rules=[TARGET])).draft.volume.by_rule == {"target": 2}

    def test_sales_saw_who_had_a_handoff_in_the_quarter(self, rep):
        real(rep, 5, 3)
        visited(lead(), 5, 3)
        mine = found()
        assert (mine.draft.volume.total, mine.draft.volume.unseen) == (2, 1)
        assert CANNOT_KNOW in " ".join(words_of(mine, read(), None).sentences)


class TestKept:
    def test_real_handoffs_are_kept_left_out_or_cannot_be_judged(self, rep, reasons):
        counting, void = reasons
        kept = [real(rep, 20 + n, 4) for n in range(6)]
        for handoff in kept[:3]:
            accept(rep, handoff)
        reject(rep, kept[3], counting)
        reject(rep, kept[4], void)
        decisions.turn_back(kept[5].uid, by=as_person(rep), at=kept[5].offered_at + dt.timedelta(hours=1))
        dropped = real(rep, 40, 3)
        accept(rep, dropped)
        real(rep, 50)
        real(rep, -1, 9)
        mine = found(read(4), read(3))
        assert mine.before is not None
        assert mine.draft.kept.accepted == 3
        assert (mine.draft.kept.void, mine.draft.kept.turned_back) == (1, 1)
        assert (mine.draft.kept.acceptance.count, mine.draft.kept.acceptance.of) == (3, mine.draft.kept.counted)
        assert mine.before.kept.accepted == 4
        assert (mine.lost.offered, mine.lost.accepted) == (1, 1)
        assert mine.unknown == 1
        assert mine.real.offered == mine.draft.kept.offered + mine.draft.left_out.offered + mine.unknown

    def test_only_the_mature_can_be_sqls(self, rep):
        old, young = real(rep, 2, 3), real(rep, 80, 3)
        for handoff in (old, young):
            accept(rep, handoff)
            at = handoff.offered_at + dt.timedelta(days=2)
            Handoff.objects.filter(pk=handoff.pk).update(state="qualified", disposed_at=at)
        kept = found().draft.kept
        assert (kept.offered, kept.mature, kept.sql) == (2, 1, 1)

    def test_few_have_no_rate_and_many_have_wilsons(self, rep):
        for number in range(24):
            handoff = real(rep, 20 + number, 3 if number < 22 else 2)
            if number % 4:
                accept(rep, handoff)
        words = words_of(found(), read(), None)
        count, of = 16, 22
        share, z = count / of, 1.959963984540054
        middle = (share + z * z / (2 * of)) / (1 + z * z / of)
        half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
        said = f"{share * 100:.0f} % ({(middle - half) * 100:.0f} to {(middle + half) * 100:.0f} %)"
        assert words.sentences[0] == (
            "Of 24 handoffs of the quarter the draft would have offered 22 too; of the 22 of these that count, 16 were "
            f"accepted: {said}."
        )
        assert "not enough to tell" in words_of(found(read(4)), read(4), None).sentences[0]


def world(rep, size: int) -> None:
    for number in range(size):
        handoff = real(rep, 20 + number % 60, 1 + number % 5)
        if number % 2:
            accept(rep, handoff)
        visited(lead(account=account(is_target=True)), number % 90, 1 + number % 5)


BOTH = [*document()["mql"]["rules"], TARGET]


class TestReading:
    def test_an_equal_draft_gives_equal_numbers(self, rep):
        world(rep, 12)
        mine = found(read(rules=BOTH), read(rules=BOTH))
        assert mine.draft.volume.total > 3
        assert mine.draft == mine.before
        assert mine.lost.offered == 0

    def test_chunks_change_nothing(self, rep, monkeypatch):
        world(rep, 12)
        whole = found(read(rules=BOTH), read(4))
        monkeypatch.setattr(outlook_pieces, "CHUNK", 5)
        parts = found(read(rules=BOTH), read(4))
        assert (parts.draft, parts.before, parts.real) == (whole.draft, whole.before, whole.real)

    def test_statements_do_not_grow_with_what_was_done(self, rep):
        counts = []
        for size in (5, 20):
            world(rep, size)
            now = timezone.now()
            with CaptureQueriesContext(connection) as queries:
                outlook(read(rules=BOTH), read(4), quarter=quarter(today(), zone=dt.UTC), now=now)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 16

    def test_too_much_for_a_page_is_not_replayed_while_it_waits(self, rep, monkeypatch):
        world(rep, 4)
        monkeypatch.setattr(reading, "MOST_DAYS", 3)
        asked = {"zone": dt.UTC, "now": timezone.now()}
        assert last_quarter(read(), None, **asked) == quarter(today(), zone=dt.UTC)
        assert isinstance(whole_quarter(read(), None, **asked), Outlook)
        monkeypatch.undo()
        monkeypatch.setattr(reading, "MOST_HANDOFFS", 3)
        assert not isinstance(last_quarter(read(), None, **asked), Outlook)

    def test_nothing_done_says_so(self):
        assert words_of(found(), read(), None).refusal.startswith("Nothing was offered")


def client_of(*roles: str) -> Client:
    client = Client()
    client.force_login(UserFactory(roles=roles))
    return client


class TestDoors:
    @pytest.fixture
    def draft(self, rep):
        """An agreement in force and a stricter draft, over a quarter with something in it."""
        agreement(at=timezone.now() - dt.timedelta(days=200), **document())
        world(rep, 12)
        mia = marketer()
        made = acting.draft(by=mia)
        return acting.edit(made.uid, by=mia, document={**made.document, **document(4)})

    @pytest.mark.parametrize("name", ["agreement-draft", "agreement-publish"])
    def test_the_pages_and_the_command_say_the_same(self, draft, name: str, capsys):
        page = client_of("marketer").get(reverse(f"feedback:{name}")).text
        words = words_of(found(read(4), read(3)), read(4), ("Agreement 1", read(3)))
        call_command("outlook", "--draft", "--tz", "UTC")
        printed = capsys.readouterr().out
        assert words.sentences
        for sentence in words.sentences:
            assert sentence in page
            assert sentence in printed
        for row in (*words.rows, *words.rules, *words.weeks):
            assert row.name in page
            assert row.name in printed
            for column, cell in row.cells:
                assert f'data-word="{column}">{cell}</td>' in page
        for said in (words.window, words.caveat, *words.how):
            assert said in page
            assert said in printed

    def test_the_command_without_a_draft_is_of_the_one_in_force(self, draft, capsys):
        call_command("outlook", "--tz", "UTC")
        printed = capsys.readouterr().out
        assert "Agreement 1 would have offered" in printed
        assert "Draft" not in printed

    def test_the_command_refuses_what_is_not_there(self):
        for asked in (["--draft"], [], ["--tz", "Mars"]):
            with pytest.raises(CommandError):
                call_command("outlook", *asked)

    def test_only_who_may_agree_sees_the_figures_of_all(self, draft):
        url = reverse("feedback:agreement-publish")
        assert 'id="outlook"' in client_of("manager").get(url).text
        assert 'id="outlook"' not in client_of("rep").get(url).text


class TestBrought:
    def test_each_version_has_what_is_pinned_to_it(self, rep):
        now = timezone.now()
        first = agreement(at=now - dt.timedelta(days=100), **document())
        handoffs = [real(rep, 20, 3) for _ in range(25)]
        Handoff.objects.update(agreement=first)
        for handoff in handoffs[:20]:
            accept(rep, handoff)
        for handoff in handoffs[20:]:
            at = handoff.offered_at + dt.timedelta(hours=1)
            Handoff.objects.filter(pk=handoff.pk).update(state="expired", decided_at=None, closed_at=at)
        second = agreement(at=now - dt.timedelta(days=3), **document(4))
        decisions.accept(offered(rep).uid, by=as_person(rep))
        offered(rep)
        two, one = brought(marketer(), now=now)
        assert (one.number, two.number) == (first.number, second.number)
        assert (one.figures.accepted, one.figures.counted, one.is_young) == (20, 25, False)
        assert one.a_week == pytest.approx(25 / (97 / 7), rel=1e-3)
        assert (two.figures.offered, two.is_young, two.a_week) == (2, True, None)

        text = client_of("marketer").get(reverse("feedback:agreement")).text
        assert "What each version brought" in text
        assert "80 %" in text
        assert "61 to 91 %, n 25" in text
        assert "0 to 13 %, n 25" in text, "old enough, and no SQL among them"
        assert text.count("not enough to tell") == 2, "both rates of the second"
        assert text.count("still maturing") == 1

    def test_everybody_sees_of_their_own_alone(self, rep):
        agreement(at=timezone.now() - dt.timedelta(days=30), **document())
        offered(rep)
        offered(RepFactory())
        (mine,) = brought(as_person(rep), now=timezone.now())
        (every,) = brought(person_of(UserFactory(roles=("operations",))), now=timezone.now())
        assert (mine.figures.offered, every.figures.offered) == (1, 2)
