"""Everything open of a user goes to others in one act."""

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.handovers import queries
from crm.handovers.schemas import (
    HandOver,
    HandOverPreview,
    OpenCount,
    OpenWorkView,
    PreviewHandOver,
)
from crm.reach import require_person
from crm.staff.service.members import disable_member, lock_user, member_view

__all__ = ["hand_over", "open_work_of", "preview"]

Share = dict[UUID, UUID | None]
"""Who gets which record; None: nobody may take it."""

Shares = dict[str, Share]
"""The shares by type of records."""


async def open_work_of(at: Reading, user_id: UUID) -> OpenWorkView:
    """What the user has open. Raises NotFound."""
    await member_view(at, user_id)
    counts = await open_work.counts_of(at.sql, user_id)
    return OpenWorkView(user_id=user_id, total=sum(counts.values()), open=_counted(counts))


async def preview(at: Reading, command: PreviewHandOver) -> HandOverPreview:
    """What a hand-over would move; nothing changes. Raises NotFound, Forbidden, InvalidInput."""
    await member_view(at, command.from_user_id)
    takers, shares = await _shared_out(at, command)
    return HandOverPreview.model_validate(_report(command, takers, shares))


async def hand_over(work: Work, command: HandOver) -> UUID:
    """Give everything open of a user to others, and disable the user if that is wanted.

    While it lasts nobody gives that user anything. Done again it moves what has come since; the
    id of the report. Raises NotFound, Forbidden, InvalidInput (nobody to take it).
    """
    await lock_user(work, command.from_user_id)
    takers, shares = await _shared_out(work, command)
    for kind in open_work.declared():
        shares[kind.type] = await _give(work, kind, shares[kind.type])
    await work.flush()
    if command.disable:
        await disable_member(work, command.from_user_id)
    return await queries.add_report(
        work.sql,
        _report(command, takers, shares),
        from_user_id=command.from_user_id,
        disabled=command.disable,
        actor=work.actor.reference,
        now=work.now,
    )


async def _shared_out(
    at: Reading, command: PreviewHandOver
) -> tuple[Sequence[Mapping[str, Any]], Shares]:
    """The takers, and who gets which record: in turn, over all types, so that all get alike."""
    await require_person(at, command.from_user_id)
    takers = await _takers(at, command)
    turns = [(0, place, row["id"]) for place, row in enumerate(takers)]
    shares: Shares = {}
    for kind in open_work.declared():
        ids = await open_work.open_ids(at.sql, kind, command.from_user_id)
        fits = None
        if kind.fitting is not None and ids:
            fits = await kind.fitting(at, ids, [row["id"] for row in takers])
        shares[kind.type] = {one: _next_taker(turns, one, fits) for one in ids}
    return takers, shares


def _next_taker(
    turns: list[tuple[int, int, UUID]], record_id: UUID, fits: set[tuple[UUID, UUID]] | None
) -> UUID | None:
    """Who has got the least of those who may take it; `turns` is a heap of count, place, user."""
    passed, found = [], None
    while turns and found is None:
        count, place, user_id = heappop(turns)
        if fits is None or (record_id, user_id) in fits:
            found, count = user_id, count + 1
        passed.append((count, place, user_id))
    for one in passed:
        heappush(turns, one)
    return found


async def _give(work: Work, kind: open_work.OpenWork, share: Share) -> Share:
    """Give records of a type; which were given to whom."""
    given = {one: taker for one, taker in share.items() if taker is not None}
    moved = await kind.give(work, given) if given else None
    nobodys = [one for one, taker in share.items() if taker is None]
    if nobodys and kind.release is not None:
        await kind.release(work, nobodys)
    return {one: taker for one, taker in given.items() if moved is None or one in moved}


async def _takers(at: Reading, command: PreviewHandOver) -> Sequence[Any]:
    if bool(command.to_user_ids) == bool(command.to_team_id):
        message = "Name users or a team, one of both."
        raise InvalidInput(errors=[FieldError("/to_user_ids", "users_or_team", message)])
    found = await queries.active_users(at.sql, command.to_user_ids, command.to_team_id)
    takers = [row for row in found if row["id"] != command.from_user_id]
    if command.to_user_ids and len(takers) < len(set(command.to_user_ids)):
        message = "Each of them must be an active user, and another one."
        raise InvalidInput(errors=[FieldError("/to_user_ids", "taker_unfit", message)])
    if not takers:
        message = "Nobody in this team can take anything."
        raise InvalidInput(errors=[FieldError("/to_team_id", "nobody_to_take", message)])
    for one in takers:
        await require_person(at, one["id"])
    return takers


def _report(command: PreviewHandOver, takers: Sequence[Any], shares: Shares) -> dict[str, Any]:
    taken = {kind: [one for one in share.values() if one] for kind, share in shares.items()}
    moved = {kind: len(given) for kind, given in taken.items() if given}
    by_taker: dict[UUID, Counter[str]] = {row["id"]: Counter() for row in takers}
    for kind, given in taken.items():
        for taker in given:
            by_taker[taker][kind] += 1
    return {
        "from_user_id": command.from_user_id,
        "moved": [one.model_dump() for one in _counted(moved)],
        "takers": [
            {
                "user_id": str(row["id"]),
                "name": row["name"],
                "moved": [one.model_dump() for one in _counted(by_taker[row["id"]])],
            }
            for row in takers
        ],
    }


def _counted(counts: Mapping[str, int]) -> list[OpenCount]:
    return [OpenCount(type=kind, count=counts[kind]) for kind in sorted(counts)]
