"""Template filters that say numbers and instants in words; times in the zone of the reader."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from leads.logic import words

register = template.Library()
_UNDO = "undo:"


@register.filter
def rate(share: float | None, digits: int = 0) -> str:
    """0.614 as "61 %"; rate:1 as "61.4 %"."""
    return words.rate_words(share, digits=digits)


@register.filter
def interval(bounds: Sequence[float] | None) -> str:
    """(0.58, 0.64) as "58 to 64 %"."""
    low, high = bounds or (None, None)
    return words.interval_words(low, high)


@register.filter
def points(change: float | None) -> str:
    """-0.031 as "−3.1 pt"."""
    return words.points_words(change)


@register.filter
def duration(amount: dt.timedelta | None) -> str:
    """A timedelta as "1 h 48 m"."""
    return words.duration_words(amount)


@register.filter
def left(amount: dt.timedelta | None) -> str:
    """A timedelta until a deadline as "18 min left" or "40 min late"."""
    return words.left_words(amount)


@register.filter
def when(at: dt.datetime | None, form: str = "") -> str | SafeString:
    """An aware instant as a time element in the reader's zone: "today 13:41"; when:"short" gives the day alone."""
    if at is None:
        return words.NOTHING
    zone, now = timezone.get_current_timezone(), timezone.now()
    if form == "short":
        said = words.day_words(at, now=now, zone=zone)
        said = said[:1].upper() + said[1:]
    else:
        said = words.when_words(at, now=now, zone=zone)
    full = words.full_words(at, zone=zone)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), full, said)


@register.filter
def undo_url(message: Any) -> str:
    """Where the undo of a message is posted: what follows "undo:" in its extra_tags, or ""."""
    tags = str(getattr(message, "extra_tags", "") or "")
    url = tags.removeprefix(_UNDO)
    is_ours = (
        tags.startswith(_UNDO) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
    return url if is_ours else ""
