"""What the question "why not?" says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from feedback.logic.consequences import Rule, consequence
from feedback.logic.evidence import QUESTIONS
from feedback.logic.states import State
from feedback.models import Handoff, RejectionReason
from feedback.pages.handoffs import name_of
from feedback.pages.lists import Place

_DIGITS = 7
_HINTS = {
    "duplicate_of": "Its address in LeadLoop, or who it is about.",
    "opportunity_ref": "Its number or link in the CRM.",
}
PREFIX = "evidence."


@dataclass(frozen=True, kw_only=True)
class QuestionLine:
    """See templates/feedback/_question.html."""

    name: str
    label: str
    kind: str
    choices: tuple[str, ...]
    value: str
    required: bool
    error: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class ReasonLine:
    key: str
    label: str
    group: str
    digit: str
    more: bool
    chosen: bool
    then: str
    question: QuestionLine | None


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was sent, and what is wrong with it: `wrong` names the input, "" for the whole."""

    reason: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    error: str = ""
    wrong: str = ""

    def error_of(self, name: str) -> str:
        """The sentence about one field, its technical name left out."""
        if self.wrong != name:
            return ""
        words = self.error.removeprefix(name).lstrip(": ")
        return self.error if words == self.error else f"This {words}"


@dataclass(frozen=True, kw_only=True)
class RejectQuestion:
    """See templates/feedback/_reject.html."""

    title: str
    url: str
    back_url: str
    error: str
    note: str
    note_error: str
    submit: str
    reasons: tuple[ReasonLine, ...]
    sentence: str = ""


def reject_question(
    handoff: Handoff, *, reasons: Sequence[RejectionReason], used: Counter[int], place: Place, typed: Typed
) -> RejectQuestion:
    """The question for this handoff: `reasons` fit its moment, the most `used` come first and get the digits 1 to 7."""
    ordered = sorted(reasons, key=lambda reason: (-used[reason.pk], reason.position, reason.key))
    # Behind "All reasons" they stand by group, as people look for them.
    rest = sorted(ordered[_DIGITS:], key=lambda reason: (reason.position, reason.key))
    is_after_work = handoff.state != State.PENDING
    lines = [
        _line(reason, handoff, digit=str(index + 1) if index < _DIGITS else "", typed=typed)
        for index, reason in enumerate([*ordered[:_DIGITS], *rest])
    ]
    known = {f"{PREFIX}{key}" for key in QUESTIONS} | {"note"}
    name = name_of(handoff)
    return RejectQuestion(
        title=f"Why does {name} go back to marketing?" if is_after_work else f"Why is {name} not for us now?",
        url=place.address("handoff-return" if is_after_work else "handoff-reject", handoff.uid),
        back_url=place.address("handoff", handoff.uid),
        error="" if typed.wrong in known else typed.error,
        note=typed.note,
        note_error=typed.error_of("note"),
        submit="Return" if is_after_work else "Reject",
        reasons=tuple(lines),
    )


def _line(reason: RejectionReason, handoff: Handoff, *, digit: str, typed: Typed) -> ReasonLine:
    rule = Rule(
        next_state=reason.next_state,
        remedy_owner=reason.remedy_owner,
        cool_off_days=reason.cool_off_days,
        return_condition=reason.return_condition,
        counts=reason.counts_in_acceptance,
        asks=reason.evidence_field,
        is_after_work=handoff.state != State.PENDING,
    )
    person = str(handoff.lead) if handoff.lead else ""
    is_chosen = typed.reason == reason.key
    return ReasonLine(
        key=reason.key,
        label=reason.label,
        group=reason.group,
        digit=digit,
        more=not digit,
        chosen=is_chosen,
        then=consequence(rule, person=person, company=handoff.account.name if handoff.account else ""),
        question=_question(reason, typed=typed, is_chosen=is_chosen) if reason.evidence_field else None,
    )


def _question(reason: RejectionReason, *, typed: Typed, is_chosen: bool) -> QuestionLine:
    asked = QUESTIONS[reason.evidence_field]
    name = f"{PREFIX}{asked.key}"
    return QuestionLine(
        name=name,
        label=asked.label,
        kind=asked.kind.value,
        choices=asked.choices,
        value=typed.evidence.get(asked.key, ""),
        required=reason.evidence_required,
        error=typed.error_of(name) if is_chosen else "",
        hint=_HINTS.get(asked.key, ""),
    )
