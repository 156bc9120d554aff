"""The review queue: pairs of leads or accounts that may be one, and what has been done by each."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from leads.logic.errors import InvalidInput, NotFound
from leads.models import Account, Duplicate, EngagementDay, Lead, Verdict

PAGE = 20


@dataclass(frozen=True)
class OpenPairs:
    """`cursor` is where the next page begins, "" at the end."""

    pairs: tuple[Duplicate, ...]
    cursor: str


def open_pairs() -> QuerySet[Duplicate]:
    """The pairs that nobody has decided about, with both of each; the most alike first."""
    rows = Duplicate.objects.filter(verdict=Verdict.OPEN).order_by("-score", "id")
    return rows.select_related("lead__account", "other_lead__account", "account", "other_account")


def review_queue(after: str = "") -> OpenPairs:
    """A page of open_pairs; `after` is the cursor of the page before. InvalidInput(after). One statement."""
    rows = open_pairs()
    if after:
        score, _, pk = after.partition("-")
        if not (score.isascii() and score.isdigit() and pk.isascii() and pk.isdigit() and len(after) <= 20):
            raise InvalidInput("after is not where a page of this list ends.", field="after")
        rows = rows.filter(Q(score__lt=int(score)) | Q(score=int(score), id__gt=int(pk)))
    found = tuple(rows[: PAGE + 1])
    page = found[:PAGE]
    return OpenPairs(page, f"{page[-1].score}-{page[-1].pk}" if len(found) > PAGE else "")


def pair(uid: UUID) -> Duplicate:
    """The pair with both of it, decided or not. NotFound. One statement."""
    rows = Duplicate.objects.select_related("lead", "other_lead", "account", "other_account")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound("There is no such pair.")
    return found


def both(pair: Duplicate) -> tuple[Lead | Account, Lead | Account]:
    """The two of a pair, the older one first."""
    if pair.lead is not None and pair.other_lead is not None:
        return pair.lead, pair.other_lead
    assert pair.account is not None
    assert pair.other_account is not None
    return pair.account, pair.other_account


def engagement_counts(pairs: tuple[Duplicate, ...]) -> dict[Lead | Account, int]:
    """How often each of the pairs did something, as counted by day; who did nothing is missing. Two statements."""
    everybody = [one for pair in pairs for one in both(pair)]
    found: dict[Lead | Account, int] = {}
    for column, kind in (("lead", Lead), ("account", Account)):
        rows = {one.pk: one for one in everybody if isinstance(one, kind)}
        if rows:
            days = EngagementDay.objects.filter(**{f"{column}_id__in": list(rows)}).order_by()
            counts = days.values_list(f"{column}_id").annotate(count=Sum("count"))
            found |= {rows[pk]: count for pk, count in counts}
    return found
