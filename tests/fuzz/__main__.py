"""`./dev fuzz`: the product's own web server on a database of its own, and requests drawn from its description."""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
# For how much of the time each kind of key is tried: what it may do decides what a request can reach.
SHARES = {"all": 0.55, "rep": 0.25, "intake": 0.1, "read": 0.1}


def main(argv: list[str]) -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=50, help="most requests per address, phase and key (50)")
    parser.add_argument("--seconds", type=int, default=300, help="how long to go on, all keys together (300)")
    parser.add_argument("--key", choices=SHARES, action="append", help="only with this kind of key; may be repeated")
    options = parser.parse_args(argv)
    chosen = {name: SHARES[name] for name in options.key or SHARES}
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=os.environ["LEADLOOP_VAR"]))
    subprocess.run([sys.executable, "-m", "tests.fuzz.prepare", folder], check=True, env=_env("command"))
    keys = json.loads((folder / "keys.json").read_text())
    found = Counter[str]()
    with _server(folder) as port:
        for name, share in chosen.items():
            seconds = max(10, round(options.seconds * share / sum(chosen.values())))
            found += _with_key(folder, name, keys[name], port=port, cases=options.cases, seconds=seconds)
    log = (folder / "web.log").read_text()
    if failed := log.count("Internal Server Error"):
        found["server errors in its log"] = failed
        print(log[-6000:])
    print(f"\n{found['cases']} cases; " + ", ".join(f"{name}: {number}" for name, number in found.items()))
    return 1 if any(number for name, number in found.items() if name != "cases") else 0


def _with_key(folder: Path, name: str, key: str, *, port: int, cases: int, seconds: int) -> Counter[str]:
    """How many cases ran and what failed, under this key."""
    print(f"\n== key “{name}”, {seconds} s", flush=True)
    report = folder / f"{name}.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"]
    command += [folder / "openapi.json", "--url", f"http://127.0.0.1:{port}", "-H", f"Authorization: Bearer {key}"]
    command += [
        "--workers",
        "2",
        "--max-examples",
        str(cases),
        "--max-time",
        str(seconds),
        "--report-json-path",
        report,
    ]
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "LEADLOOP_FUZZ_UIDS": str(folder / "uids.json")}
    code = subprocess.run(command, env=env).returncode
    if not report.exists():
        return Counter({f"runs with key {name} that broke off (exit code {code})": 1})
    said = json.loads(report.read_text())
    counts = Counter({"cases": said["test_cases"]["generated"], "errors": len(said["errors"])})
    for failure in said["failures"]:
        counts[failure["title"]] += failure["count"]
    return counts


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[int]:
    """The port at which the product answers, until the end of the block."""
    with socket.socket() as door, (folder / "web.log").open("w") as log:
        door.bind(("127.0.0.1", 0))
        door.listen(256)
        web = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{door.fileno()}", "--workers", "2"]
        process = subprocess.Popen(web, env=_env("web"), pass_fds=[door.fileno()], stdout=log, stderr=log)
        try:
            time.sleep(1)
            yield door.getsockname()[1]
        finally:
            process.terminate()
            process.wait(30)


def _env(role: str) -> dict[str, str]:
    more = {"LEADLOOP_ROLE": role, "DJANGO_SETTINGS_MODULE": "config.settings", "LEADLOOP_ALLOWED_HOSTS": "127.0.0.1"}
    return {**os.environ, **more}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
