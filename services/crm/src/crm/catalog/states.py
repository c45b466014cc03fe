"""Who is master of a product or a price, and how prices stand."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["PRICE_FOLLOWING", "Master", "PriceStatus"]


class Master(StrEnum):
    """Which half is master of a product or a price; the other one keeps a read copy."""

    OWN = "own"
    ERP = "erp"


class PriceStatus(StrEnum):
    """Whether a price holds in its period; one that is withdrawn holds no more."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


PRICE_FOLLOWING: Mapping[PriceStatus, frozenset[PriceStatus]] = {
    PriceStatus.ACTIVE: frozenset({PriceStatus.WITHDRAWN}),
    PriceStatus.WITHDRAWN: frozenset({PriceStatus.ACTIVE}),
}
"""A withdrawn price may hold again."""
