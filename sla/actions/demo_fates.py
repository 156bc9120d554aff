"""Letting a demo handoff go its way: decided, worked and ended by the rep who had it, at the instants its fate says."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from feedback.actions import attempts, decisions, outcomes, owners
from feedback.logic.evidence import QUESTIONS, Kind
from feedback.logic.rights import LEADLOOP, Person
from feedback.models import Handoff, RejectionReason, Rep
from sla.demo.campaigns import ANSWERS
from sla.demo.history import Story
from sla.demo.people import PEOPLE
from sla.demo.story import Fate
from sla.demo.timing import on
from sla.logic.business_time import Calendar

_LATEST = dt.timedelta(minutes=2)


@dataclass
class Teller:
    """Knows who is who, each team's hours, and how far the story has gone: `now`."""

    people: Mapping[str, Person]
    calendars: Mapping[str, Calendar]
    now: dt.datetime
    reps: dict[str, Rep] = field(default_factory=dict)
    reasons: dict[str, RejectionReason] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reps = {rep.user.get_username(): rep for rep in Rep.objects.select_related("user")}
        self.reasons = {reason.key: reason for reason in RejectionReason.objects.all()}

    def tell(self, story: Story, handoff: Handoff) -> None:
        """Do what the story's fate says with the handoff, as far as it lies before now."""
        if story.fate is None:
            return
        if story.fate.verb == "turn_back":
            self._turn_back(story, handoff, fate=story.fate)
        else:
            self._decide(story, handoff, rep=self.people[story.owner], fate=story.fate)

    def _turn_back(self, story: Story, handoff: Handoff, *, fate: Fate) -> None:
        other = next(one.username for one in PEOPLE if one.team == story.team and one.username != story.owner)
        at = self._decided_at(story, handoff, fate)
        back = decisions.turn_back(handoff.uid, by=self.people[story.owner], to=self.reps[other].uid, at=at)
        if story.then:
            self._decide(story, back.successors.latest("id"), rep=self.people[other], fate=story.then)

    def _decide(self, story: Story, handoff: Handoff, *, rep: Person, fate: Fate) -> None:
        at = self._decided_at(story, handoff, fate)
        if fate.verb == "expire":
            owners.expire(handoff.uid, by=LEADLOOP, at=at)
        elif fate.verb == "reject":
            decisions.reject(handoff.uid, by=rep, reason=fate.reason, evidence=self._evidence(fate), at=at)
        else:
            decisions.accept(handoff.uid, by=rep, at=at)
            self._work(story, handoff, rep=rep, fate=fate, accepted_at=at)

    def _work(self, story: Story, handoff: Handoff, *, rep: Person, fate: Fate, accepted_at: dt.datetime) -> None:
        calendar = self.calendars[story.team]
        for one in fate.tries:
            at = on(calendar, accepted_at, minutes=one.minutes)
            if at < self.now:
                attempts.log_attempt(handoff.uid, by=rep, kind=one.kind, is_two_way=one.is_two_way, at=at)
        ends_at = on(calendar, accepted_at, minutes=fate.ending_minutes)
        if not fate.ending or ends_at >= self.now:
            return
        if fate.ending == "return":
            evidence = self._evidence(fate)
            decisions.return_after_work(handoff.uid, by=rep, reason=fate.reason, evidence=evidence, at=ends_at)
            return
        decisions.qualify(handoff.uid, by=rep, at=ends_at)
        self._outcome(handoff, fate=fate, qualified_at=ends_at)

    def _outcome(self, handoff: Handoff, *, fate: Fate, qualified_at: dt.datetime) -> None:
        """An opportunity halfway to its end, and the end, as the CRM tells them."""
        crm, whole = self.people["crm"], dt.timedelta(days=fate.outcome_days)
        steps = [("opportunity", qualified_at + whole / 2), (fate.outcome, qualified_at + whole)]
        for kind, at in steps if fate.outcome else ():
            if at < self.now:
                given = outcomes.OutcomeInput(kind=kind, amount=fate.amount, currency="EUR")
                outcomes.record_outcome(handoff.uid, given, by=crm, at=at)

    def _evidence(self, fate: Fate) -> dict[str, object]:
        asked = self.reasons[fate.reason].evidence_field
        if asked not in ANSWERS:
            return {}
        answer = ANSWERS[asked][int(fate.dice * len(ANSWERS[asked]))]
        if QUESTIONS[asked].kind is Kind.DATE:
            answer = (self.now.date() + dt.timedelta(days=int(answer))).isoformat()
        return {asked: answer}

    def _decided_at(self, story: Story, handoff: Handoff, fate: Fate) -> dt.datetime:
        at = on(self.calendars[story.team], handoff.offered_at, minutes=fate.minutes)
        return max(handoff.offered_at, min(at, self.now - _LATEST))
