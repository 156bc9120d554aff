"""What sales asks marketing, in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from feedback.logic.holds import OwedBy
from feedback.logic.rights import Person, Subject, may
from feedback.logic.states import Verb
from feedback.models import Handoff, Hold
from feedback.pages.handoffs import name_of
from feedback.pages.held import Answered, answers, instant_words
from feedback.pages.lists import DueWords, Empty
from feedback.reports.holds import OpenQuestions
from leads.logic.words import due_words, when_words


@dataclass(frozen=True, kw_only=True)
class QuestionCard:
    """One question of sales to marketing. `answer_url` is "" for who may only read."""

    uid: UUID
    name: str
    url: str
    about: str
    facts: tuple[str, ...]
    asked: str
    question: str
    due: DueWords
    limit: str
    answer_url: str


@dataclass(frozen=True, kw_only=True)
class PastQuestion:
    name: str
    url: str
    said: Answered


@dataclass(frozen=True, kw_only=True)
class QuestionsPage:
    """See templates/feedback/questions.html."""

    sentence: str
    cards: tuple[QuestionCard, ...]
    past: tuple[PastQuestion, ...]
    more_url: str
    empty: Empty


def questions_page(
    found: OpenQuestions, *, answered: Sequence[Hold], person: Person, now: dt.datetime
) -> QuestionsPage:
    """The open questions, the one that runs out first on top, and the answered ones; times in the active zone."""
    more = f"{reverse('feedback:questions')}?{urlencode({'after': found.cursor})}" if found.cursor else ""
    return QuestionsPage(
        sentence="What sales needs from marketing before it can go on. The clock of each lead stands still meanwhile.",
        cards=tuple(_card(hold, person=person, now=now) for hold in found.holds),
        past=tuple(_past(hold, person=person, now=now) for hold in answered),
        more_url=more,
        empty=Empty(headline="Nobody waits for marketing", sentence="When a rep asks for something, it is shown here."),
    )


def _card(hold: Hold, *, person: Person, now: dt.datetime) -> QuestionCard:
    handoff, zone = hold.handoff, timezone.get_current_timezone()
    due = due_words(hold.limit_at, now=now, zone=zone)
    who = str(hold.by.get_full_name() or hold.by.get_username()) if hold.by else "Somebody"
    subject = Subject(team_id=handoff.team_id, owner_id=handoff.owner_id)
    can_answer = hold.owed_by == OwedBy.MARKETING and may(person, Verb.ANSWER, subject)
    url = reverse("feedback:handoff-answer", args=[handoff.uid], query={"from": "questions"})
    return QuestionCard(
        uid=handoff.uid,
        name=name_of(handoff),
        url=reverse("feedback:handoff", args=[handoff.uid]),
        about=handoff.account.name if handoff.account else "",
        facts=_facts(handoff),
        asked=f"{who}, {handoff.team}, asked {when_words(hold.began_at, now=now, zone=zone)}",
        question=hold.question,
        due=DueWords(words=due.words, state=due.state, at=hold.limit_at),
        limit=f"Goes on without an answer {instant_words(hold.limit_at, now=now)}.",
        answer_url=url if can_answer else "",
    )


def _facts(handoff: Handoff) -> tuple[str, ...]:
    lead, account, campaign = handoff.lead, handoff.account, handoff.campaign
    facts = (
        lead.title if lead else "",
        lead.email if lead else "",
        account.industry if account else "",
        ", ".join(part for part in (account.city, account.country) if part) if account else "",
        f"campaign “{campaign.name}”" if campaign else "",
        f"fit {handoff.fit}" if handoff.fit is not None else "",
        f"intent {handoff.intent}" if handoff.intent is not None else "",
    )
    return tuple(fact for fact in facts if fact)


def _past(hold: Hold, *, person: Person, now: dt.datetime) -> PastQuestion:
    return PastQuestion(
        name=name_of(hold.handoff),
        url=reverse("feedback:handoff", args=[hold.handoff.uid]),
        said=answers([hold], person=person, now=now)[0],
    )
