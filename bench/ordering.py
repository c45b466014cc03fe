"""An order's way: placed in the CRM, confirmed in the ERP, taken over by the ERP in batches."""

import random
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg

from bench.acts import Act, At, measure
from bench.figures import Asked, Bench, Figure
from bench.place import Place, Server
from bench.same_rows import ACT, EVENTS, SameRows, Touched, Written
from bench.wire import TOKEN
from chassis.storage.bootstrap import DatabaseUrls
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP

__all__ = ["BENCH"]

LINES = 3
DRAFTS = 60
BATCH = 50
PLENTY = "10000000"
SEED = 1998

_TOLD = f"(select aggregate_id from outbox where correlation_id = {ACT})"
_ITEMS = "item_id in (select item_id from sales_order_line where order_id = any($1::uuid[]))"
_RESERVED = (
    Touched("stock_level", _ITEMS, "reserved = reserved + 1", key="item_id"),
    Touched("availability", _ITEMS, "version = version + 1"),
)


def run(place: Place, asked: Asked) -> list[Figure]:
    """Orders of three lines: one placed, one confirmed, a batch taken over."""
    figures = []
    database = place.database(CRM)
    with place.serving(CRM, database) as crm:
        figures += measure(place, asked, _place(crm), At(crm, database))
    database = place.database(ERP)
    with place.serving(ERP, database) as erp:
        shop = _Shop(erp, DRAFTS * LINES)
        confirm = _confirm(_drafts(place, database, shop))
        figures += measure(place, asked, confirm, At(erp, database))
        at = At(erp, database, lambda reply: str(reply["items"][0]["id"]))
        return figures + measure(place, asked, _take_over(shop), at)


def _place(crm: Server) -> Act:
    """Three products at their list prices, one with a discount, and freight."""
    account = crm.call("POST", "/v1/accounts", {"name": "Canal Street Coffee"})
    products = [
        crm.call(
            "POST",
            "/v1/products",
            {"code": f"C-{number}", "name": "Coffee", "list_price": _money(f"1{number}.95")},
        )
        for number in range(LINES)
    ]
    lines = [{"product": one["id"], "quantity": "12"} for one in products]
    lines[0]["discount"] = "0.15"
    return Act(
        f"place an order of {LINES} lines in the CRM",
        "/v1/orders",
        {"account_id": account["id"], "freight": _money("9.50"), "lines": lines},
        (
            Written("customer_order", "id = $1", fresh=("number",)),
            Written("customer_order_line", "order_id = $1"),
            *EVENTS,
        ),
        clients=(1, 16),
    )


class _Shop:
    """A customer within its credit limit, and items of which there is plenty."""

    def __init__(self, erp: Server, items: int) -> None:
        self.erp = erp
        self.customer = erp.call("POST", "/v1/customers", {"name": "Canal Street Coffee"})["id"]
        erp.call("POST", "/v1/fiscal-years", _this_year())
        sent = [
            {"external_id": sku, "source_version": 1, "sku": sku, "name": "Coffee beans"}
            for sku in (f"C-{number}" for number in range(items))
        ]
        made = erp.call("POST", "/v1/items/by-external/shop/batch", {"items": sent})["items"]
        self.items = [one["id"] for one in made]
        stock = [{"sku": one["sku"], "quantity": PLENTY, "unit_cost": _money("1")} for one in sent]
        erp.call("POST", "/v1/stock-receipts", {"lines": stock})

    def order(self, at: int) -> dict[str, Any]:
        """An order of three items, which no order of another number below 60 has."""
        few = [self.items[(at * LINES + one) % len(self.items)] for one in range(LINES)]
        lines = [
            {"item_id": item, "quantity": "1", "unit_price": _money("17.4375")} for item in few
        ]
        lines[0]["discount"] = "0.15"
        freight = [{"kind": "freight", "amount": _money("9.50")}]
        return {"customer_id": self.customer, "lines": lines, "charges": freight}


def _confirm(records: Callable[[int], list[str]]) -> Act:
    return Act(
        f"confirm a draft of {LINES} lines in the ERP",
        f"/v1/sales-orders/{TOKEN}/confirm",
        {},
        (Written("demand", "order_id = $1", fresh=("order_line_id",)), *EVENTS),
        touched=(
            Touched(
                "sales_order",
                "id = any($1::uuid[])",
                "version = version + 1, state = 'confirmed', promised_on = ordered_on",
                key="id",
            ),
            *_RESERVED,
        ),
        records=records,
        clients=(1, 16),
    )


def _drafts(place: Place, database: DatabaseUrls, shop: _Shop) -> Callable[[int], list[str]]:
    """Makes so many drafts, by copying some that the ERP made."""
    samples = [
        UUID(shop.erp.call("POST", "/v1/sales-orders", shop.order(at) | {"draft": True})["id"])
        for at in range(DRAFTS)
    ]
    rows = (
        Written("sales_order", "id = $1", fresh=("number",)),
        Written("sales_order_line", "order_id = $1"),
        Written("sales_order_charge", "order_id = $1"),
    )
    chance = random.Random(SEED)

    def copied(number: int) -> list[str]:
        async def copy(sql: "asyncpg.Connection[Any]") -> list[str]:
            made: list[str] = []
            for sample in samples:
                same = await SameRows.read(sql, rows, sample)
                for _, table, columns, values in same.many(number // DRAFTS + 1):
                    await sql.copy_records_to_table(table, columns=columns, records=values)
                    if table == "sales_order":
                        made += [one[columns.index("id")].hex for one in values]
            return made

        made = place.asked(database.runtime, copy)
        place.asked(database.owner, _analyze)  # as autovacuum does within a minute
        chance.shuffle(made)
        return made[:number]

    return copied


async def _analyze(sql: "asyncpg.Connection[Any]") -> None:
    await sql.execute("analyze sales_order, sales_order_line, sales_order_charge, demand, outbox")


def _take_over(shop: _Shop) -> Act:
    orders = [
        shop.order(at) | {"external_id": f"{TOKEN}-{at}", "source_version": 1}
        for at in range(BATCH)
    ]
    return Act(
        f"take over {BATCH} orders of {LINES} lines in the ERP by batch",
        "/v1/sales-orders/by-external/crm/batch",
        {"items": orders},
        (
            Written("sales_order", f"id in {_TOLD}", fresh=("number",)),
            Written("external_reference", f"entity_id in {_TOLD}", fresh=("external_id",)),
            Written("sales_order_line", f"order_id in {_TOLD}"),
            Written("sales_order_charge", f"order_id in {_TOLD}"),
            Written("demand", f"order_id in {_TOLD}"),
            *EVENTS,
        ),
        touched=_RESERVED,
        each=BATCH,
        clients=(1,),
    )


def _money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def _this_year() -> dict[str, str]:
    year = time.strftime("%Y")
    return {"name": year, "starts_on": f"{year}-01-01", "ends_on": f"{year}-12-31"}


BENCH = Bench("order", "An order placed, confirmed, and taken over by batch", run)
