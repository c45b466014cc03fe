"""Kinds of locations, of the documents that move goods between them, and states of lots."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "LOT_FOLLOWING",
    "SOFT_FOLLOWING",
    "Direction",
    "LocationKind",
    "LotEdgeKind",
    "LotOwner",
    "LotQuality",
    "SoftReservationState",
    "StockDocumentKind",
]


class LocationKind(StrEnum):
    """Where a location is: `internal` in a warehouse of ours, any other one outside."""

    INTERNAL = "internal"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    OPENING = "opening"
    LOSS = "loss"
    REPACKING = "repacking"
    FOREIGN = "foreign"
    PRODUCTION = "production"


class StockDocumentKind(StrEnum):
    """What moved goods."""

    STOCK_RECEIPT = "stock_receipt"
    OPENING_STOCK = "opening_stock"
    STOCK_ADJUSTMENT = "stock_adjustment"
    PURCHASE_RECEIPT = "purchase_receipt"
    PURCHASE_RETURN = "purchase_return"
    PURCHASE_RETURN_REVERSAL = "purchase_return_reversal"
    PURCHASE_REVERSAL = "purchase_reversal"
    SHIPMENT = "shipment"
    SHIPMENT_REVERSAL = "shipment_reversal"
    RETURN = "return"
    RETURN_REVERSAL = "return_reversal"
    LOT_SPLIT = "lot_split"
    LOT_MERGE = "lot_merge"
    FOREIGN_RECEIPT = "foreign_receipt"
    FOREIGN_ISSUE = "foreign_issue"
    PRODUCTION_ISSUE = "production_issue"
    PRODUCTION_RETURN = "production_return"
    PRODUCTION_REPORT = "production_report"
    PRODUCTION_CLOSE = "production_close"
    REPAIR_RECEIPT = "repair_receipt"
    REPAIR_DISPATCH = "repair_dispatch"
    REPAIR_ISSUE = "repair_issue"
    REPAIR_RETURN = "repair_return"
    REPAIR_RECOVERY = "repair_recovery"


class LotOwner(StrEnum):
    """Whose the goods of a lot are; those of others have a quantity and no value."""

    OWN = "own"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class LotQuality(StrEnum):
    """Whether a lot may be used: only a `released` one is reserved and shipped (E40)."""

    RELEASED = "released"
    INSPECTION = "inspection"
    QUARANTINE = "quarantine"
    BLOCKED = "blocked"


class LotEdgeKind(StrEnum):
    """By which act goods of one lot became goods of another."""

    SPLIT = "split"
    MERGE = "merge"
    PRODUCTION = "production"


class Direction(StrEnum):
    """`forward`: what became of a lot; `backward`: what it came of."""

    FORWARD = "forward"
    BACKWARD = "backward"


LOT_FOLLOWING: Mapping[LotQuality, frozenset[LotQuality]] = {
    LotQuality.RELEASED: frozenset(
        {LotQuality.INSPECTION, LotQuality.QUARANTINE, LotQuality.BLOCKED}
    ),
    LotQuality.INSPECTION: frozenset(
        {LotQuality.RELEASED, LotQuality.QUARANTINE, LotQuality.BLOCKED}
    ),
    LotQuality.QUARANTINE: frozenset(
        {LotQuality.INSPECTION, LotQuality.RELEASED, LotQuality.BLOCKED}
    ),
    LotQuality.BLOCKED: frozenset({LotQuality.INSPECTION, LotQuality.QUARANTINE}),
}
"""A blocked lot is looked at again before it is released."""


class SoftReservationState(StrEnum):
    """An `open` one counts until it expires; `used`: an order line took it; or it was `released`.

    That it has expired is no state: its `expires_at` has passed.
    """

    OPEN = "open"
    USED = "used"
    RELEASED = "released"


SOFT_FOLLOWING: Mapping[SoftReservationState, frozenset[SoftReservationState]] = {
    SoftReservationState.OPEN: frozenset(
        {SoftReservationState.USED, SoftReservationState.RELEASED}
    ),
    SoftReservationState.USED: frozenset(),
    SoftReservationState.RELEASED: frozenset(),
}
"""One that has ended stays so: it is used at most once."""
