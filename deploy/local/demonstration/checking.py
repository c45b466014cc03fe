"""What must hold at the end of the replay, asked of the public APIs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from demonstration.calling import Halves
from demonstration.replaying import Tally
from demonstration.source import CENT, Northwind, pieces
from demonstration.watching import MonthEnd
from runner.telling import paint, say

__all__ = ["Check", "check_all", "told"]

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One promise, what it says, and what was found."""

    name: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether it is kept."""
        return self.expected == self.found

    def as_json(self) -> dict[str, Any]:
        """The check for programs."""
        return {**asdict(self), "holds": self.holds}


def told(checks: Iterable[Check]) -> None:
    """Print the checks as a table."""
    for check in checks:
        mark = paint("✓", "good") if check.holds else paint("✗ WRONG", "bad")
        expected = "" if check.holds else f"   expected {check.expected}"
        say(f"  {check.name:<44} {check.found:>16} {mark}{expected}")


async def check_all(halves: Halves, source: Northwind, tally: Tally) -> list[Check]:
    """Every promise of the replay, in the order in which they are told."""
    crm = [order async for order in halves.crm.every("/v1/orders")]
    erp = [order async for order in halves.erp.every("/v1/sales-orders")]
    invoices = [one async for one in halves.erp.every("/v1/invoices")]
    return [
        *_orders(source, crm, erp, invoices),
        *_money(source, crm, erp, invoices),
        *_mirror(source, crm),
        *await _stock(halves, source),
        *await _books(halves, source),
        *_month_ends(source, tally.month_ends),
        Check("purchases were needed", str(_needed(source)), str(tally.purchase_orders > 0)),
        *await _bridge(halves),
    ]


def _orders(
    source: Northwind, crm: Sequence[Record], erp: Sequence[Record], invoices: Sequence[Record]
) -> list[Check]:
    count, lines = str(len(source.orders)), str(len(source.lines))
    shipped = str(len(source.shipped))
    whole = sum(all(_shipped_whole(line) for line in order["lines"]) for order in erp)
    return [
        Check("orders in the CRM", count, str(len(crm))),
        Check("orders in the ERP", count, str(len(erp))),
        Check("lines in the CRM", lines, str(sum(len(order["lines"]) for order in crm))),
        Check("lines in the ERP", lines, str(sum(len(order["lines"]) for order in erp))),
        Check("invoices", shipped, str(len(invoices))),
        Check("orders shipped in full", shipped, str(whole)),
    ]


def _shipped_whole(line: Record) -> bool:
    return Decimal(line["shipped"]) == Decimal(line["quantity"]) == Decimal(line["invoiced"])


def _money(
    source: Northwind, crm: Sequence[Record], erp: Sequence[Record], invoices: Sequence[Record]
) -> list[Check]:
    net = str(sum(line.net for line in source.lines))
    freight = _sum(order.freight for order in source.orders)
    lines = [line for invoice in invoices for line in invoice["lines"]]
    goods = _sum(line["net"] for line in lines if line["item_id"])
    charged = _sum(line["net"] for line in lines if not line["item_id"])
    return [
        Check("net of the CRM's orders", net, _sum(order["net"] for order in crm)),
        Check("net of the ERP's orders", net, _sum(order["net"] for order in erp)),
        Check("net of the invoices' goods", _sum(one.net for one in source.shipped), goods),
        Check("freight of the CRM's orders", freight, _sum(order["freight"] for order in crm)),
        Check("freight of the ERP's orders", freight, _sum(order["charges"] for order in erp)),
        Check("freight on the invoices", _sum(one.freight for one in source.shipped), charged),
    ]


def _mirror(source: Northwind, crm: Sequence[Record]) -> list[Check]:
    shipped, settled = len(source.shipped), len(source.shipped) - len(source.owed)
    owing_customers = {order.customer for order in source.owed}
    of_owing = sum(order.customer in owing_customers for order in source.orders)
    known = [order for order in crm if order["erp"]]
    states = sum(order["erp"]["state"] == "completed" for order in known)
    paid = sum(Decimal(order["erp"]["paid"]) == Decimal(order["total"]) for order in known)
    tracked = sum(
        any(one["tracking_number"] for one in order["erp"]["shipments"]) for order in known
    )
    owing = sum(Decimal(order["customer_owes"] or 0) != 0 for order in crm)
    return [
        Check("orders the CRM shows as completed", str(shipped), str(states)),
        Check("orders the CRM shows with a tracking number", str(shipped), str(tracked)),
        Check("orders the CRM shows as paid", str(settled), str(paid)),
        Check("orders whose customer still owes, in the CRM", str(of_owing), str(owing)),
    ]


def _needed(source: Northwind) -> bool:
    """Whether more is ordered of something than lay there at first."""
    return any(many > source.stock[sku] for sku, many in pieces(source.orders).items())


async def _stock(halves: Halves, source: Northwind) -> list[Check]:
    on_hand: dict[str, Decimal] = defaultdict(Decimal)
    reserved = Decimal(0)
    async for level in halves.erp.every("/v1/stock-levels"):
        on_hand[level["sku"]] += Decimal(level["on_hand"])
        reserved += Decimal(level["reserved"])
    bought: dict[str, Decimal] = defaultdict(Decimal)
    async for order in halves.erp.every("/v1/purchase-orders"):
        for line in order["lines"]:
            bought[line["sku"]] += Decimal(line["received"])
    shipped = pieces(source.shipped)
    right = sum(
        on_hand[sku] == opening + bought[sku] - shipped.get(sku, 0)
        for sku, opening in source.stock.items()
    )
    opening, gone = sum(source.stock.values()), sum(shipped.values())
    left = opening + _of(bought) - gone
    promised = sum(pieces(source.orders).values()) - gone
    return [
        Check(
            f"pieces on hand = {opening:,} + received - {gone:,}",
            _plain(left),
            _plain(_of(on_hand)),
        ),
        Check("items whose stock is right", str(len(source.stock)), str(right)),
        Check("pieces reserved", str(promised), _plain(reserved)),
    ]


async def _books(halves: Halves, source: Northwind) -> list[Check]:
    trial = await halves.erp.get("/v1/reports/trial-balance")
    worth = await halves.erp.get("/v1/reports/stock-valuation")
    accounts = {one["role"]: Decimal(one["balance"]) for one in trial["accounts"] if one["role"]}
    net = _sum(order.net for order in source.shipped)
    freight = _sum(order.freight for order in source.shipped)
    owed = _sum(order.net + order.freight for order in source.owed)
    open_items = [
        item
        async for item in halves.erp.every("/v1/open-items", side="receivable")
        if Decimal(item["open_amount"])
    ]
    return [
        Check("revenue account", net, _cents(-accounts["sales"])),
        Check("freight income account", freight, _cents(-accounts["freight_income"])),
        Check("receivable account", owed, _cents(accounts["receivable"])),
        Check("open items of customers", str(len(source.owed)), str(len(open_items))),
        Check("trial balance: debit = credit", _cents(trial["debit"]), _cents(trial["credit"])),
        Check(
            "inventory account = stock valuation",
            _cents(worth["total"]),
            _cents(accounts["inventory"]),
        ),
    ]


def _month_ends(source: Northwind, seen: Sequence[MonthEnd]) -> list[Check]:
    """The control accounts held all the way, not only at the end when nothing is left."""
    count = str(len({order.shipped_on[:7] for order in source.shipped}))
    stock = sum(one.inventory_account == one.stock_valuation for one in seen)
    debts = sum(one.receivable_account == one.open_items for one in seen)
    something = sum(bool(one.receivable_account) for one in seen)
    return [
        Check("month ends: inventory account = stock", count, str(stock)),
        Check("month ends: receivable account = open items", count, str(debts)),
        Check("month ends: debit = credit", count, str(sum(one.balances for one in seen))),
        Check("month ends at which customers owed", count, str(something)),
        Check(
            "month ends at which stock was worth something",
            str(sum(_stock_left(source, one.day) for one in seen)),
            str(sum(bool(one.stock_valuation) for one in seen)),
        ),
    ]


def _stock_left(source: Northwind, day: str) -> bool:
    """Whether goods lay there at the end of a day: what is short is bought when it is ordered."""
    ordered = pieces(order for order in source.orders if order.ordered_on <= day)
    gone = pieces(order for order in source.shipped if order.shipped_on <= day)
    return any(
        max(opening, ordered.get(sku, 0)) > gone.get(sku, 0)
        for sku, opening in source.stock.items()
    )


async def _bridge(halves: Halves) -> list[Check]:
    status = await halves.bridge.get("/v1/status")
    return [
        Check("parked lanes in the bridge", "0", str(status["lanes"]["parked"])),
        Check("waiting lanes in the bridge", "0", str(status["lanes"]["waiting"])),
        Check("events in quarantine", "0", str(status["quarantined"])),
        Check("pairs that wait for a person", "0", str(status["open_reviews"])),
    ]


def _sum(amounts: Iterable[Any]) -> str:
    return _cents(sum((Decimal(amount) for amount in amounts), Decimal(0)))


def _cents(amount: Any) -> str:
    """Two decimals; more, where an amount has more, for that would be wrong."""
    exact = Decimal(amount)
    cents = exact.quantize(CENT)
    return str(cents if cents == exact else exact)


def _of(pieces: Mapping[str, Decimal]) -> Decimal:
    return sum(pieces.values(), Decimal(0))


def _plain(pieces: Decimal) -> str:
    return str(int(pieces)) if pieces == int(pieces) else str(pieces)
