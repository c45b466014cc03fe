"""Kinds and states of what the catalog has."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["PRICE_FOLLOWING", "ItemKind", "Picking", "PriceStatus", "Tracking"]


class ItemKind(StrEnum):
    """`goods` are kept in stock, a `service` is not."""

    GOODS = "goods"
    SERVICE = "service"


class Tracking(StrEnum):
    """`serial`: each piece of the item has a serial; `lot`: all of it lies in lots."""

    NONE = "none"
    SERIAL = "serial"
    LOT = "lot"


class Picking(StrEnum):
    """Which lot leaves first: `fefo` the one that expires first, `fifo` the one that came first."""

    FEFO = "fefo"
    FIFO = "fifo"


class PriceStatus(StrEnum):
    """A `withdrawn` price holds on no day."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


PRICE_FOLLOWING: Mapping[PriceStatus, frozenset[PriceStatus]] = {
    PriceStatus.ACTIVE: frozenset({PriceStatus.WITHDRAWN}),
    PriceStatus.WITHDRAWN: frozenset({PriceStatus.ACTIVE}),
}
"""A withdrawn price may hold again."""
