"""Runs go with the record that they are on when it is merged; of one plan only one runs on."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.follow_up_plans.queries import merging
from crm.follow_up_plans.states import RunState
from records.merging.moving import Pair
from records.merging.within import NamedWithin

__all__ = ["NAMED_WITHIN"]


async def _count(at: Reading, record_type: str, record_id: UUID) -> int:
    return await merging.count_runs(at.sql, record_type, record_id)


async def _move(work: Work, pair: Pair) -> list[dict[str, Any]]:
    """Let the loser's runs be on the winner; what an undo needs of each.

    Where a plan runs on both, the run that is further goes on, and the winner's where both are as
    far; the other one stops.
    """
    runs = await merging.lock_runs(work.sql, pair.kind.name, [pair.winner_id, pair.loser_id])
    mine = {one["plan_id"]: one for one in _running(runs, pair.winner_id)}
    rows: list[dict[str, Any]] = []
    stopped: list[UUID] = []
    for one in (one for one in runs if one["record_id"] == pair.loser_id):
        rival = mine.get(one["plan_id"]) if one["state"] == RunState.RUNNING else None
        ends = None
        if rival:
            ends = rival if one["next_step"] > rival["next_step"] else one
            stopped.append(ends["id"])
        rows.append({"id": one["id"], "stopped": ends and _place_of(ends)})
    await merging.stop_merged(work.sql, stopped, work.now)
    await merging.move_runs(work.sql, [one["id"] for one in rows], pair.winner_id, work.now)
    return rows


async def _move_back(work: Work, pair: Pair, rows: Sequence[Mapping[str, Any]]) -> int:
    """Let the runs be on the loser again; how many are elsewhere now.

    A run that ended is not begun again: in the place of one that the merge stopped another one
    goes on with the same step.
    """
    await merging.lock_runs(work.sql, pair.kind.name, [pair.winner_id, pair.loser_id])
    ids = [UUID(str(one["id"])) for one in rows]
    back = await merging.move_runs(work.sql, ids, pair.loser_id, work.now, of=pair.winner_id)
    for one in rows:
        if one["stopped"]:
            place = one["stopped"]
            of = UUID(str(place["id"])), UUID(str(place["record_id"]))
            await merging.continue_run(work.sql, uuid7(), of, work.today(), work.now)
    return len(ids) - back


def _running(runs: Sequence[Mapping[str, Any]], record_id: UUID) -> list[Mapping[str, Any]]:
    return [
        one for one in runs if one["record_id"] == record_id and one["state"] == RunState.RUNNING
    ]


def _place_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """Which run was stopped, and on which record it was."""
    return {"id": run["id"], "record_id": run["record_id"]}


NAMED_WITHIN = NamedWithin(
    table="follow_up_run", column="record_id", count=_count, move=_move, move_back=_move_back
)
"""What merges make of runs on the records."""
