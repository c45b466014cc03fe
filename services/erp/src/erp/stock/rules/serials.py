"""The pieces of a move: so many at once, by lot, or one by one where each has a serial."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.stock.rules.valuation import cost_of_issue
from erp.stock.states import LocationKind

__all__ = ["Piece", "SerialPosition", "pieces_of", "pieces_of_lots"]

_ONE = Decimal(1)


class SerialPosition(NamedTuple):
    """Where a serial is: the kind and code of the place, and what its last move was."""

    item_id: UUID
    number: str
    kind: str
    place: str
    order_line_id: UUID | None
    value: Decimal
    moved_on: date
    withheld: bool = False

    @property
    def in_stock(self) -> bool:
        """Whether it lies at a place of ours."""
        return self.kind == LocationKind.INTERNAL

    def left_for(self, order_line_id: UUID) -> bool:
        """Whether it is with the customer of the order line, for that line."""
        return self.kind == LocationKind.CUSTOMER and self.order_line_id == order_line_id


class Piece(NamedTuple):
    """What one move carries: a quantity of goods, or one piece by its serial; and its worth.

    `lot_id`: the lot that the goods are of, where their item is tracked by lot.
    """

    quantity: Decimal
    value: Decimal
    serial: str | None = None
    lot_id: UUID | None = None


def pieces_of(
    quantity: Decimal, value: Decimal, serials: Sequence[str], *, decimals: int
) -> list[Piece]:
    """The quantity as one move; with serials, one piece for each, whose worth adds up exactly."""
    if not serials:
        return [Piece(quantity, value)]
    found = []
    for left, serial in zip(range(len(serials), 0, -1), serials, strict=True):
        share = cost_of_issue(_ONE, on_hand=Decimal(left), value=value, decimals=decimals)
        value -= share
        found.append(Piece(_ONE, share, serial))
    return found


def pieces_of_lots(
    shares: Sequence[tuple[UUID, Decimal]], value: Decimal, *, decimals: int
) -> list[Piece]:
    """A piece for each lot, by how much of it goes along; their worth adds up exactly."""
    left, found = sum((quantity for _, quantity in shares), Decimal(0)), []
    for lot_id, quantity in shares:
        share = cost_of_issue(quantity, on_hand=left, value=value, decimals=decimals)
        left, value = left - quantity, value - share
        found.append(Piece(quantity, share, lot_id=lot_id))
    return found
