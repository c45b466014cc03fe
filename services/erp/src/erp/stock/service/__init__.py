"""The door of stock: what orders need, goods that move, what is expected and promised."""

from erp.stock.rules.lines import (
    AdjustLine,
    DemandLine,
    DemandState,
    ExpectedLine,
    PromiseAsked,
    ReceiptLine,
    ReturnLine,
    ShipLine,
    Shortage,
)
from erp.stock.service.demand import amend, place, withdraw
from erp.stock.service.expecting import (
    demand_of,
    expect,
    lock_items,
    promisable,
    promise,
    shortages,
)
from erp.stock.service.goods import adjust, receive, ship, take_back

__all__ = [
    "AdjustLine",
    "DemandLine",
    "DemandState",
    "ExpectedLine",
    "PromiseAsked",
    "ReceiptLine",
    "ReturnLine",
    "ShipLine",
    "Shortage",
    "adjust",
    "amend",
    "demand_of",
    "expect",
    "lock_items",
    "place",
    "promisable",
    "promise",
    "receive",
    "ship",
    "shortages",
    "take_back",
    "withdraw",
]
