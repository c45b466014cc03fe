"""Where goods of a lot came from and went, and how all of them are held at once (E65)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.stock.queries import genealogy, locking
from erp.stock.queries import lots as queries
from erp.stock.schemas.lots import (
    LotDecision,
    LotDocument,
    LotTrace,
    RecalledCustomer,
    RecallList,
    TracedLot,
)
from erp.stock.service.lots import LOT
from erp.stock.states import Direction, LotQuality
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["hold", "recall", "trace"]

MOST_DOCUMENTS = 10_000
"""So many documents of lots are shown."""


async def trace(at: Reading, lot_id: UUID, direction: Direction) -> LotTrace:
    """The lots that a lot came of, or that came of it, with the documents that moved them.

    Raises NotFound.
    """
    lots = await _reached(at, lot_id, direction)
    ids = [row["lot_id"] for row in lots]
    documents = await genealogy.documents_of_lots(at.sql, ids, limit=MOST_DOCUMENTS + 1)
    return LotTrace(
        lot_id=lot_id,
        direction=direction,
        lots=[TracedLot.model_validate(row) for row in lots],
        documents=[LotDocument.model_validate(row) for row in documents[:MOST_DOCUMENTS]],
        complete=len(documents) <= MOST_DOCUMENTS,
    )


async def _reached(at: Reading, lot_id: UUID, direction: Direction) -> Sequence[Mapping[str, Any]]:
    lots = await genealogy.reached_lots(at.sql, lot_id, direction)
    if not lots:
        raise NotFound(entity="lot", id=lot_id)
    return lots


async def recall(at: Reading, lot_id: UUID) -> RecallList:
    """Every customer who has goods of a lot and of all that came of it, and what can be held here.

    Raises NotFound.
    """
    lots = await _reached(at, lot_id, Direction.FORWARD)
    customers = await genealogy.customers_of_lots(at.sql, [row["lot_id"] for row in lots])
    return RecallList(
        lot_id=lot_id,
        lots=[TracedLot.model_validate(row) for row in lots],
        customers=[RecalledCustomer.model_validate(row) for row in customers],
        on_hand=sum((row["on_hand"] for row in lots), Decimal(0)),
        holdable=sum(
            (row["on_hand"] for row in lots if row["quality"] != LotQuality.BLOCKED), Decimal(0)
        ),
    )


async def hold(work: Work, lot_id: UUID, command: LotDecision) -> RecallList:
    """Block a lot and all that came of it, in one transaction; what is reserved of them moves.

    Done again it changes nothing. Raises NotFound.
    """
    reached = await genealogy.reached_lots(work.sql, lot_id, Direction.FORWARD)
    if not reached:
        raise NotFound(entity="lot", id=lot_id)
    ids = [row["lot_id"] for row in reached]
    await locking.load_for_update(work, sorted(await queries.items_of_lots(work.sql, ids)))
    # Read once their items are locked: nobody splits or merges one of them meanwhile.
    reached = await genealogy.reached_lots(work.sql, lot_id, Direction.FORWARD)
    found = await lock_visible(work, LOT, sorted(row["lot_id"] for row in reached))
    values = {"quality": LotQuality.BLOCKED, "quality_reason": command.reason}
    changes = [Change(lot, values) for lot in found.values() if lot.quality != LotQuality.BLOCKED]
    await write(work, LOT, changes)
    return await recall(work, lot_id)
