"""What a reason does, told before it happens."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a reason means today; `next_state` is a NextState, `remedy_owner` like "marketing-targeting"."""

    next_state: str
    remedy_owner: str
    cool_off_days: int | None
    return_condition: str
    counts: bool
    asks: str
    is_after_work: bool


def consequence(rule: Rule, *, person: str, company: str) -> str:
    """Plain sentences: what becomes of person and company, who is to put it right, and whether it counts.

    `person` and `company` are names, "" when unknown. Only what the operation itself does is said to happen.
    """
    who, firm = person or "The visitor", company or "The company"
    said = {
        "recycle": f"{who} may come back{_until(rule)}.",
        "disqualify_lead": f"{who} is out; {company or 'the company'} is not.",
        "disqualify_account": f"{firm} is disqualified; {person or 'the person'} is not.",
        "suppress_lead": f"{who} is suppressed: never offered again.",
        "merge": "The other one goes on; this one ends here.",
        "reroute": "It ends here and goes to somebody else.",
        "recoded": "A reviewer gives it a reason of the list.",
    }[rule.next_state]
    sentences = [said]
    if rule.next_state == "disqualify_account" and rule.asks == "employee_count":
        sentences.append("The size on the account becomes what you say.")
    if rule.next_state == "disqualify_account" and rule.asks == "industry":
        sentences.append("The industry on the account becomes what you say.")
    sentences.append(f"Goes to {rule.remedy_owner.replace('-', ' ')}.")
    if not rule.is_after_work:
        sentences.append("Counts in acceptance." if rule.counts else "Does not count in acceptance.")
    return " ".join(sentences)


def _until(rule: Rule) -> str:
    if rule.cool_off_days:
        return f" after {rule.cool_off_days} days"
    return f" ({rule.return_condition})" if rule.return_condition else ""
