"""The agreement in plain words, what differs between two, and since when each figure holds."""

import datetime as dt
from dataclasses import replace

from leads.logic.agreement import ACCOUNT, OPTED_IN, Agreement, Count, Duties, FitTerm, IntentTerm, MqlRule
from leads.logic.agreement_diff import ADDED, CHANGED, REMOVED, compared, differs, histories
from leads.logic.agreement_words import Section, figures, sections, warnings
from leads.logic.conditions import Condition
from leads.logic.contributed import Contribution, Fact, Item, change_words, frozen, thawed
from leads.logic.signatures import text_digest
from leads.logic.starting_point import PAGE_GROUPS, starting_point

GROUPS = {key: label for key, (label, _) in PAGE_GROUPS.items()}
REASONS = Contribution("reasons", "Reasons", (Item("small", "Too small", (Fact("after", "60 days", 60),)),))


def said(agreement: Agreement, *contributed: Contribution) -> tuple[Section, ...]:
    return sections(agreement, contributed, GROUPS)


def lines(agreement: Agreement) -> dict[str, str]:
    return {line.name: line.words for section in said(agreement) for line in section.lines}


def test_it_is_said_in_sentences():
    found = lines(starting_point())
    assert found["100 people or more"] == "+20 when the account has at least 100 employees"
    assert found["Work address"] == "+10 when the mail address is of their work"
    assert found["Student"] == "−60 when the lead's job title contains “student”"
    assert found["Looked at pricing"] == (
        "+10 for each page view of pricing, half of it gone after 7 days, at most 40 in all"
    )
    assert found["Looked for a job"].endswith("down to −60 in all")
    assert found["Fits and shows interest"] == "a lead with a fit of at least 50 and an intent of at least 30"
    assert found["A target account looks at pricing"] == (
        "an account with at least 3 page views of pricing in 7 days, while it is a target account; everybody there "
        "counts, unknown visitors when it is at least 60 % sure whose they are"
    )
    assert found["Context"] == "shows something that was done in the last 30 days"


def test_duties_that_are_not_owed_are_not_said():
    found = lines(Agreement(duties=Duties(context_days=0, consent=OPTED_IN)))
    assert "Context" not in found
    assert found["Consent"] == "Has the lead’s consent: they opted in"


def test_what_sales_owes_comes_before_why_it_may_say_no():
    targets = Contribution("targets", "Targets", (Item("p", "Everybody", (Fact("decide within", "4 h", 240),)),))
    parts = said(Agreement(), REASONS, targets)
    assert [part.title for part in parts[-2:]] == ["What sales owes", "Why sales may say no"]
    assert parts[-2].lines[0].words == "decide within 4 h"


def test_every_figure_has_a_key_of_its_own():
    rule = MqlRule(
        key="twice",
        label="Twice",
        counts=(
            Count(kind="page_view", page_group="pricing", at_least=3, within_days=7),
            Count(kind="page_view", page_group="pricing", at_least=5, within_days=30),
        ),
    )
    agreement = replace(starting_point(), rules=(*starting_point().rules, rule))
    numbers = sum(
        not isinstance(part, str)
        for section in said(agreement, REASONS)
        for line in section.lines
        for part in line.parts
    )
    assert len(figures(said(agreement, REASONS))) == numbers


def test_the_order_of_keys_does_not_matter_to_the_digest_and_all_else_does():
    one = text_digest({"a": [1, 2], "b": 3}, {}, "")
    assert text_digest({"b": 3, "a": [1, 2]}, {}, "") == one
    others = [({"a": [2, 1], "b": 3}, {}, ""), ({"a": [1, 2], "b": 3}, {"c": 1}, ""), ({"a": [1, 2], "b": 3}, {}, "x")]
    assert one not in {text_digest(*other) for other in others}


def test_what_differs_stands_side_by_side():
    old = starting_point()
    first, second = old.rules
    new = replace(
        old,
        rules=(replace(first, min_fit=60), second),
        sql=(*old.sql[1:], "A demo was given"),
        intent=(IntentTerm(label="Gave a talk", kind="other", points=5, half_life_days=7, cap=5), *old.intent),
    )
    found = {one.title: one for one in compared(said(old), said(new))}
    rule = found["When a lead is sales-ready (MQL)"].differing[0]
    assert (rule.how, [piece.words for piece in rule.before if piece.differs]) == (CHANGED, ["50"])
    assert [piece.words for piece in rule.after if piece.differs] == ["60"]
    assert [(pair.how, pair.name) for pair in found["What an SQL is"].differing] == [
        (ADDED, "A demo was given"),
        (REMOVED, old.sql[0]),
    ]
    assert [pair.name for pair in found["What shows interest"].differing] == ["Gave a talk"]
    assert not found["Who fits"].differing
    assert len(found["Who fits"].same) == len(old.fit)


def test_the_order_of_rules_differs_and_that_of_terms_does_not():
    old = starting_point()
    assert differs(compared(said(old), said(replace(old, rules=old.rules[::-1]))))
    assert not differs(compared(said(old), said(replace(old, fit=old.fit[::-1]))))


def test_every_change_of_a_term_is_seen():
    term = FitTerm(label="Big", condition=Condition("account_employees", "ge", 100), points=10)
    old = Agreement(fit=(term,))
    for change in (
        {"points": 11},
        {"condition": Condition("account_employees", "gt", 100)},
        {"condition": Condition("account_employees", "ge", 101)},
        {"condition": Condition("account_employees", "in", (100, 200))},
        {"label": "Bigger"},
    ):
        assert differs(compared(said(old), said(Agreement(fit=(replace(term, **change),)))))


def test_a_figure_tells_since_when_it_holds():
    def version(fit: int) -> tuple[Section, ...]:
        return said(Agreement(rules=(MqlRule(key="a", label="A", min_fit=fit, min_intent=10),) if fit else ()))

    at = [dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in range(1, 6)]
    numbered = list(zip(range(1, 6), at, [version(fit) for fit in (50, 50, 60, 0, 60)], strict=True))
    found = histories(numbered)["rule.a.min_fit"]
    assert [(since.words, since.number, since.at) for since in found] == [
        ("60", 5, at[4]),
        ("60", 3, at[2]),
        ("50", 1, at[0]),
    ]


def test_what_can_never_happen_is_said():
    assert warnings(starting_point()) == []
    assert "no rule" in warnings(Agreement())[0]
    rules = (MqlRule(key="a", label="A", of=ACCOUNT, min_fit=30, min_intent=90),)
    term = FitTerm(label="T", condition=Condition("account_is_target", "eq", "yes"), points=20)
    assert warnings(Agreement(fit=(term,), rules=rules)) == [
        "“A” asks for a fit of 30; the terms reach 20 at most.",
        "“A” asks for an intent of 90; the terms reach 0 at most.",
    ]


def test_what_is_frozen_thaws_and_its_changes_are_counted():
    old = frozen([REASONS])
    assert thawed(old) == (REASONS,)
    assert change_words(old, old) == []
    more = Contribution("reasons", "Reasons", (Item("small", "Too tiny"), Item("early", "Too early")))
    assert change_words(old, frozen([more])) == ["Reasons: 1 added, 1 changed"]
    assert change_words(frozen([more]), {}) == ["Reasons: 2 removed"]
    turned = replace(more, items=more.items[::-1])
    assert change_words(frozen([more]), frozen([turned])) == ["Reasons: another order"]
