"""Lengths and instants as proofs say them; times in the reader's zone."""

import datetime as dt

from django.utils import timezone

from sla.logic.durations import in_words

_HOUR = dt.timedelta(hours=1)
_MINUTE = dt.timedelta(minutes=1)
_SECOND = dt.timedelta(seconds=1)


def promise_words(amount: dt.timedelta, *, days: int | None = None) -> str:
    """The length of a promise: "4 business hours", "3 business days", "1 h 30 min of business time"."""
    if days is not None:
        return f"{days} business {'day' if days == 1 else 'days'}"
    hours, rest = divmod(amount, _HOUR)
    if hours and not rest:
        return f"{hours} business {'hour' if hours == 1 else 'hours'}"
    return business_words(amount)


def business_words(length: dt.timedelta) -> str:
    """A length of business time without its sign: "57 h 5 min of business time"; a business day has no fixed length."""
    hours, rest = divmod(abs(length), _HOUR)
    size = f"{hours:,} h {in_words(rest)}" if hours and rest >= _MINUTE else f"{hours:,} h" if hours else in_words(rest)
    return f"{size} of business time"


def at_words(at: dt.datetime) -> str:
    """An instant in the reader's zone: "Mon 23 Nov 09:00", with its year when that is not this one."""
    local = timezone.localtime(at)
    year = "" if local.year == timezone.localtime().year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"


def span_words(begins_at: dt.datetime, ends_at: dt.datetime) -> str:
    """From and to in the reader's zone, the day said once where it is one."""
    return f"{at_words(begins_at)} to {until_words(ends_at, begins_at)}"


def exact_words(length: dt.timedelta) -> str:
    """A length to the second: "2:10:05"; hours do not turn into days."""
    seconds = length // _SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def until_words(ends_at: dt.datetime, begins_at: dt.datetime) -> str:
    """The end of a span: the time alone when the day is that of its beginning."""
    one, other = timezone.localtime(begins_at), timezone.localtime(ends_at)
    return f"{other:%H:%M}" if one.date() == other.date() else at_words(ends_at)
