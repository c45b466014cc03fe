"""Prices: what is particular about writing them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import CurrencyNotSupported, MissingReference
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit, OverlappingPrice
from erp.catalog.events import PriceChanged
from erp.catalog.models import Price
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import PriceListView, PriceView
from erp.catalog.service.price_lists import price_list_of
from erp.catalog.states import PriceStatus
from records.entities import Values
from records.shown import code_of, in_company_currency
from records.types import Change, RecordType, changed_fields
from values.money import UnitPrice, UnitPriceChange, UnitPriceView
from values.units import fits, minimum_of

__all__ = ["PRICE", "price_states"]


async def price_states(at: Reading, price_ids: Sequence[UUID]) -> list[PriceChanged]:
    """What is published of prices, as they are now."""
    prices = await read_all(at, Price, price_ids)
    return await _events(at, {price: [] for price in prices})


async def _events(at: Reading, changed: Mapping[Price, Sequence[str]]) -> list[PriceChanged]:
    """What is published of prices and the fields that changed."""
    names = await queries.names_of(at.sql, list(changed))
    return [
        PriceChanged.of(
            price,
            sorted("price_list" if name == "price_list_id" else name for name in fields),
            **{name: names[price.id][name] for name in ("sku", "price_list", "currency")},
        )
        for price, fields in changed.items()
    ]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"min_quantity": Decimal(0), "status": PriceStatus.ACTIVE}] * count


async def _prepare(work: Work, change: Change[Price], _sender: str | None) -> Values:
    """The values with item and list by id, the bare amount, and the minimum as the unit counts.

    A new price that names no list is in the default one. Raises MissingReference (item, list),
    CurrencyNotSupported, FractionOfUnit, InvalidInput (a new one with a part of a price only).
    """
    price, given = change.record, change.values
    if change.is_new:
        given = {"price_list": None} | dict(given)
    values = {name: given[name] for name in given.keys() - {"sku", "price_list", "price"}}
    if "sku" in given or "min_quantity" in given:
        values |= await _counted(work, price, given)
    listed = None
    if "price_list" in given:
        listed = await price_list_of(work.sql, given["price_list"])
        values["price_list_id"] = listed.id
    if "price" in given:
        values["amount"] = await _amount(work, price, given["price"], listed)
    return values


async def _counted(work: Work, price: Price, given: Values) -> dict[str, Any]:
    """The item, and from which quantity on the price holds."""
    sku, stated = given.get("sku"), given.get("min_quantity", price.min_quantity)
    item = await queries.counted_item(work.sql, sku, price.item_id)
    if item is None:
        raise MissingReference(entity="item", reference=sku or price.item_id)
    minimum, decimals = minimum_of(stated, item["decimals"]), item["decimals"]
    if not fits(minimum, decimals):
        raise FractionOfUnit(quantity=minimum, unit=item["unit"], decimals=decimals)
    return {"item_id": item["id"], "min_quantity": minimum}


async def _amount(
    work: Work, price: Price, given: UnitPriceView | UnitPriceChange, listed: PriceListView | None
) -> Decimal:
    """What one unit costs: in the currency of the list, changed parts laid onto the present ones.

    `listed`: the list that it is put into; None: it stays where it is.
    """
    present, currency = None, listed.currency if listed else ""
    if price.amount is not None:
        so_far = (await queries.names_of(work.sql, [price]))[price.id]["currency"]
        present = UnitPrice(price.amount, so_far)
        currency = currency or so_far
    with errors_of_field("price"):
        cost = given.onto(present) if isinstance(given, UnitPriceChange) else given
    require_supported_currency(work, cost.currency)
    if cost.currency != currency:
        raise CurrencyNotSupported(supported=currency, currency=cost.currency)
    return cost.amount


async def _check(work: Work, changes: Sequence[Change[Price]], _sender: str | None) -> None:
    """Raises OverlappingPrice."""
    for price in (one.record for one in changes if one.record.status == PriceStatus.ACTIVE):
        await advisory_lock(work, f"price:{price.item_id}:{price.price_list_id}")
        existing_id = await queries.overlapping_price(work.sql, price)
        if existing_id:
            sku = (await queries.names_of(work.sql, [price]))[price.id]["sku"]
            raise OverlappingPrice(sku=sku, existing_id=existing_id)


async def _publish(work: Work, changes: Sequence[Change[Price]]) -> None:
    fields = {one.record: changed_fields(PriceChanged, one) for one in changes}
    await work.record(*await _events(work, fields))


PRICE: RecordType[Price, PriceView] = RecordType(
    name="price",
    entity=Price,
    reads=queries.PRICES,
    required=("sku", "price"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
    in_bulk=False,
    shown={
        "price_list_id": code_of("price_list", "price_list"),
        "amount": in_company_currency("price"),
    },
)
"""How prices are kept; in turn, because one of a batch may clash with one before it.

Raises MissingReference (item, list), CurrencyNotSupported, ReversedPeriod, FractionOfUnit,
OverlappingPrice.
"""
