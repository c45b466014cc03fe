"""Goods that are pending or were rejected stay where they are when others are sent back (E64)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.inspections.queries import inspections as queries
from erp.inspections.queries.receipts import withheld_of_receipt
from erp.stock.withheld import InspectionPending, ReceiptWithheld
from values.decimals import plain

__all__ = ["require_lots_decided", "require_none_pending", "require_rest_stays"]

ByLot = Mapping[tuple[UUID, str], Decimal]
"""By item and lot that came; without lots the number is empty."""

_NOTHING = Decimal(0)


async def require_none_pending(
    work: Work, source_id: UUID, lots: Sequence[str] | None = None
) -> None:
    """See that nothing that came with a document is pending, of these lots if they are given.

    Raises InspectionPending.
    """
    for number, pending in await queries.pending_of_sources(work.sql, source_id, lots):
        raise InspectionPending(number=number, pending=plain(pending))


async def require_rest_stays(
    work: Work, receipt_id: UUID, going: ByLot, *, left: ByLot, skus: Mapping[UUID, str]
) -> None:
    """See that of what is left of a receipt as many stay as are pending or in open cases.

    Goods that a case sends back itself are not in it any more. Raises ReceiptWithheld.
    """
    for key, withheld in (await withheld_of_receipt(work.sql, receipt_id)).items():
        quantity, free = going.get(key, _NOTHING), left.get(key, _NOTHING) - withheld
        if quantity and quantity > free:
            raise ReceiptWithheld(
                sku=skus[key[0]],
                quantity=plain(quantity),
                free=plain(max(free, _NOTHING)),
                withheld=plain(withheld),
            )


async def require_lots_decided(work: Work, lot_ids: Sequence[UUID]) -> None:
    """See that nothing of lots is pending. Raises InspectionPending."""
    for _, number, pending in await queries.pending_of_lots(work.sql, lot_ids):
        raise InspectionPending(number=number, pending=plain(pending))
