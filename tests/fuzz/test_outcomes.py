"""The fuzzer's own bookkeeping: nothing that went wrong may look like nothing found."""

import itertools
import json
from pathlib import Path

import pytest

from tests.fuzz.__main__ import _goes_on, _jobs
from tests.fuzz.jobs import Job, _counts
from tests.fuzz.server import troubles


def _report(folder: Path, *, failures: list[dict[str, object]], errors: list[object]) -> Path:
    report = folder / "report.json"
    said = {"test_cases": {"generated": 7}, "failures": failures, "errors": errors}
    report.write_text(json.dumps(said))
    return report


def _findings(report: Path, code: int) -> dict[str, int]:
    return {title: n for title, n in _counts(report, code=code, name="all-1").items() if title != "cases" and n}


def test_a_run_that_found_nothing_counts_its_cases_alone(tmp_path: Path) -> None:
    report = _report(tmp_path, failures=[], errors=[])
    assert _counts(report, code=0, name="all-1")["cases"] == 7
    assert _findings(report, 0) == {}


def test_failures_errors_and_whatever_else_went_wrong_are_findings(tmp_path: Path) -> None:
    report = _report(tmp_path, failures=[{"title": "Server error", "count": 2}], errors=[{}])
    assert _findings(report, 1) == {"Server error": 2, "errors": 1}
    assert _findings(_report(tmp_path, failures=[], errors=[]), 2) == {"run all-1 failed (exit code 2)": 1}
    assert _findings(tmp_path / "none.json", -9) == {"run all-1 broke off (exit code -9)": 1}


@pytest.mark.parametrize(
    "line", ["[ERROR] Internal Server Error: /api/v1/leads/", "[CRITICAL] WORKER TIMEOUT (pid:7)", "was sent SIGKILL!"]
)
def test_trouble_in_the_servers_log_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "web.log").write_text(f"[INFO] Booting worker\n{line}\nTraceback\n")
    assert troubles(tmp_path) == [f"{line}\nTraceback"]
    (tmp_path / "web.log").write_text("[INFO] Booting worker\n")
    assert troubles(tmp_path) == []


def test_every_key_has_its_boundary_values_first_and_then_fresh_seeds_in_turn() -> None:
    jobs = list(itertools.islice(_jobs(["all", "read"], 5), 9))
    assert [(job.key, job.is_drawn) for job in jobs[:2]] == [("all", False), ("read", False)]
    assert [job.seed for job in jobs[2:]] == list(range(5, 12))
    assert {job.key for job in jobs[2:]} == {"all", "read"}


def test_drawing_ends_with_the_time_or_the_cases_and_boundary_values_never() -> None:
    drawn, once = Job("all", seed=1, is_drawn=True), Job("all", seed=1, is_drawn=False)
    assert _goes_on(drawn, float("inf"), 9, 10)
    assert not _goes_on(drawn, float("inf"), 10, 10)
    assert not _goes_on(drawn, 0, 0, None)
    assert _goes_on(once, 0, 10, 10)
