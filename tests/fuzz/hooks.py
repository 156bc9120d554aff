"""What the fuzzer knows beyond the description: uids and reasons that exist, so that it comes further than 404.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). They stand in the file that LEADLOOP_FUZZ_UIDS names, by the first
part of an address. How often each operation answered what is written at the end to LEADLOOP_FUZZ_STATUSES: a fuzzer
that is only ever refused finds nothing, and somebody should see that.
"""

import atexit
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(Path(os.environ["LEADLOOP_FUZZ_UIDS"]).read_text())
# Every fourth uid stays as it was drawn: what does not exist has to be refused well, too.
_DRAWN = 0.25
_answers = Counter[tuple[str, int]]()


# What a uid of this name is the uid of; `drop` is what is merged away, of the kind the address names.
_NAMED = {"handoff": "open", "to": "reps", "owner": "reps"}
_NAMED |= {"account": "accounts", "campaign": "campaigns", "lead": "leads", "team": "teams"}


@schemathesis.hook
def before_call(context: Any, case: Any, **_: Any) -> None:
    """Put uids and reasons that exist where the case has valid ones that do not."""
    kind = case.path.removeprefix("/api/v1/").partition("/")[0]
    chance = random.Random(repr((case.path, case.path_parameters, case.query, case.body)))
    _put(case.path_parameters, {"uid": "open" if (case.method, kind) == ("POST", "handoffs") else kind}, chance)
    _put(case.query, _NAMED, chance)
    for item in case.body if isinstance(case.body, list) else [case.body]:
        _put(item, {**_NAMED, "drop": kind}, chance)
        if isinstance(item, dict) and isinstance(item.get("reason"), str) and chance.random() > _DRAWN:
            item["reason"] = chance.choice(KNOWN["reasons"])


def _put(values: Any, kinds: dict[str, str], chance: random.Random) -> None:
    if not isinstance(values, dict):
        return
    for name, kind in kinds.items():
        if _is_uid(values.get(name)) and KNOWN.get(kind) and chance.random() > _DRAWN:
            values[name] = chance.choice(KNOWN[kind])


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the answer."""
    _answers[case.operation.label, response.status_code] += 1


@atexit.register
def _write_answers() -> None:
    rows = [[operation, str(status), number] for (operation, status), number in _answers.items()]
    Path(os.environ["LEADLOOP_FUZZ_STATUSES"]).write_text(json.dumps(rows))


def _is_uid(value: object) -> bool:
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4
