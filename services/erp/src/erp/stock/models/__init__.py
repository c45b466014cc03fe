"""What stock keeps: goods, and who needs them."""

from erp.stock.models.demand import Availability, Demand, Incoming
from erp.stock.models.goods import (
    ItemValuation,
    Level,
    Location,
    Move,
    OpeningStock,
    Serial,
    StockProof,
    Warehouse,
)

__all__ = [
    "Availability",
    "Demand",
    "Incoming",
    "ItemValuation",
    "Level",
    "Location",
    "Move",
    "OpeningStock",
    "Serial",
    "StockProof",
    "Warehouse",
]
