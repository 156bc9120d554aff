"""One normal form of a domain, and which domains tell nothing of a company."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.domains import company_domains, is_free_mail, normal_domain, registrable
from leads.logic.email import normal_email
from leads.logic.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("nortex.example", "nortex.example"),
        ("  NORTEX.Example. ", "nortex.example"),
        ("https://www.Nortex.example:443/path?a=b#c", "nortex.example"),
        ("//nortex.example/about", "nortex.example"),
        ("nortex.example:8080", "nortex.example"),
        ("nortex.example/imprint", "nortex.example"),
        ("www.nortex.example", "nortex.example"),
        ("www.com", "www.com"),
        ("xn--mnchen-3ya.de", "münchen.de"),
        ("MÜNCHEN.de", "münchen.de"),
        ("https://www.xn--mnchen-3ya.de/", "münchen.de"),
        ("ｎortex.example", "nortex.example"),
    ],
)
def test_one_form(given: str, kept: str):
    assert normal_domain(given) == kept
    assert normal_domain(kept) == kept


@pytest.mark.parametrize(
    "given",
    [
        *("127.0.0.1", "https://127.0.0.1/", "[::1]", "http://[::1]:80/", "0x7f.1", "1.2.3.0x4", "2130706433"),
        *("localhost", "nortex", "https://", "http:///path", "..", ".", "a..b.example", "-a.example", "a-.example"),
        *("javascript:alert(1)", "ftp://nortex.example/", "mailto:ana@nortex.example", "file:///etc/passwd"),
        *("ana@nortex.example", "http://user@nortex.example/", "nor tex.example", "foo_bar.example", "<b>.example"),
        *("a" * 64 + ".example", "a." * 130 + "example", "٣.١.٢.٤", "nortex.example:port"),
    ],
)
def test_what_no_company_is_known_by_is_refused_and_the_field_named(given: str):
    with pytest.raises(InvalidInput) as refused:
        normal_domain(given, field="account.domain")
    assert refused.value.field == "account.domain"
    assert refused.value.message.startswith("account.domain ")


@given(st.text(max_size=80))
def test_whatever_comes_is_refused_or_stays_as_it_is_once_normal(given: str):
    try:
        kept = normal_domain(given)
    except InvalidInput:
        return
    assert normal_domain(kept) == kept


@pytest.mark.parametrize("email", ["a@MÜNCHEN.de", "a@xn--mnchen-3ya.de", "a@nortex.example", "a@ｎortex.example"])
def test_a_domain_and_the_domain_of_a_mail_address_have_one_form(email: str):
    assert normal_email(email).partition("@")[2] == normal_domain(email.partition("@")[2])


@pytest.mark.parametrize(
    ("domain", "is_free"),
    [
        *(
            (name, True)
            for name in ("gmail.com", "gmx.de", "web.de", "yahoo.co.uk", "qq.com", "tuta.com", "mailinator.com")
        ),
        *((name, False) for name in ("nortex.example", "siemens.com", "", "mail.nortex.example")),
    ],
)
def test_free_and_disposable_mail(domain: str, is_free: bool):
    assert is_free_mail(domain) is is_free


@pytest.mark.parametrize(
    ("email", "domains"),
    [
        ("ana@nortex.example", ("nortex.example",)),
        ("ana@mail.eu.nortex.co.uk", ("mail.eu.nortex.co.uk", "nortex.co.uk")),
        ("ana@gmail.com", ()),
        ("ana@anything.mailinator.com", ()),
        ("ana@co.uk", ()),
        ("", ()),
    ],
)
def test_by_which_domains_a_company_may_be_known(email: str, domains: tuple[str, ...]):
    assert company_domains(email) == domains


def test_what_somebody_registered():
    assert registrable("a.b.nortex.co.uk") == "nortex.co.uk"
    assert registrable("nortex.github.io") == "nortex.github.io"
    assert registrable("co.uk") == ""


def test_it_is_quick_for_imports_and_for_hostile_lengths():
    normal_domain("xn--mnchen-3ya.de"), company_domains("ana@nortex.co.uk")
    started = time.perf_counter()
    for number in range(10_000):
        normal_domain(f"nortex{number}.example")
        company_domains(f"ana@nortex{number}.example")
    assert time.perf_counter() - started < 1
    started = time.perf_counter()
    for hostile in ("a." * 950 + "example", "-" * 1_900, "https://" + "a" * 1_900, "1." * 950):
        with pytest.raises(InvalidInput):
            normal_domain(hostile)
    assert time.perf_counter() - started < 0.2
