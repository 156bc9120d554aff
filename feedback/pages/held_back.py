"""What the page of those held back says: sales-ready, and not offered."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from feedback.logic.rights import Person
from feedback.pages.lists import Empty
from leads.models import Standing
from leads.reports.held_back import ACCOUNTS, PEOPLE, HeldBack, Wanted

_WHO = (("", "Everybody"), (PEOPLE, "People"), (ACCOUNTS, "Accounts"))


@dataclass(frozen=True, kw_only=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class HeldBackLine:
    """`url` is "" for who may not open the page."""

    name: str
    about: str
    url: str
    fit: int
    intent: int
    why: str
    since: dt.datetime | None
    held_back: str


@dataclass(frozen=True, kw_only=True)
class HeldBackPage:
    """See templates/feedback/held_back.html."""

    sentence: str
    rows: tuple[HeldBackLine, ...]
    who: tuple[Option, ...]
    rules: tuple[Option, ...]
    query: str
    next_url: str
    first_url: str
    empty: Empty


def held_back_page(found: HeldBack, *, wanted: Wanted, rules: Mapping[str, str], person: Person) -> HeldBackPage:
    """Who is sales-ready and was not offered, the latest first. `rules` are what the rules are called, by key."""
    kept = {"who": wanted.who, "rule": wanted.rule, "q": wanted.query}
    return HeldBackPage(
        sentence="Who meets a rule of the agreement and was not offered to sales, and why not. Each is looked at again "
        "when something about them changes, and once a day.",
        rows=tuple(_line(one, person=person) for one in found.rows),
        who=tuple(Option(value=value, label=label, chosen=value == wanted.who) for value, label in _WHO),
        rules=(
            Option(value="", label="Any rule", chosen=not wanted.rule),
            *(Option(value=key, label=label, chosen=key == wanted.rule) for key, label in rules.items()),
        ),
        query=wanted.query,
        next_url=_url({**kept, "after": found.cursor}) if found.cursor else "",
        first_url=_url(kept) if wanted.after else "",
        empty=_empty(wanted),
    )


def _line(one: Standing, *, person: Person) -> HeldBackLine:
    lead, account = one.lead, one.account
    subject = lead or account
    assert subject is not None
    page = "feedback:lead" if lead else "feedback:account"
    company = lead.account.name if lead and lead.account else ""
    title = lead.title if lead else "the whole account"
    return HeldBackLine(
        name=str(subject),
        about=", ".join(part for part in (title, company) if part),
        # Others may open a page only with a handoff of theirs, and those held back have mostly none.
        url=reverse(page, args=[subject.uid]) if person.sees_all else "",
        fit=one.fit,
        intent=one.intent,
        why=one.why,
        since=one.met_at,
        held_back=one.held_back,
    )


def _url(values: Mapping[str, str]) -> str:
    said = urlencode({key: value for key, value in values.items() if value})
    return f"{reverse('feedback:held-back')}{f'?{said}' if said else ''}"


def _empty(wanted: Wanted) -> Empty:
    if wanted != Wanted():
        return Empty(
            headline="Nobody here",
            sentence="Nobody is held back who fits what you asked for.",
            link_url=_url({}),
            link_label="Show all",
        )
    return Empty(
        headline="Nobody is held back", sentence="Everybody who meets a rule of the agreement is with sales, or was."
    )
