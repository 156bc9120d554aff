"""The shape of the code, read from the code: who may import, write and listen, and how long things may get.

import-linter checks the import directions as well (pyproject.toml); here stands what it cannot see.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("leads", "feedback", "sla", "config")
SOURCES = sorted(
    path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)
TEMPLATES = sorted(path for folder in ("templates", *APPS) for path in (ROOT / folder).rglob("*.html"))

LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 400, 60, 6
BUCKETS = {"utils", "util", "helpers", "helper", "services", "service", "common", "misc", "extras", "shared"}

WRITES = {
    *("save", "delete", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("asave", "adelete", "acreate", "aupdate", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create"),
    "executemany",
}
# update() is a word of dictionaries and digests too: only on something that was queried is it a write.
QUERIED = {"objects", "filter", "exclude", "all", "select_for_update", "order_by", "_default_manager", "_base_manager"}
WRITING_SQL = re.compile(r"\s*(WITH\b.*\b)?(INSERT\s+INTO|UPDATE\s|DELETE\s+FROM|TRUNCATE|COPY\s)", re.I | re.S)

# Modules outside actions/ that write, and why they may.
MAY_WRITE: dict[str, str] = {}

# Who hears which news. A receiver more is a consequence more of every click: add it here knowingly.
RECEIVERS = {
    "leads/receivers.py": {("user_logged_in", "make_room"), ("connection_created", "prepare")},
    "feedback/receivers.py": {("engaged", "end_holds"), ("lead_qualified", "offer"), ("merged", "follow")},
    "sla/receivers.py": {
        ("handoff_changed", "keep_clocks"),
        ("attempt_logged", "count_attempt"),
        ("availability_changed", "look_again"),
    },
}

IMPURE_MODULES = ("django", "rest_framework", "celery", "psycopg", "redis", "os", "socket", "subprocess", "requests")
IMPURE_MODULES += ("random", "secrets", "time", "pathlib", "logging", "http", "urllib.request")
CLOCKS = {"now", "utcnow", "today"}

INLINE = {
    "a style element": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.I),
    "an event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "unescaped output": re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off"),
}


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), str(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def calls(path: Path) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func


def names_in(node: ast.AST) -> set[str]:
    found = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return found | {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def write_of(call: ast.Call, function: ast.Attribute) -> str | None:
    """What the call writes with, None for a call that does not."""
    names = names_in(function.value)
    if function.attr in WRITES and not names & {"session", "cache", "cookies"}:
        return f".{function.attr}()"
    if function.attr in ("update", "aupdate") and names & QUERIED:
        return ".update()"
    texts = (part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str))
    if function.attr in ("execute", "copy") and any(WRITING_SQL.match(text) for text in texts):
        return "writing SQL"
    return None


def test_there_is_something_to_read():
    assert len(SOURCES) > 50
    assert {path.parts[0] for path in SOURCES} == set(APPS)


@pytest.mark.parametrize("position", range(len(APPS) - 1), ids=APPS[:-1])
def test_no_app_imports_from_above(position: int):
    above = APPS[position + 1 :]
    found = [
        f"{path}:{line} imports {module}"
        for path in SOURCES
        if path.parts[0] == APPS[position]
        for line, module in imported(path)
        if module.split(".")[0] in above
    ]
    assert not found, "\n".join(found)


def test_logic_knows_no_framework_no_clock_and_no_outside():
    found = []
    for path in (path for path in SOURCES if path.parts[1] == "logic"):
        found += [
            f"{path}:{line} imports {module}"
            for line, module in imported(path)
            if any(module == impure or module.startswith(f"{impure}.") for impure in IMPURE_MODULES)
        ]
        found += [f"{path}:{call.lineno} reads the clock" for call, function in calls(path) if function.attr in CLOCKS]
        found += [
            f"{path}:{node.lineno} opens a file"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        ]
    assert not found, "\n".join(found)


def test_only_actions_write():
    found, excused = [], set()
    for path in (path for path in SOURCES if path.parts[0] != "config" and "actions" not in path.parts):
        writes = [f"{path}:{call.lineno} {how}" for call, name in calls(path) if (how := write_of(call, name))]
        if writes and str(path) in MAY_WRITE:
            excused.add(str(path))
        else:
            found += writes
    assert not found, "\n".join(found)
    assert excused == set(MAY_WRITE), "an exception that nothing needs any more"


def test_receivers_are_the_listed_ones():
    found: dict[str, set[tuple[str, str]]] = {}
    for path in (path for path in SOURCES if path.parts[:2] != ("config", "processes")):
        for call, function in calls(path):
            if function.attr == "connect" and call.args and isinstance(call.args[0], ast.Name):
                signal = sorted(names_in(function.value))[-1]
                found.setdefault(str(path), set()).add((signal, call.args[0].id))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and names_in(mark.func) == {"receiver"}:
                        found.setdefault(str(path), set()).update((name, node.name) for name in names_in(mark.args[0]))
    assert found == RECEIVERS


def test_no_model_save_signals_and_no_save_overrides():
    signals = "django.db.models.signals"
    found = [f"{path}:{line}" for path in SOURCES for line, name in imported(path) if name == signals]
    found += [
        f"{path}:{node.lineno} overrides {node.name}()"
        for path in SOURCES
        if "models" in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete")
    ]
    assert not found, "\n".join(found)


def test_nothing_is_too_long():
    found = [f"{path}: {count} lines" for path in SOURCES if (count := line_count(path)) > LONGEST_FILE]
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{path}:{node.lineno} {node.name}() has {length} lines")
            parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            parameters = [parameter for parameter in parameters if parameter.arg not in ("self", "cls", "by", "at")]
            if len(parameters) > MOST_PARAMETERS:
                found.append(f"{path}:{node.lineno} {node.name}() takes {len(parameters)} parameters")
    assert not found, "\n".join(found)


def line_count(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def test_no_bucket_modules():
    found = [str(path) for path in SOURCES if BUCKETS & {path.stem, *path.parts[:-1]}]
    assert not found, "\n".join(found)


def test_templates_hold_no_inline_script_or_style():
    found = []
    for path in TEMPLATES:
        # Comments may speak of what markup may not do.
        text = re.sub(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", "", path.read_text(), flags=re.S)
        found += [f"{path.relative_to(ROOT)} has {what}" for what, pattern in INLINE.items() if pattern.search(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "Lead.objects.create(email=x)",
        "lead.save()",
        "Lead.objects.filter(pk=1).update(email=x)",
        "leads.all().delete()",
        "cursor.execute('UPDATE leads_lead SET email = %s', [x])",
        "cursor.execute('WITH due AS (SELECT 1) INSERT INTO t SELECT 1')",
    ],
)
def test_a_write_is_seen(line: str):
    call = ast.parse(line, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    assert write_of(call, call.func)


@pytest.mark.parametrize("line", ["facts.update(a=1)", "digest.update(b'')", "cursor.execute('SELECT 1')"])
def test_a_harmless_call_is_not_taken_for_a_write(line: str):
    call = ast.parse(line, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    assert write_of(call, call.func) is None
