"""Kinds and states of what the catalog has."""

from enum import StrEnum

__all__ = ["ItemKind", "PriceStatus", "Tracking"]


class ItemKind(StrEnum):
    """`goods` are kept in stock, a `service` is not."""

    GOODS = "goods"
    SERVICE = "service"


class Tracking(StrEnum):
    """`serial`: each piece of the item has a serial."""

    NONE = "none"
    SERIAL = "serial"


class PriceStatus(StrEnum):
    """A `withdrawn` price holds on no day."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
