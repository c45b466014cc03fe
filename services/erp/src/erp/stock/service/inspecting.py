"""Lots that are inspected as their goods come, and what becomes of them by verdicts (E64)."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.lines import LotLine, ReceiptLine
from erp.stock.models.lots import Lot
from erp.stock.queries import lot_stock
from erp.stock.schemas.lots import LotDecision, LotPart, SplitLot
from erp.stock.service.demand import lock_stock
from erp.stock.service.lots import LOT, decide
from erp.stock.service.repacking import split_off
from erp.stock.states import LotQuality
from records.types import Change
from records.writes import lock_visible, write

__all__ = [
    "inspect_coming_lots",
    "inspect_lot_again",
    "own_lot_ids",
    "reject_lot",
    "release_inspected",
    "use_lot",
]

_LOOKED_AT = frozenset({LotQuality.RELEASED, LotQuality.INSPECTION})


async def inspect_coming_lots(
    work: Work, lines: Sequence[ReceiptLine], reason: str, *, item_ids: Collection[UUID]
) -> list[ReceiptLine]:
    """The lines with their lots in inspection; those that are there give up their reservations.

    A lot in quarantine, or blocked, stays so. `item_ids`: of all goods that the act moves, which
    are locked at once.
    """
    await lock_stock(work, item_ids)
    named = {(line.item_id, lot.number) for line in lines for lot in line.lots}
    known = await lot_stock.own_lots(work.sql, sorted(named)) if named else {}
    released = sorted(
        row["lot_id"] for row in known.values() if row["quality"] == LotQuality.RELEASED
    )
    if released:
        found = await lock_visible(work, LOT, released)
        values = {"quality": LotQuality.INSPECTION, "quality_reason": reason}
        await write(work, LOT, [Change(found[one], values) for one in released])
    qualities = {key: row["quality"] for key, row in known.items()}
    return [
        line._replace(
            lots=[_inspected(lot, qualities.get((line.item_id, lot.number))) for lot in line.lots]
        )
        for line in lines
    ]


def _inspected(lot: LotLine, quality: str | None) -> LotLine:
    """The lot as it comes: in inspection, unless it is, or comes, worse."""
    asked = quality or lot.quality or LotQuality.RELEASED
    return lot._replace(quality=LotQuality.INSPECTION if asked in _LOOKED_AT else asked)


async def own_lot_ids(
    work: Work, named: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], UUID]:
    """The lots of ours by item and number."""
    known = await lot_stock.own_lots(work.sql, sorted(set(named))) if named else {}
    return {key: row["lot_id"] for key, row in known.items()}


async def release_inspected(work: Work, lot_id: UUID, reason: str) -> None:
    """Let a lot be used of which nothing is pending; one that is not in inspection stays so."""
    found: Lot = (await lock_visible(work, LOT, [lot_id]))[lot_id]
    if found.quality == LotQuality.INSPECTION:
        await decide(work, lot_id, LotQuality.RELEASED, LotDecision(reason=reason))


async def reject_lot(work: Work, lot_id: UUID, quantity: Decimal, number: str, reason: str) -> UUID:
    """Set so many of a lot apart: the lot itself where that is all of it, else a new lot; its id.

    Raises TooLittleInLot, DuplicateLotNumber, PeriodClosed, NoPeriod.
    """
    return await _decide_part(work, (lot_id, quantity), number, LotQuality.QUARANTINE, reason)


async def inspect_lot_again(
    work: Work, lot_id: UUID, quantity: Decimal, number: str, reason: str
) -> UUID:
    """Let so many of a lot be inspected again, as `reject_lot` sets them apart."""
    return await _decide_part(work, (lot_id, quantity), number, LotQuality.INSPECTION, reason)


async def use_lot(work: Work, lot_id: UUID, quantity: Decimal, number: str, reason: str) -> None:
    """Let so many of a lot that was set apart be used; one that may be used stays as it is."""
    found: Lot = (await lock_visible(work, LOT, [lot_id]))[lot_id]
    if found.quality != LotQuality.RELEASED:
        await _decide_part(work, (lot_id, quantity), number, LotQuality.RELEASED, reason)


async def _decide_part(
    work: Work, part: tuple[UUID, Decimal], number: str, quality: LotQuality, reason: str
) -> UUID:
    """Bring so many of a lot into a state: all of it, or a new lot that is split off; its id."""
    lot_id, quantity = part
    found: Lot = (await lock_visible(work, LOT, [lot_id]))[lot_id]
    lies = (await lot_stock.on_hand_of_lots(work.sql, [lot_id])).get(lot_id, Decimal(0))
    if quantity != lies:
        new = LotPart(number=f"{found.number}-{number}", quantity=quantity)
        [lot_id] = await split_off(work, lot_id, SplitLot(parts=[new]))
    if quantity != lies or found.quality != quality:
        await decide(work, lot_id, quality, LotDecision(reason=reason))
    return lot_id
