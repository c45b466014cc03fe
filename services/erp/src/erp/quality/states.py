"""Sources and states of cases, and what becomes of goods that do not conform."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "CASE_FOLLOWING",
    "CaseSource",
    "CaseState",
    "DispositionKind",
    "LinkKind",
]


class CaseSource(StrEnum):
    """Who found it: an inspection, a customer, production, or anybody."""

    INSPECTION = "inspection"
    COMPLAINT = "complaint"
    PRODUCTION = "production"
    MANUAL = "manual"


class CaseState(StrEnum):
    """`open` until all is disposed and done; `cancelled` where it was none."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


CASE_FOLLOWING: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.CLOSED, CaseState.CANCELLED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
    CaseState.CANCELLED: frozenset(),
}


class DispositionKind(StrEnum):
    """What becomes of goods: used as they are, worked on again, lost, sent back, or left."""

    USE_AS_IS = "use_as_is"
    REWORK = "rework"
    SCRAP = "scrap"
    RETURN_TO_SUPPLIER = "return_to_supplier"
    LEFT_WITH_CUSTOMER = "left_with_customer"


class LinkKind(StrEnum):
    """What a case was traced to: what left, and what that came of."""

    SHIPMENT = "shipment"
    LOT = "lot"
    SERIAL = "serial"
    PURCHASE_RECEIPT = "purchase_receipt"
    PRODUCTION_ORDER = "production_order"
