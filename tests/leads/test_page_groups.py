"""Which pages mean the same, as operations and marketing write it in the admin."""

import pytest

from leads.logic.pages import Group, Match, Pattern, group_of, path_of
from leads.models import PageGroup
from leads.reports.page_groups import page_groups
from tests.admin_pages import entered, errors_of, filled, page, staff


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", ""),
        ("/", "/"),
        ("https://www.example.com", "/"),
        ("https://www.example.com/", "/"),
        ("https://www.example.com/Pricing/", "/pricing"),
        ("/PREISE%20und%20mehr", "/preise und mehr"),
        ("/STRASSE", "/strasse"),
        ("/stra%C3%9Fe", "/strasse"),
        ("//", "/"),
    ],
)
def test_the_path_of_an_address(url, path):
    assert path_of(url) == path


def test_the_first_group_whose_pattern_holds():
    groups = (
        Group("pricing", (Pattern(Match.EQUALS, "/pricing"), Pattern(Match.PREFIX, "/plans/"))),
        Group("jobs", (Pattern(Match.CONTAINS, "job"),)),
        Group("any", (Pattern(Match.PREFIX, "/pri"),)),
    )
    found = [group_of(url, groups) for url in ("/pricing", "/pricing/x", "/plans/job", "/en/jobs", "/", "")]
    assert found == ["pricing", "any", "pricing", "jobs", "", ""]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["operations", "marketer"])
def test_a_group_is_made_and_changed(role):
    client = entered(staff(role))
    given = {"key": "pricing", "label": "Pricing", "position": "1", "patterns": "prefix /pricing\r\n\r\nCONTAINS price"}
    assert client.post(page("leads_pagegroup", "add"), given).status_code == 302
    group = PageGroup.objects.get()
    assert group.patterns == [
        {"operator": "prefix", "value": "/pricing"},
        {"operator": "contains", "value": "price"},
    ]
    shown = client.get(page("leads_pagegroup", "change", group.pk))
    posted = filled(shown)
    assert posted["patterns"] == "prefix /pricing\ncontains price"
    posted["patterns"] = "equals /pricing"
    assert client.post(page("leads_pagegroup", "change", group.pk), posted).status_code == 302
    assert [one.patterns for one in page_groups()] == [(Pattern(Match.EQUALS, "/pricing"),)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("patterns", "complaint"),
    [
        ("", "required"),
        ("/pricing", "begins with none of"),
        ("regex /a+", "begins with none of"),
        ("prefix", "the value is empty"),
        ("prefix pricing", "begins with /"),
        ("equals /pricing?plan=pro", "without what follows"),
        ("prefix /a\x00b", "Null characters"),
        ("prefix /" + "x" * 501, "at most 500"),
        ("contains x\n" * 101, "at most 100"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused(patterns, complaint):
    client = entered(staff("operations"))
    given = {"key": "pricing", "label": "Pricing", "position": "1", "patterns": patterns}
    response = client.post(page("leads_pagegroup", "add"), given)
    assert response.status_code == 200
    assert complaint in errors_of(response)
    assert not PageGroup.objects.exists()


@pytest.mark.django_db
def test_reps_and_managers_have_nothing_to_do_here():
    for role in ("rep", "manager"):
        assert entered(staff(role)).get(page("leads_pagegroup")).status_code == 403


@pytest.mark.django_db
def test_a_group_that_cannot_be_read_takes_no_page_and_stops_nothing(caplog):
    PageGroup.objects.create(key="broken", label="Broken", position=0, patterns=[{"operator": "regex", "value": "x"}])
    PageGroup.objects.create(key="docs", label="Docs", position=1, patterns=[{"operator": "prefix", "value": "/docs"}])
    assert [group.key for group in page_groups()] == ["docs"]
    assert "broken takes no page" in caplog.text
