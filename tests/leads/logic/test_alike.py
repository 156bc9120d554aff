"""How alike people and companies are: what holds for all, and a labelled set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.logic.alike import (
    ASK_FROM,
    WORDS,
    Company,
    Person,
    alike_companies,
    alike_people,
    company_marks,
    person_marks,
)

NAMES = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            ["ana", "Ana", "Аna", "duarte", "Müller", "mueller", "j", "smith", "Smith", "jon", "john", "dr.", "al"]
        ),
        max_size=4,
    ).map(" ".join),
)
DOMAINS = st.sampled_from(["", "nortex.example", "eu.nortex.example", "nortex.co.uk", "brenn.example"])
EMAILS = st.sampled_from(
    ["", "ana.duarte@nortex.example", "anaduarte@gmail.com", "info@nortex.example", "jo@brenn.example"]
)
PHONES = st.one_of(st.text(max_size=20), st.sampled_from(["030 1234567", "+49 30 1234567", "0049301234567", "x"]))
COUNTRIES = st.sampled_from(["", "DE", "FR", "XX"])
COMPANIES = st.builds(
    Company,
    name=st.one_of(NAMES, st.sampled_from(["Nortex GmbH", "Nortex", "Brenn S.A.R.L.", "Studio 54", "Studio 45"])),
    domain=DOMAINS,
    country=COUNTRIES,
)
PEOPLE = st.builds(
    Person,
    name=NAMES,
    email=EMAILS,
    phone=PHONES,
    country=COUNTRIES,
    company=st.none() | COMPANIES,
    account_key=st.none() | st.integers(1, 3),
)


@given(PEOPLE, PEOPLE)
def test_people_are_as_alike_one_way_as_the_other(one: Person, other: Person):
    found = alike_people(one, other)
    assert found == alike_people(other, one)
    assert 0 <= found.score <= 100
    assert set(found.because) <= set(WORDS)


@given(COMPANIES, COMPANIES)
def test_companies_are_as_alike_one_way_as_the_other(one: Company, other: Company):
    found = alike_companies(one, other)
    assert found == alike_companies(other, one)
    assert 0 <= found.score <= 100
    assert set(found.because) <= set(WORDS)


@given(PEOPLE, COMPANIES)
def test_everybody_is_like_themselves(person: Person, company: Company):
    assert alike_people(person, person).score == 100
    assert alike_companies(company, company).score == 100


NORTEX, NORTEX_LTD = Company(name="Nortex GmbH", country="DE"), Company(name="NORTEX Ltd.")
BRENN = Company(name="Brenn SARL", domain="brenn.example")


def ana(name: str = "Ana Duarte", **more) -> Person:
    return Person(name=name, **{"account_key": 1, "company": NORTEX, **more})


SAME_PEOPLE = [
    (ana(), ana("ana  DUARTE", phone="030 1")),
    (ana(), ana("Duarte, Ana")),
    (ana(), ana("A. Duarte")),
    (ana(), ana("Ana Durate")),
    (ana(), ana("Dr. Ana Duarte")),
    (ana(), ana("Ana Duarté", company=NORTEX_LTD, account_key=2)),
    (ana(), ana("Аna Duarte", company=BRENN, account_key=3)),
    (ana("Jörg Müller"), ana("Joerg Mueller")),
    (ana("Chris Weber"), ana("Christopher Weber")),
    (
        Person(name="John Smith", email="john.smith@gmail.com"),
        Person(name="John Smith", email="john.smith@nortex.example"),
    ),
    (Person(name="John Smith", phone="030 1234567", country="DE"), Person(name="J Smith", phone="+49 30 1234567")),
    (ana(email="ana.duarte@nortex.example"), ana("", email="ana.duarte@nortex.co.uk")),
    (
        Person(name="Ana Duarte", email="ana@nortex.example", company=NORTEX, account_key=1),
        Person(name="Ana Duarte", email="a.duarte@eu.nortex.example"),
    ),
]
OTHER_PEOPLE = [
    (ana("John Smith"), ana("Jane Smith")),
    (ana("John Smith"), ana("John Smythe-Cooper")),
    (ana(), ana(company=BRENN, account_key=2)),
    (Person(name="John Smith", email="js@gmail.com"), Person(name="John Smith", email="smith@nortex.example")),
    (ana("Ana Duarte", phone="+49 30 1234567"), ana("Tom Lind", phone="+49 30 1234567")),
    (ana("Ana", email="info@nortex.example"), ana("Tom", email="info@nortex.co.uk")),
    (Person(email="a@nortex.example"), Person(email="b@nortex.example")),
    (ana("Ana Duarte"), ana("Anna-Lena Brandt")),
    (ana("Li Wei"), ana("Li Na")),
]
SAME_COMPANIES = [
    (NORTEX, NORTEX_LTD),
    (Company(name="Nortex Logistics"), Company(name="Nortex Logistic GmbH & Co. KG")),
    (Company(name="Société Générale"), Company(name="SOCIETE GENERALE S.A.")),
    (Company(name="Nortex"), Company(name="Νortex")),
    (Company(name="Nor Tex"), Company(name="Nortex")),
    (Company(name="NX", domain="nortex.example"), Company(name="Nortex", domain="eu.nortex.example")),
    (Company(name="Kowalski Sp. z o.o."), Company(name="Kowalski")),
    (Company(name="Nortex", domain="nortex.example"), Company(name="Nortex", domain="nortex.co.uk")),
    (Company(name="Nortex", domain="nortex.example"), Company(name="Nortex", domain="nortex-group.example")),
    (Company(name="Müller AG"), Company(name="Mueller")),
]
OTHER_COMPANIES = [
    (NORTEX, BRENN),
    (Company(name="Deutsche Bank"), Company(name="Deutsche Bahn")),
    (Company(name="Volvo Cars"), Company(name="Volvo Trucks")),
    (Company(name="Studio 54"), Company(name="Studio 45")),
    (Company(name="IBM"), Company(name="IBN")),
    (Company(name="Nortex", country="DE"), Company(name="Nortex", country="FR")),
    (Company(name="Weber", domain="weber.example"), Company(name="Weber", domain="grill.example", country="US")),
    (Company(name="GmbH"), Company(name="AG")),
]


@pytest.mark.parametrize(("one", "other"), SAME_PEOPLE)
def test_who_is_one_is_asked_about_and_found(one: Person, other: Person):
    assert alike_people(one, other).score >= ASK_FROM
    assert set(person_marks(one)) & set(person_marks(other))


@pytest.mark.parametrize(("one", "other"), OTHER_PEOPLE)
def test_who_is_two_is_not_asked_about(one: Person, other: Person):
    assert alike_people(one, other).score < ASK_FROM


@pytest.mark.parametrize(("one", "other"), SAME_COMPANIES)
def test_what_is_one_company_is_asked_about(one: Company, other: Company):
    assert alike_companies(one, other).score >= ASK_FROM
    assert set(company_marks(one)) & set(company_marks(other))


@pytest.mark.parametrize(("one", "other"), OTHER_COMPANIES)
def test_what_is_two_companies_is_not_asked_about(one: Company, other: Company):
    assert alike_companies(one, other).score < ASK_FROM


def test_names_that_look_alike_say_so():
    assert alike_people(ana(), ana("Аna Duarte", company=BRENN, account_key=9)).because == ("looks",)
    assert alike_companies(Company(name="Nortex"), Company(name="Nоrtex")).because == ("looks",)


def test_the_same_name_weighs_less_in_another_country():
    at_home = alike_companies(Company(name="Nortex"), Company(name="Nortex", country="DE")).score
    abroad = alike_companies(Company(name="Nortex", country="FR"), Company(name="Nortex", country="DE")).score
    assert abroad < at_home


def test_marks_are_few_and_short():
    crowd = Person(
        name=" ".join(f"{chr(97 + n % 26) * 3}{n}" for n in range(40)), email="a@nortex.example", account_key=1
    )
    assert len(person_marks(crowd)) <= 30
    assert max(map(len, person_marks(crowd) + company_marks(Company(name="x" * 200)))) <= 200
    assert max(len(company_marks(Company(name="x" * length))) for length in range(40)) <= 30
