"""What the fuzzer knows beyond the description: uids that exist, so that it comes further than 404.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). The uids stand in the file that LEADLOOP_FUZZ_UIDS names, by the first
part of an address.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(Path(os.environ["LEADLOOP_FUZZ_UIDS"]).read_text())
# Every fourth uid stays as it was drawn: what does not exist has to be refused well, too.
_DRAWN = 0.25


@schemathesis.hook
def before_call(context: Any, case: Any, **_: Any) -> None:
    """Put uids that exist where the case has valid ones that do not."""
    kind = case.path.removeprefix("/api/v1/").partition("/")[0]
    chance = random.Random(repr((case.path, case.path_parameters, case.body)))
    if _is_uid((case.path_parameters or {}).get("uid")) and KNOWN.get(kind) and chance.random() > _DRAWN:
        case.path_parameters["uid"] = chance.choice(KNOWN[kind])
    for item in case.body if isinstance(case.body, list) else [case.body]:
        if not isinstance(item, dict):
            continue
        for name, other in (("handoff", "handoffs"), ("to", "reps")):
            if _is_uid(item.get(name)) and chance.random() > _DRAWN:
                item[name] = chance.choice(KNOWN[other])


def _is_uid(value: object) -> bool:
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4
