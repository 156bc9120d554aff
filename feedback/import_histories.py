"""Rows that are events: the past of a handoff, told row by row."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from feedback.actions.histories import HistoryInput, HistoryResult, keep_histories
from feedback.logic.histories import WORDS, Step
from leads.actions.import_kinds import NOT_ALONE, Batch, RowDone
from leads.logic.errors import InvalidInput
from leads.logic.import_values import Column, Holds
from leads.models import RowResult

CREATE_TEAMS = "create_teams"
CASE = "case"
COLUMNS = (
    Column(CASE, "the key of the handoff; its rows stand together, in order of time", is_required=True),
    Column("at", "when it happened", Holds.INSTANT, is_required=True),
    Column("what", f"one of {', '.join(WORDS)}", is_required=True),
    Column("team", "name or key of the team it is in from then on", is_required=True),
    Column("person", "user name or key of whoever did it; who takes it has it", is_required=True),
    Column("channel", "what the handoff is counted under; that of its first row"),
)


def apply_histories(batch: Batch) -> list[RowDone]:
    """One result per row: the rows of a case go in together or not at all."""
    cases = [list(rows) for _, rows in groupby(batch.rows, key=lambda row: row[CASE].casefold())]
    wrong = {number: found for number, rows in enumerate(cases) if (found := _not_understood(rows))}
    results = keep_histories(
        [_case(rows) for number, rows in enumerate(cases) if number not in wrong],
        system=batch.mapping.external_system,
        by=batch.by,
        new_teams_zone=batch.mapping.when.zone.key if CREATE_TEAMS in batch.mapping.options else "",
    )
    kept = iter(results)
    done: list[RowDone] = []
    for number, rows in enumerate(cases):
        result = wrong.get(number) or next(kept)
        done += _row_results(result, len(rows))
    return done


def _row_results(result: HistoryResult, count: int) -> list[RowDone]:
    if result.error:
        return [result.error if at == result.at else InvalidInput(NOT_ALONE) for at in range(count)]
    return [RowResult.CREATED if result.is_new else RowResult.UNCHANGED] * count


def _not_understood(rows: Sequence[dict[str, Any]]) -> HistoryResult | None:
    for at, row in enumerate(rows):
        if row["what"] not in WORDS:
            text = f"“{row['what'][:80]}” is none of {', '.join(WORDS)}; say which under [values.what] in the mapping."
            return HistoryResult(error=InvalidInput(text, field="what"), at=at)
    return None


def _case(rows: Sequence[dict[str, Any]]) -> HistoryInput:
    steps = tuple(Step(at=row["at"], what=row["what"], team=row["team"], person=row["person"]) for row in rows)
    return HistoryInput(external_id=rows[0][CASE], channel=rows[0].get("channel", ""), steps=steps)
