"""One run of the fuzzer in a process of its own: one key, one seed, some of its phases."""

import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from config.processes.children import open_log, spawn

HERE = Path(__file__).parent
# The order in which the kinds of key take their turns: what a key may do decides what a request can reach.
TURNS = ("all", "rep", "all", "intake", "all", "rep", "read", "all", "rep", "all")
# How long requests are drawn from one seed, and how many at most for one operation before the next one's turn.
SECONDS, EXAMPLES = 60, 40
# Examples and boundary values follow from the description alone: they take as long as they take, but not for ever.
ONCE_SECONDS = 900


@dataclass(frozen=True)
class Job:
    """What one process is to do."""

    key: str
    seed: int
    is_drawn: bool

    @property
    def phases(self) -> str:
        """As the fuzzer names them."""
        return "fuzzing,stateful" if self.is_drawn else "examples,coverage"

    @property
    def name(self) -> str:
        """For its files."""
        return f"{self.key}-{self.seed}" if self.is_drawn else f"{self.key}-once"


@dataclass(frozen=True)
class Outcome:
    """What came of it: cases and findings by name, answers by operation and status, and words for the reader."""

    counts: Counter[str]
    statuses: Counter[tuple[str, str]]
    summary: str


def run(job: Job, folder: Path, url: str, key: str, *, until: float) -> Outcome:
    """What was found; the whole report stands in the summary when that is anything."""
    seconds = max(5, min(SECONDS, round(until - time.monotonic()))) if job.is_drawn else ONCE_SECONDS
    report, statuses = folder / f"{job.name}.json", folder / f"{job.name}-statuses.json"
    command: list[str | Path] = [sys.executable, "-m", "schemathesis.cli", "--no-color"]
    command += ["--config-file", HERE / "schemathesis.toml", "run", folder / "openapi.json", "--url", url]
    command += ["-H", f"Authorization: Bearer {key}"]
    command += ["--phases", job.phases, "--seed", str(job.seed), "--max-examples", str(EXAMPLES)]
    command += ["--max-time", str(seconds), "--report-json-path", report]
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "LEADLOOP_FUZZ_UIDS": str(folder / "uids.json")}
    env["LEADLOOP_FUZZ_STATUSES"] = str(statuses)
    started, output = time.monotonic(), folder / f"{job.name}.log"
    with open_log(output) as log:
        code = spawn(command, env=env, log=log).wait()
    counts = _counts(report, code=code, name=job.name)
    answers = json.loads(statuses.read_text()) if statuses.exists() else []
    line = f"key “{job.key}”, {job.phases}, seed {job.seed}: {counts['cases']:,} cases in "
    line += f"{time.monotonic() - started:.0f} s"
    if any(number for name, number in counts.items() if name != "cases"):
        line = f"\n== {line}\n{output.read_text(errors='replace')}"
    return Outcome(counts, Counter({(operation, status): number for operation, status, number in answers}), line)


def _counts(report: Path, *, code: int, name: str) -> Counter[str]:
    """Cases and findings by their title; a run that left no report, or failed without saying why, is a finding."""
    if not report.exists():
        return Counter({f"run {name} broke off (exit code {code})": 1})
    said = json.loads(report.read_text())
    counts = Counter({"cases": said["test_cases"]["generated"], "errors": len(said["errors"])})
    for failure in said["failures"]:
        counts[failure["title"]] += failure["count"]
    if code and not any(number for title, number in counts.items() if title != "cases"):
        counts[f"run {name} failed (exit code {code})"] += 1
    return counts
