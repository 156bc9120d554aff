"""Every ink stands out from what it lies on, in both themes: the pairs are declared in tokens.css and computed here."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "feedback" / "static" / "leadloop" / "css"
TOKEN = re.compile(
    r"^\s*--(?P<name>[a-z0-9-]+): light-dark\((?P<light>#\w+), (?P<dark>#\w+)\);\s*(?:/\* (?P<word>.*?) \*/)?", re.M
)
ON = re.compile(r"^on: (?P<surfaces>[a-z0-9 -]+?) (?P<ratio>[\d.]+)$")
TOKENS = {match["name"]: match for match in TOKEN.finditer((CSS / "tokens.css").read_text())}
PAIRS = [
    (name, surface, float(owed["ratio"]), theme)
    for name, match in TOKENS.items()
    if (owed := ON.match(match["word"] or ""))
    for surface in owed["surfaces"].split()
    for theme in ("light", "dark")
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_arithmetic_knows_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_colour_says_what_it_is():
    words = {name: match["word"] or "" for name, match in TOKENS.items()}
    assert len(words) > 30
    assert {name for name, word in words.items() if word not in ("surface", "ornament") and not ON.match(word)} == set()


def test_inks_are_judged_on_surfaces_that_exist():
    assert {surface for _, surface, _, _ in PAIRS} <= set(TOKENS)
    read = {name for name, _, ratio, _ in PAIRS if ratio >= 4.5}
    assert {"ink", "quiet", "faint", "late", "soon", "held", "good"} <= read


@pytest.mark.parametrize(("name", "surface", "ratio", "theme"), PAIRS)
def test_ink_stands_out(name: str, surface: str, ratio: float, theme: str):
    assert contrast(TOKENS[name][theme], TOKENS[surface][theme]) >= ratio


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_colours_are_named_only_in_the_tokens(path: Path):
    allowed = {"tokens.css": 200, "print.css": 3}
    found = re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text())
    assert len(found) <= allowed.get(path.name, 0), f"{path.name} brings its own colours: {found}"


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_files_stay_short_and_bring_nothing_from_elsewhere(path: Path):
    text = path.read_text()
    assert len(text.splitlines()) < 400
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_every_variable_that_is_used_is_set(path: Path):
    known = set(re.findall(r"--([a-z0-9-]+):", "".join(file.read_text() for file in CSS.glob("*.css"))))
    assert set(re.findall(r"var\(--([a-z0-9-]+)", path.read_text())) <= known
