"""The reasons in use, as an agreement keeps them."""

from feedback.logic.evidence import QUESTIONS
from feedback.models import Moment, RejectionReason
from leads.logic.contributed import Fact, Item


def reasons() -> list[Item]:
    """The live reasons in their order, with what follows from each and who puts it right; one statement."""
    return [
        Item(reason.key, reason.label, tuple(_facts(reason)))
        for reason in RejectionReason.objects.filter(is_live=True).order_by("position", "key")
    ]


def _facts(reason: RejectionReason) -> list[Fact]:
    facts = [Fact("", _moments(reason)), Fact("", reason.get_next_state_display())]
    if reason.cool_off_days:
        facts.append(Fact("after", _days(reason.cool_off_days), reason.cool_off_days))
    if reason.return_condition:
        facts.append(Fact("when", reason.return_condition))
    if reason.evidence_field:
        facts.append(
            Fact("asks" if reason.evidence_required else "may ask", f"“{QUESTIONS[reason.evidence_field].label}”")
        )
    facts.append(Fact("put right by", reason.remedy_owner.replace("-", " ")))
    if not reason.counts_in_acceptance:
        facts.append(Fact("", "outside the acceptance rate"))
    return facts


def _moments(reason: RejectionReason) -> str:
    words = [moment.label for moment in Moment if reason.fits(moment)]
    return " or ".join(words)


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
