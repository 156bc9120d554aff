"""`./dev fuzz`: the product's own web server on a database of its own, and requests drawn from its description."""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from tests.fuzz.jobs import TURNS, Job, Outcome, run
from tests.fuzz.server import env, server, troubles

# Drawing a request and answering it cost about the same: one process that draws for each core keeps all of them busy,
# and processes, unlike threads, do not wait for each other's interpreter.
LANES = max(1, os.cpu_count() or 1)


def main(argv: list[str]) -> int:
    """0 when nothing was found."""
    options = _options(argv)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=os.environ["LEADLOOP_VAR"]))
    subprocess.run([sys.executable, "-m", "tests.fuzz.prepare", folder], check=True, env=env("command"))
    keys = json.loads((folder / "keys.json").read_text())
    print(f"\n== seed {options.seed}, {LANES} at a time", flush=True)
    started, found, statuses = time.monotonic(), Counter[str](), Counter[tuple[str, str]]()
    with server(folder) as url:
        jobs = _jobs(options.key or list(dict.fromkeys(TURNS)), options.seed)
        for outcome in _run_all(folder, url, keys, jobs=jobs, seconds=options.seconds, cases=options.cases):
            print(outcome.summary, flush=True)
            found += outcome.counts
            statuses += outcome.statuses
    if log := troubles(folder):
        found["server errors in its log"] = len(log)
        print("\n".join(log)[-6000:])
    _print_sums(found, statuses, seconds=time.monotonic() - started)
    return 1 if any(number for name, number in found.items() if name != "cases") else 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, help="go on until that many requests were sent, however long it takes")
    parser.add_argument("--seconds", type=int, help="go on for that long (300, when --cases is not given)")
    parser.add_argument("--key", choices=set(TURNS), action="append", help="only with this kind of key; repeatable")
    parser.add_argument("--seed", type=int, help="the seed that a run printed, to draw the same requests again")
    options = parser.parse_args(argv)
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**9)
    if options.cases is None and options.seconds is None:
        options.seconds = 300
    return options


def _jobs(names: list[str], seed: int) -> Iterator[Job]:
    """First what is the same in every run, once per key, then drawn requests under one fresh seed after the other."""
    yield from (Job(name, seed=seed, is_drawn=False) for name in names)
    turns = itertools.cycle(name for name in TURNS if name in names)
    yield from (Job(name, seed=seed + number, is_drawn=True) for number, name in enumerate(turns))


def _run_all(
    folder: Path, url: str, keys: dict[str, str], *, jobs: Iterator[Job], seconds: int | None, cases: int | None
) -> Iterable[Outcome]:
    """Outcomes as they come in, until the time is up or enough cases ran."""
    until = time.monotonic() + seconds if seconds else float("inf")
    sent = 0
    with ThreadPoolExecutor(LANES) as pool:
        running: set[Future[Outcome]] = set()
        waiting = next(jobs)
        while running or _goes_on(waiting, until, sent, cases):
            while len(running) < LANES and _goes_on(waiting, until, sent, cases):
                running.add(pool.submit(run, waiting, folder, url, keys[waiting.key], until=until))
                waiting = next(jobs)
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                sent += future.result().counts["cases"]
                if not future.result().counts["cases"]:
                    until = 0  # What sends nothing now will not later, and would go on for ever.
                yield future.result()


def _goes_on(job: Job, until: float, sent: int, cases: int | None) -> bool:
    """Whether this job still starts; what is the same in every run is never left out."""
    return not job.is_drawn or (time.monotonic() < until - 5 and (cases is None or sent < cases))


def _print_sums(found: Counter[str], statuses: Counter[tuple[str, str]], *, seconds: float) -> None:
    tried = {operation for operation, _ in statuses}
    refused = sorted(tried - {operation for operation, status in statuses if status.startswith("2")})
    print(f"\nanswered by 2xx at least once: {len(tried) - len(refused)} of {len(tried)} operations")
    if refused:
        print("never: " + ", ".join(refused))
    per_class = Counter[str]()
    for (_, status), number in statuses.items():
        per_class[f"{status[0]}xx"] += number
    print("answers: " + ", ".join(f"{name} {number:,}" for name, number in sorted(per_class.items())))
    print(f"{found['cases']:,} cases in {seconds:.0f} s, {found['cases'] / seconds:.0f} a second; ", end="")
    findings = {name: number for name, number in found.items() if name != "cases" and number}
    print(", ".join(f"{name}: {number}" for name, number in findings.items()) or "nothing found")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Not waiting for what runs: the kernel ends every process that was spawned here together with this one.
        os._exit(130)
