"""Which price holds for an item, a quantity and a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit, NoPrice
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import PriceAsked, PriceFound, PriceListView
from erp.catalog.service.price_lists import price_list_of
from erp.sql import Sql
from values.money import MoneyView, UnitPrice, UnitPriceView
from values.prices import PriceStep, price_for
from values.units import converted, fits

__all__ = ["Wanted", "find_price", "listed_prices"]


async def find_price(sql: Sql, asked: PriceAsked, *, today: date) -> PriceFound:
    """The price that holds for the quantity on the day, and what the quantity costs.

    Raises NotFound (item), MissingReference (unit, list, customer), FractionOfUnit, NoPrice.
    """
    on = asked.on or today
    item = await queries.priced_item(sql, asked.sku, asked.unit)
    if item is None:
        raise NotFound(entity="item", id=asked.sku)
    quantity = _in_own_unit(item, asked)
    lists = await _lists(sql, asked)
    steps = await queries.price_steps(sql, [item["id"]], lists, between=(on, on))
    listed, step = _first(steps, item["id"], lists, quantity=quantity, on=on)
    if step is None:
        raise NoPrice(sku=asked.sku, price_list=listed.code, quantity=quantity, on=on)
    net = step.price.times(quantity)
    return PriceFound(
        price_id=step.id,
        item_id=item["id"],
        sku=asked.sku,
        price_list=listed.code,
        unit=item["unit"],
        quantity=quantity,
        min_quantity=step.min_quantity,
        price=UnitPriceView(amount=step.price.amount, currency=listed.currency),
        net=MoneyView(amount=net.amount, currency=net.currency),
    )


@dataclass(frozen=True)
class Wanted:
    """For what a price is looked up: a quantity in the item's own unit, on a day.

    `price_list` is the customer's own one, if it has one.
    """

    item_id: UUID
    quantity: Decimal
    on: date
    price_list: str | None = None


async def listed_prices(sql: Sql, wanted: Sequence[Wanted]) -> list[UnitPrice | None]:
    """What one unit costs by the list that is wanted, else by the default one.

    None where neither has a price. Two reads, however many. Raises MissingReference (there is
    no list).
    """
    if not wanted:
        return []
    codes = {one.price_list for one in wanted if one.price_list}
    named, default = await queries.price_lists_and_default(sql, codes)
    if default is None:
        raise MissingReference(entity="price_list", reference="default")
    days = [one.on for one in wanted]
    item_ids = list({one.item_id for one in wanted})
    lists = {one.id: one for one in (*named.values(), default)}.values()
    steps = await queries.price_steps(sql, item_ids, lists, between=(min(days), max(days)))
    found = []
    for one in wanted:
        own = named.get(one.price_list) if one.price_list else None
        tried = [own, default] if own else [default]
        _, step = _first(steps, one.item_id, tried, quantity=one.quantity, on=one.on)
        found.append(step.price if step else None)
    return found


def _first(
    steps: Mapping[tuple[UUID, UUID], Sequence[PriceStep]],
    item_id: UUID,
    lists: Sequence[PriceListView],
    *,
    quantity: Decimal,
    on: date,
) -> tuple[PriceListView, PriceStep | None]:
    """The first of the lists that has a price, and that; the last one where none has."""
    for listed in lists:
        step = price_for(steps[item_id, listed.id], quantity=quantity, on=on)
        if step:
            return listed, step
    return lists[-1], None


async def _lists(sql: Sql, asked: PriceAsked) -> list[PriceListView]:
    """The named list; else the customer's own one and the default one.

    Raises MissingReference (list, customer).
    """
    if asked.price_list or not asked.customer_id:
        return [await price_list_of(sql, asked.price_list)]
    own = await queries.price_list_of_customer(sql, asked.customer_id)
    if own is None:
        raise MissingReference(entity="customer", reference=asked.customer_id)
    codes = dict.fromkeys((*own, None)) if own[0] else (None,)
    return [await price_list_of(sql, code) for code in codes]


def _in_own_unit(item: Mapping[str, Any], asked: PriceAsked) -> Decimal:
    """The quantity in the item's own unit. Raises MissingReference, FractionOfUnit."""
    quantity: Decimal | None = asked.quantity
    if asked.unit and asked.unit != item["unit"]:
        ratio = queries.ratio_of(item)
        if ratio is None:
            raise MissingReference(entity="item_unit", reference=f"{asked.sku} {asked.unit}")
        quantity = converted(asked.quantity, ratio, item["decimals"])
    if quantity is None or not fits(quantity, item["decimals"]):
        raise FractionOfUnit(quantity=asked.quantity, unit=item["unit"], decimals=item["decimals"])
    return quantity
