"""What the acts of stock are asked for, line by line, as the modules above name it.

`serials` name the pieces of an item that is tracked by serial, one for each; of other items none.
`lots` name the lots of an item that is tracked by lot, and how many of each; of other items none.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from erp.stock.states import LocationKind

__all__ = [
    "AdjustLine",
    "DemandLine",
    "DemandState",
    "ExpectedLine",
    "LotLine",
    "MaterialLine",
    "NewHold",
    "NewMove",
    "NewSerial",
    "OrderDemand",
    "ReceiptLine",
    "ReturnLine",
    "ShipLine",
    "Shortage",
    "SoftLine",
    "SupplierReturnLine",
]


class LotLine(NamedTuple):
    """So many of a lot, by its number; what a lot is that comes for the first time.

    None: it is not said.
    """

    number: str
    quantity: Decimal
    supplier_lot: str | None = None
    made_on: date | None = None
    expires_on: date | None = None
    quality: str | None = None


class DemandLine(NamedTuple):
    """What an order line needs, when, and for which day it was promised, if it was.

    `soft_reservation_id` names the soft reservation that it uses, if it uses one; `place` is the
    place in the queue that it takes over from that; None: behind all others.
    """

    order_line_id: UUID
    order_id: UUID
    item_id: UUID
    quantity: Decimal
    needed_on: date
    promised_on: date | None = None
    soft_reservation_id: UUID | None = None
    place: int | None = None


class SoftLine(NamedTuple):
    """What a soft reservation that counts needs of an item by the day it is promised for."""

    id: UUID
    item_id: UUID
    quantity: Decimal
    promised_on: date
    place: int


class ShipLine(NamedTuple):
    """What leaves for an order line; without `serials` the pieces that came first.

    Without `lots` those that the item's picking takes first.
    """

    order_line_id: UUID
    quantity: Decimal
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()


class ReturnLine(NamedTuple):
    """What comes back of an order line; `lots` may be left out where it left from one alone."""

    order_line_id: UUID
    quantity: Decimal
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()


class ReceiptLine(NamedTuple):
    """What comes in and what it is worth, in the installation's currency.

    `expected_id` names the line of `ExpectedLine` that it answers, if it was expected;
    `source_id` the receipt it belongs to where one call books several; `supplier_id` whom new
    lots came from; `withheld_by` what goods that have no lots are withheld by as they come.
    """

    item_id: UUID
    quantity: Decimal
    value: Decimal
    expected_id: UUID | None = None
    source_id: UUID | None = None
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()
    supplier_id: UUID | None = None
    withheld_by: UUID | None = None


class SupplierReturnLine(NamedTuple):
    """What goes back to a supplier, and the value it was received at."""

    item_id: UUID
    quantity: Decimal
    value: Decimal
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()


class MaterialLine(NamedTuple):
    """What production takes of an item for a document; without `serials` the first that came.

    Without `lots` those that the item's picking takes first. `demand_id`: the line for which some
    of it may be reserved; that is taken first.
    """

    item_id: UUID
    quantity: Decimal
    source_id: UUID
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()
    demand_id: UUID | None = None


class AdjustLine(NamedTuple):
    """What was found too much (positive) or too little (negative).

    `value` is what a surplus is worth in all; None: as much as the pieces beside it.
    """

    item_id: UUID
    quantity: Decimal
    value: Decimal | None = None
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()


class ExpectedLine(NamedTuple):
    """What is still expected of a supplier or of production, and when; nothing: no longer."""

    source_line_id: UUID
    item_id: UUID
    quantity: Decimal
    due_on: date


class OrderDemand(NamedTuple):
    """What an order needs of stock, to be promised for one day, at the earliest as wanted."""

    lines: Sequence[DemandLine]
    wanted_on: date
    customer_id: UUID | None = None


class DemandState(NamedTuple):
    """How an order line stands: wanted = reserved + waiting + shipped."""

    order_id: UUID
    order_line_id: UUID
    item_id: UUID
    wanted: Decimal
    reserved: Decimal
    waiting: Decimal
    shipped: Decimal


class Shortage(NamedTuple):
    """What is waited for, neither free nor expected from anyone; needed first on the day."""

    quantity: Decimal
    needed_on: date


class NewHold(NamedTuple):
    """So many of an item, or one serial of it, that are withheld by an inspection or a case."""

    id: UUID
    item_id: UUID
    source_id: UUID
    serial: str | None
    quantity: Decimal


class NewMove(NamedTuple):
    """A move between our place and one outside, of a kind; `inward`: it comes in."""

    id: UUID
    item_id: UUID
    location_id: UUID
    outside_kind: LocationKind
    inward: bool
    quantity: Decimal
    value: Decimal
    source_id: UUID
    order_line_id: UUID | None
    serial: str | None = None
    tracking: str = "none"
    lot_id: UUID | None = None


class NewSerial(NamedTuple):
    """A serial that was never here; at a kind of location outside until the move brings it."""

    id: UUID
    item_id: UUID
    number: str
    outside_kind: LocationKind
    move_id: UUID
