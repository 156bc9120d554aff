"""Leads and accounts that may be one, side by side."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from feedback.pages.lists import Empty
from feedback.reports.duplicates import HandoffCount
from leads.logic.alike import WORDS
from leads.logic.words import when_words
from leads.models import Account, Duplicate, Lead
from leads.reports.duplicates import OpenPairs, both

_SURE = 85


@dataclass(frozen=True, kw_only=True)
class Line:
    """What each says of one thing, "" for nothing; `is_same` where there is nothing to choose."""

    label: str
    left: str
    right: str
    is_same: bool


@dataclass(frozen=True, kw_only=True)
class Side:
    uid: UUID
    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class PairCard:
    """See templates/feedback/duplicates.html. `has_keys` for the pair that keys act on."""

    uid: UUID
    kind: str
    because: str
    sureness: str
    left: Side
    right: Side
    lines: tuple[Line, ...]
    warning: str
    merge_url: str
    apart_url: str
    has_keys: bool


@dataclass(frozen=True, kw_only=True)
class DuplicatesPage:
    """See templates/feedback/duplicates.html."""

    sentence: str
    cards: tuple[PairCard, ...]
    more_url: str
    empty: Empty


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What each of the pairs did, and what sales made of it."""

    engagements: Mapping[Lead | Account, int]
    handoffs: Mapping[Lead | Account, HandoffCount]


def duplicates_page(found: OpenPairs, *, counts: Counts, now: dt.datetime) -> DuplicatesPage:
    """The open pairs, the most alike first; keys act on the first of them."""
    more = f"{reverse('feedback:duplicates')}?{urlencode({'after': found.cursor})}" if found.cursor else ""
    return DuplicatesPage(
        sentence="Leads and companies that may be one. Merging keeps both histories, and cannot be undone.",
        cards=tuple(_card(pair, counts=counts, now=now, is_first=pair is found.pairs[0]) for pair in found.pairs),
        more_url=more,
        empty=Empty(
            headline="Nobody looks like anybody else", sentence="When two leads or companies do, they are shown here."
        ),
    )


def _card(pair: Duplicate, *, counts: Counts, now: dt.datetime, is_first: bool) -> PairCard:
    left, right = both(pair)
    said = [WORDS[key] for key in pair.because if key in WORDS]
    because = ", ".join(said) or "alike in many ways"
    is_open = [counts.handoffs.get(one, HandoffCount()).open_count for one in (left, right)]
    warning = "Both are with sales now: the handoff that is further along goes on, the other is recalled."
    return PairCard(
        uid=pair.uid,
        kind="Lead" if pair.lead_id else "Company",
        because=because[0].upper() + because[1:],
        sureness="very likely one" if pair.score >= _SURE else "likely one",
        left=_side(left),
        right=_side(right),
        lines=tuple(_lines(left, right, counts=counts, now=now)),
        warning=warning if pair.lead_id and all(is_open) else "",
        merge_url=reverse("feedback:duplicate-merge", args=[pair.uid]),
        apart_url=reverse("feedback:duplicate-apart", args=[pair.uid]),
        has_keys=is_first,
    )


def _side(one: Lead | Account) -> Side:
    url = reverse("feedback:lead", args=[one.uid]) if isinstance(one, Lead) else ""
    return Side(uid=one.uid, name=str(one), url=url)


def _lines(left: Lead | Account, right: Lead | Account, *, counts: Counts, now: dt.datetime) -> Iterable[Line]:
    """What is the same and what differs; where both are silent there is no line."""
    for (label, ours), (_, theirs) in zip(_facts(left, now=now), _facts(right, now=now), strict=True):
        if ours or theirs:
            yield Line(label=label, left=ours, right=theirs, is_same=ours == theirs)
    done = [str(counts.engagements.get(one, 0)) for one in (left, right)]
    yield Line(label="Engagements", left=done[0], right=done[1], is_same=done[0] == done[1])
    handed = [_handed(counts.handoffs.get(one, HandoffCount())) for one in (left, right)]
    yield Line(label="Handoffs", left=handed[0], right=handed[1], is_same=handed[0] == handed[1])


def _facts(one: Lead | Account, *, now: dt.datetime) -> list[tuple[str, str]]:
    since = when_words(one.created_at, now=now, zone=timezone.get_current_timezone())
    known = ("Known to the CRM as", f"{one.external_system} {one.external_id}".strip() if one.external_id else "")
    if isinstance(one, Lead):
        return [
            ("Name", one.name),
            ("Mail", one.email),
            ("Phone", one.phone),
            ("Title", one.title),
            ("Company", one.account.name if one.account else ""),
            ("Country", one.country),
            ("Consent", one.get_consent_display()),
            ("May be offered", _kept_back(one)),
            known,
            ("Since", since),
        ]
    return [
        ("Name", one.name),
        ("Domain", one.domain),
        ("Industry", one.industry),
        ("People", "" if one.employee_count is None else str(one.employee_count)),
        ("Place", ", ".join(part for part in (one.city, one.country) if part)),
        ("Segment", one.segment),
        ("Relation", one.get_relation_display() if one.relation else ""),
        ("Ruled out", "by sales" if one.disqualified_at else ""),
        known,
        ("Since", since),
    ]


def _kept_back(lead: Lead) -> str:
    if lead.suppressed_at:
        return "no, suppressed"
    return "no, ruled out by sales" if lead.disqualified_at else ""


def _handed(handoffs: HandoffCount) -> str:
    if not handoffs.count:
        return "none"
    return f"{handoffs.count}, one with sales now" if handoffs.open_count == 1 else str(handoffs.count)
