"""Northwind as it lies in its CSV files: orders with their lines, by day. Pure and exact."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

__all__ = ["CENT", "CURRENCY", "Northwind", "SourceLine", "SourceOrder", "pieces", "sku"]

CENT = Decimal("0.01")
CURRENCY = "USD"
TABLES = ("Customers", "Orders", "OrderDetails", "Products", "Shippers")


def sku(product_id: str) -> str:
    """The code our items have, as the mapping makes it."""
    return f"NW-{product_id}"


@dataclass(frozen=True)
class SourceLine:
    """A line of an order: what was agreed."""

    sku: str
    quantity: int
    unit_price: str
    discount: str

    @property
    def unrounded(self) -> Decimal:
        """Price times quantity less discount, exact."""
        return Decimal(self.unit_price) * self.quantity * (1 - Decimal(self.discount))

    @property
    def net(self) -> Decimal:
        """The same, rounded half-up to the cent."""
        return self.unrounded.quantize(CENT, ROUND_HALF_UP)

    def command(self) -> dict[str, Any]:
        """The line as the CRM takes it."""
        return {
            "product": self.sku,
            "quantity": str(self.quantity),
            "unit_price": {"amount": self.unit_price, "currency": CURRENCY},
            "discount": self.discount,
        }


@dataclass(frozen=True)
class SourceOrder:
    """An order, on which day it was shipped by whom (empty: not yet), and whether it was paid.

    The set has no payments: what was shipped is paid, unless its orders have a column `PaidDate`
    and that is empty.
    """

    number: str
    customer: str
    ordered_on: str
    requested_on: str
    shipped_on: str
    carrier: str
    paid: bool
    freight: Decimal
    ship_to: Mapping[str, str]
    lines: Sequence[SourceLine]

    @property
    def net(self) -> Decimal:
        """What its goods cost."""
        return sum((line.net for line in self.lines), Decimal(0))

    def command(self, account_id: str) -> dict[str, Any]:
        """The order as the CRM takes it."""
        return {
            "account_id": account_id,
            "ordered_on": self.ordered_on,
            "requested_on": self.requested_on,
            "ship_to": dict(self.ship_to),
            "note": f"Northwind order {self.number}",
            "freight": {"amount": str(self.freight), "currency": CURRENCY},
            "lines": [line.command() for line in self.lines],
        }


@dataclass(frozen=True)
class Northwind:
    """The whole set, and what must come out of it."""

    orders: Sequence[SourceOrder]
    stock: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path, countries: Mapping[str, str]) -> "Northwind":
        """Read the set; `countries` turns its names of countries into ISO codes."""
        rows = {name: _rows(folder / f"{name}.csv") for name in TABLES}
        lines: dict[str, list[SourceLine]] = defaultdict(list)
        for row in rows["OrderDetails"]:
            lines[row["OrderID"]].append(_line(row))
        carriers = {row["ShipperID"]: row["CompanyName"] for row in rows["Shippers"]}
        orders = [
            _order(row, carriers[row["ShipVia"]], countries, lines[row["OrderID"]])
            for row in rows["Orders"]
        ]
        stock = {sku(row["ProductID"]): int(row["UnitsInStock"]) for row in rows["Products"]}
        return cls(orders=orders, stock=stock)

    def first(self, days: int) -> "Northwind":
        """The orders placed on the first so many days, each until it is shipped."""
        kept = set(self.days[:days])
        return replace(self, orders=[one for one in self.orders if one.ordered_on in kept])

    @property
    def days(self) -> Sequence[str]:
        """Every day on which something was ordered or shipped, in order."""
        ordered = {order.ordered_on for order in self.orders}
        return sorted(ordered | {order.shipped_on for order in self.shipped})

    @property
    def shipped(self) -> Sequence[SourceOrder]:
        """The orders that were shipped, whole; the others stay reserved."""
        return [order for order in self.orders if order.shipped_on]

    @property
    def owed(self) -> Sequence[SourceOrder]:
        """The orders that were shipped and not paid."""
        return [order for order in self.shipped if not order.paid]

    @property
    def lines(self) -> Sequence[SourceLine]:
        """All lines of all orders."""
        return [line for order in self.orders for line in order.lines]


def pieces(orders: Iterable[SourceOrder]) -> Mapping[str, int]:
    """Pieces of the orders by SKU."""
    sums: dict[str, int] = defaultdict(int)
    for line in (line for order in orders for line in order.lines):
        sums[line.sku] += line.quantity
    return sums


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _line(row: Mapping[str, str]) -> SourceLine:
    return SourceLine(
        sku=sku(row["ProductID"]),
        quantity=int(row["Quantity"]),
        unit_price=row["UnitPrice"],
        discount=row["Discount"],
    )


def _order(
    row: Mapping[str, str],
    carrier: str,
    countries: Mapping[str, str],
    lines: Sequence[SourceLine],
) -> SourceOrder:
    return SourceOrder(
        number=row["OrderID"],
        customer=row["CustomerID"],
        ordered_on=row["OrderDate"],
        requested_on=row["RequiredDate"],
        shipped_on=row["ShippedDate"],
        carrier=carrier,
        paid=bool(row.get("PaidDate", row["ShippedDate"])),
        freight=Decimal(row["Freight"]),
        ship_to={
            "contact": row["ShipName"],
            "line1": row["ShipAddress"],
            "city": row["ShipCity"],
            "region": row["ShipRegion"],
            "postal_code": row["ShipPostalCode"],
            "country": countries[row["ShipCountry"]],
        },
        lines=tuple(lines),
    )
