"""The door of stock: what orders need, goods that move, what is expected and promised."""

from erp.stock.rules.lines import (
    AdjustLine,
    DemandLine,
    DemandState,
    ExpectedLine,
    OrderNeeds,
    ReceiptLine,
    ReturnLine,
    SendBackLine,
    ShipLine,
    Shortage,
)
from erp.stock.service.booking import item_ids_of, require_countable
from erp.stock.service.demand import amend, withdraw
from erp.stock.service.expecting import (
    demand_of,
    expect,
    lock_items,
    promisable,
    short_items,
    shortages,
)
from erp.stock.service.goods import adjust, receive, send_back, ship, take_back
from erp.stock.service.placing import place, place_orders
from erp.stock.service.promising import promise_anew
from erp.stock.service.reserving import RESERVE, reserve_due
from erp.stock.service.telling import availability_states
from erp.stock.service.unshipping import unreturn, unship
from erp.stock.service.waiting import reserved_from

__all__ = [
    "RESERVE",
    "AdjustLine",
    "DemandLine",
    "DemandState",
    "ExpectedLine",
    "OrderNeeds",
    "ReceiptLine",
    "ReturnLine",
    "SendBackLine",
    "ShipLine",
    "Shortage",
    "adjust",
    "amend",
    "availability_states",
    "demand_of",
    "expect",
    "item_ids_of",
    "lock_items",
    "place",
    "place_orders",
    "promisable",
    "promise_anew",
    "receive",
    "require_countable",
    "reserve_due",
    "reserved_from",
    "send_back",
    "ship",
    "short_items",
    "shortages",
    "take_back",
    "unreturn",
    "unship",
    "withdraw",
]
