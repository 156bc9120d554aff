"""Templates and scripts keep the content security policy by themselves: nothing inline, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "feedback" / "static" / "leadloop" / "js").glob("*.js"))
FORBIDDEN = {
    "a style attribute": re.compile(r"\sstyle=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "an inline handler": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)=", re.I),
    "an evaluated expression": re.compile(r"hx-(?:vals|headers|vars)=['\"]js:|hx-trigger=\"[^\"]*\[", re.I),
    "an address elsewhere": re.compile(r"(?:src|href|action|hx-\w+)=[\"'](?:https?:)?//", re.I),
    "text marked safe": re.compile(r"\|\s*safe\b|autoescape off"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
@pytest.mark.parametrize("what", FORBIDDEN)
def test_templates_hold_nothing_the_policy_forbids(path: Path, what: str):
    assert not FORBIDDEN[what].search(path.read_text()), f"{path.name} holds {what}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_neither_evaluate_nor_write_markup(path: Path):
    text = path.read_text()
    assert not re.search(r"\beval\(|new Function|innerHTML\s*=|insertAdjacentHTML|document\.write|https?://", text)
    assert not re.search(r"^\s*import\b|\brequire\(", text, re.M), "scripts are plain files without a build step"


# Filled in by strangers: no session that could be ridden, and a signed token of its own.
FOR_STRANGERS = {ROOT / "templates/leads/form.html"}


@pytest.mark.parametrize(
    "path", sorted(set(TEMPLATES) - FOR_STRANGERS), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_posting_forms_carry_the_token(path: Path):
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", path.read_text(), re.S):
        assert "{% csrf_token %}" in form or '"_form.html"' in form


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_what_a_template_expects_is_said_at_its_head(path: Path):
    assert re.search(r"\{#|\{% comment %\}", path.read_text()[:400])
