"""A receipt that is locked: what of it did not go back, by line and by lot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from erp.purchasing.errors import NothingToSendBack
from erp.purchasing.models.orders import PurchaseOrderLine
from erp.purchasing.models.receipts import PurchaseReceiptLine
from erp.purchasing.queries.orders import LockedPurchaseOrder
from erp.purchasing.queries.receipts import ReceiptHead
from erp.purchasing.schemas.receipts import ReturnLine
from erp.stock.schemas.lot_lines import LotQuantity

__all__ = ["LockedReceipt", "requested_lines"]


@dataclass(frozen=True)
class LockedReceipt:
    """A receipt with its lines, and its order, locked."""

    head: ReceiptHead
    lines: list[PurchaseReceiptLine]
    locked: LockedPurchaseOrder
    order_lines: dict[UUID, PurchaseOrderLine] = field(default_factory=dict)
    came_as: Mapping[str, str] = field(default_factory=dict)
    """By lots that were split off since they came, those that came."""
    lots_gone: dict[UUID, dict[str, Decimal]] = field(default_factory=dict)
    """By line, what went back of each lot."""

    def sku(self, line: PurchaseReceiptLine) -> str:
        """The SKU of what came with the line."""
        return self.locked.skus[line.item_id]

    def left(self) -> dict[tuple[UUID, str], Decimal]:
        """What did not go back, by item and lot that came; without lots the number is empty."""
        left: dict[tuple[UUID, str], Decimal] = {}
        for line in self.lines:
            lots = line.lots_left(self.lots_gone.get(line.id, {})) or {"": line.left}
            for number, many in lots.items():
                key = (line.item_id, number)
                left[key] = left.get(key, Decimal(0)) + many
        return left

    def going(self, requested: Sequence[ReturnLine]) -> dict[tuple[UUID, str], Decimal]:
        """What is to go back, as `left`; of a line of one lot that is not named it is that one."""
        lines = {line.order_line_id: line for line in self.lines}
        going: dict[tuple[UUID, str], Decimal] = {}
        for one in requested:
            line = lines.get(one.line_id)
            if line is None:
                continue
            named = [(self.came_as.get(lot.number, lot.number), lot.quantity) for lot in one.lots]
            first = line.lots[0]["number"] if line.lots else ""
            for number, many in named or [(first, one.quantity)]:
                key = (line.item_id, number)
                going[key] = going.get(key, Decimal(0)) + many
        return going


def requested_lines(
    receipt: LockedReceipt, requested: Sequence[ReturnLine] | None
) -> list[ReturnLine]:
    """What goes back: the lines named, or all that did not go back yet."""
    if requested is not None:
        return list(requested)
    left = [
        ReturnLine(
            line_id=line.order_line_id,
            quantity=line.left,
            serials=line.serials,
            lots=[
                LotQuantity(number=number, quantity=left)
                for number, left in line.lots_left(receipt.lots_gone.get(line.id, {})).items()
                if left > 0
            ],
        )
        for line in receipt.lines
        if line.left
    ]
    if not left:
        raise NothingToSendBack(number=receipt.head.number)
    return left
