"""The document that a policy is published as: every key there, steps in one order, so that two can be compared."""

from collections.abc import Mapping, Sequence
from typing import Any

from sla.logic.events import DECIDE, DEPTH, FIRST_ATTEMPT, OWNER, QUALIFY

KEYS = (DECIDE, FIRST_ATTEMPT, DEPTH, QUALIFY, OWNER)
"""Targets in the order in which they are told."""

POLICY = {
    "name": "",
    "position": 0,
    "is_active": True,
    "hop_limit": 3,
    "valid_from": "",
    "valid_until": None,
    "calendar": "",
    "conditions": (),
    "targets": {},
}
TARGET = {
    "minutes": None,
    "days": None,
    "attempts": None,
    "channels": None,
    "counts_in": "policy",
    "starts": (),
    "stops": (),
    "cancels": (),
    "runs_through": (),
    "steps": (),
}
STEP = {
    "action": "",
    "percent": None,
    "minutes_before": None,
    "minutes_after": None,
    "channel": "",
    "template": "",
}
AMOUNT_KEYS = ("minutes", "days", "attempts", "channels")
EVENT_KEYS = ("starts", "stops", "cancels", "runs_through")


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every key, targets in their order, steps as ordered, lists of events sorted.

    Two documents that promise the same are equal once complete; keys that are not of the format are left out.
    """
    whole = _with(POLICY, document)
    whole["conditions"] = [_with({"field": "", "operator": "", "value": ""}, one) for one in whole["conditions"]]
    given = document.get("targets") or {}
    whole["targets"] = {key: _target(given[key]) for key in KEYS if key in given}
    return whole


def ordered(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps with every key: by share, then by time before the deadline, then after it; else as given."""
    return sorted((_with(STEP, step) for step in steps), key=_place)


def _place(step: Mapping[str, Any]) -> tuple[int, int]:
    if step["percent"] is not None:
        return 0, step["percent"]
    if step["minutes_before"] is not None:
        return 1, -step["minutes_before"]
    return 2, step["minutes_after"] or 0


def _target(given: Mapping[str, Any]) -> dict[str, Any]:
    whole = _with(TARGET, given)
    for key in EVENT_KEYS:
        whole[key] = sorted(set(whole[key]))
    whole["steps"] = ordered(whole["steps"])
    return whole


def _with(usual: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: given.get(key, value) for key, value in usual.items()}
