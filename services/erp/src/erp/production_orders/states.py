"""States of production orders, kinds of their steps, and why material is there or not."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "OPEN",
    "PRODUCTION_ORDER_FOLLOWING",
    "AvailabilityReason",
    "ProductionOrderState",
    "StepKind",
]


class ProductionOrderState(StrEnum):
    """How far a production order is.

    `planned`: planning may change it; `firm`: planning leaves it alone; `released`: work may
    begin; `started`: something was issued or reported; `done`: no more is reported; `closed`: its
    work in progress is nothing.
    """

    PLANNED = "planned"
    FIRM = "firm"
    RELEASED = "released"
    STARTED = "started"
    DONE = "done"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_S = ProductionOrderState
PRODUCTION_ORDER_FOLLOWING: Mapping[ProductionOrderState, frozenset[ProductionOrderState]] = {
    _S.PLANNED: frozenset({_S.FIRM, _S.RELEASED, _S.CANCELLED}),
    _S.FIRM: frozenset({_S.RELEASED, _S.CANCELLED}),
    _S.RELEASED: frozenset({_S.STARTED, _S.DONE, _S.CANCELLED}),
    _S.STARTED: frozenset({_S.DONE}),
    _S.DONE: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""Closed and cancelled are ends; what was started is not cancelled but finished short."""

OPEN = frozenset({_S.RELEASED, _S.STARTED})
"""States in which material is issued and work reported."""


class StepKind(StrEnum):
    """What was booked on an order."""

    ISSUE = "issue"
    RETURN = "return"
    REPORT = "report"
    CLOSE = "close"


class AvailabilityReason(StrEnum):
    """Whether a component is there when the order begins, and if not, why.

    `available`: it is free; `expected`: it is ordered and due by then; `expected_late`: ordered and
    due later; `needed_by_earlier`: orders that begin earlier need it; `reserved`: it is kept for
    customers' orders; `missing`: there is not enough, and nothing is ordered.
    """

    AVAILABLE = "available"
    EXPECTED = "expected"
    EXPECTED_LATE = "expected_late"
    NEEDED_BY_EARLIER = "needed_by_earlier"
    RESERVED = "reserved"
    MISSING = "missing"
