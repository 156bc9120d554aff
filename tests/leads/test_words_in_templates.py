"""The words of leads.logic.words as template filters, in the reader's zone."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone

NOW = dt.datetime(2026, 11, 5, 13, 0, tzinfo=dt.UTC)


def said(source: str, **context: object) -> str:
    return Template("{% load words %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        ("{{ it|rate }}", 0.614, "61 %"),
        ("{{ it|rate:1 }}", 0.085, "8.5 %"),
        ("{{ it|interval }}", (0.58, 0.64), "58 to 64 %"),
        ("{{ it|interval }}", None, "–"),
        ("{{ it|points }}", -0.031, "−3.1 pt"),
        ("{{ it|duration }}", dt.timedelta(minutes=108), "1 h 48 m"),
        ("{{ it|left }}", dt.timedelta(minutes=-40), "40 min late"),
        ("{{ it|when }}", None, "–"),
    ],
)
def test_filters(source: str, value: object, words: str):
    assert said(source, it=value) == words


@time_machine.travel(NOW, tick=False)
def test_when_says_the_time_of_the_reader_and_all_of_it_on_demand():
    with timezone.override(ZoneInfo("Europe/Paris")):
        html = said("{{ it|when }} {{ it|when:'short' }}", it=NOW - dt.timedelta(minutes=19))
    assert ">today 13:41</time>" in html
    assert ">Today</time>" in html
    assert 'title="Thu 5 November 2026, 13:41 CET"' in html
    assert 'datetime="2026-11-05T12:41:00+00:00"' in html


@pytest.mark.parametrize(
    ("tags", "url"),
    [
        ("undo:/handoffs/1/undo/", "/handoffs/1/undo/"),
        ("undo:https://elsewhere.example/", ""),
        ("undo://elsewhere.example/", ""),
        ("undo:/\\elsewhere.example/", ""),
        ("", ""),
        (None, ""),
        ("other", ""),
    ],
)
def test_an_undo_is_posted_only_to_this_site(tags: str | None, url: str):
    assert said("{{ it|undo_url }}", it=SimpleNamespace(extra_tags=tags)) == url
