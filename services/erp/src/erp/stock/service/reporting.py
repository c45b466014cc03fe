"""What stock is worth, and what is available."""

from datetime import date
from decimal import Decimal

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from erp.ledger.schemas import BalanceQuery
from erp.ledger.service.entries import trial_balance
from erp.sql import Sql
from erp.stock.queries import views
from erp.stock.rules.promising import promise_date
from erp.stock.schemas.goods import (
    AvailabilityQuery,
    AvailabilityView,
    PromisableView,
    ValuationLine,
    ValuationReport,
)
from erp.stock.service.expected_receipts import available_to_promise
from values.decimals import EXACT, rounded
from values.money import PRICE_DIGITS

__all__ = ["availability", "valuation", "valuation_lines"]


async def availability(at: Reading, asked: AvailabilityQuery) -> AvailabilityView:
    """What of an item is there, and for when the quantity could be promised (E37).

    Raises NotFound (no goods of this SKU).
    """
    row, today = await views.available(at.sql, asked.sku, at.now), at.today()
    if row is None:
        raise NotFound(entity="item", id=asked.sku)
    wanted_on = max(asked.on or today, today)
    item_id = row["item_id"]
    atp = (await available_to_promise(at, [item_id]))[item_id]
    return AvailabilityView(
        **row,
        quantity=asked.quantity,
        wanted_on=wanted_on,
        promised_on=promise_date(atp, asked.quantity, wanted_on=wanted_on),
        promisable=[PromisableView(on=day, quantity=free) for day, free in atp],
    )


async def valuation(sql: Sql, *, on: date | None, currency: str) -> ValuationReport:
    """What all stock is, or was at the end of a day, worth beside the inventory account (E29)."""
    async with sql.transaction(isolation="repeatable_read", readonly=True):
        items = await valuation_lines(sql, on=on, currency=currency)
        balance = await trial_balance(sql, BalanceQuery(), on=on or date.max, currency=currency)
    return ValuationReport(
        currency=currency,
        items=items,
        total=sum((line.value for line in items), Decimal(0)),
        inventory_account=next(one.balance for one in balance.accounts if one.role == "inventory"),
    )


async def valuation_lines(sql: Sql, *, on: date | None, currency: str) -> list[ValuationLine]:
    """What the stock of each item is, or was at the end of a day, worth."""
    return [
        ValuationLine(**row, unit_cost=_unit_cost(row["value"], row["quantity"]), currency=currency)
        for row in await views.valuation_lines(sql, on=on)
    ]


def _unit_cost(value: Decimal, quantity: Decimal) -> Decimal:
    # Days of before they were proven (decision 0037) may have worth, and no pieces.
    return rounded(EXACT.divide(value, quantity), PRICE_DIGITS) if quantity else Decimal(0)
