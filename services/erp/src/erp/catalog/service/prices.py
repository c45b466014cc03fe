"""Acts on prices, and which price holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, lock, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit, NoPrice, OverlappingPrice
from erp.catalog.events import PriceChanged
from erp.catalog.models import ACTIVE, WITHDRAWN, Price
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import (
    ChangePrice,
    NewPrice,
    PriceAsked,
    PriceFound,
    PriceListView,
    PriceView,
    UpsertPrice,
)
from erp.catalog.service.price_lists import price_list_of
from records.links import LinkExternal, link
from records.upserts import Sent, Upserted, require, upsert
from values.money import MoneyView, UnitPrice, UnitPriceChange, UnitPriceView
from values.prices import PriceStep, price_for
from values.units import converted, fits, minimum_of

__all__ = [
    "Wanted",
    "add_price",
    "change_price",
    "find_price",
    "link_price",
    "listed_prices",
    "price_states",
    "see_price",
    "upsert_price",
    "withdraw_price",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
KIND = "price"


async def see_price(sql: Sql, price_id: UUID) -> PriceView:
    """The price as callers see it. Raises NotFound."""
    seen = await queries.price_view(sql, price_id)
    if seen is None:
        raise NotFound(entity=KIND, id=price_id)
    return seen


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


async def add_price(work: Work, command: NewPrice) -> UUID:
    """Add a price of an item to a list.

    Raises MissingReference (item, list), CurrencyNotSupported, ReversedPeriod, FractionOfUnit,
    OverlappingPrice.
    """
    return await _add(work, command.facts(), uuid7())


async def change_price(work: Work, price_id: UUID, command: ChangePrice, *, revision: int) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, and what `add_price` raises.
    """
    price = await lock(work, Price, price_id)
    price.check_revision(revision)
    await _change(work, price, command.facts())


async def withdraw_price(work: Work, price_id: UUID) -> None:
    """Let the price hold no longer, on no day. Raises NotFound."""
    await _change(work, await lock(work, Price, price_id), {"status": WITHDRAWN})


async def link_price(work: Work, price_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the price is. Raises NotFound, AlreadyLinked."""
    await see_price(work.sql, price_id)
    await link(work, KIND, price_id, command)


async def upsert_price(work: Work, system: str, external_id: str, command: UpsertPrice) -> Upserted:
    """Take over a price as another system knows it.

    Raises InvalidInput (a new one without SKU or price), and what `add_price` raises.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add_sent, work, facts),
        change=partial(_change_sent, work, facts),
    )


async def price_states(work: Work, price_ids: Sequence[UUID]) -> list[PriceChanged]:
    """What is published of prices, as they are now."""
    prices = await read_all(work, Price, price_ids)
    names = await queries.names_of(work.sql, prices)
    return [PriceChanged.of(price, [], **_shown(names[price.id])) for price in prices]


def _shown(names: Mapping[str, Any]) -> dict[str, Any]:
    """What the event shows of item and list."""
    return {name: names[name] for name in ("sku", "price_list", "currency")}


async def _add_sent(work: Work, facts: dict[str, Any], price_id: UUID) -> None:
    await _add(work, require(facts, "sku", "price"), price_id)


async def _change_sent(work: Work, facts: dict[str, Any], price_id: UUID) -> bool:
    return await _change(work, await lock(work, Price, price_id), facts)


async def _add(work: Work, facts: Mapping[str, Any], price_id: UUID) -> UUID:
    price = Price(
        id=price_id,
        min_quantity=Decimal(0),
        status=ACTIVE,
        created_at=work.now,
        updated_at=work.now,
    )
    facts = await _whole(work, price, facts)
    price.apply(await _resolved(work, price, {"price_list": None} | dict(facts)))
    names = await _checked(work, price, facts)
    work.session.add(price)
    await work.flush()
    every_field = sorted(PriceChanged.model_fields.keys() - {"id", "version", "changed"})
    await work.record(PriceChanged.of(price, every_field, **names))
    return price.id


async def _change(work: Work, price: Price, facts: Mapping[str, Any]) -> bool:
    """Whether anything changed; then it is one version and one event more."""
    facts = await _whole(work, price, facts)
    changed = price.change(await _resolved(work, price, facts), work.now)
    if not changed:
        return False
    names = await _checked(work, price, facts)
    await work.flush()
    shown = ["price_list" if name == "price_list_id" else name for name in changed]
    await work.record(PriceChanged.of(price, sorted(shown), **names))
    return True


async def _whole(work: Work, price: Price, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts, with changed parts of the price laid onto the present one. Raises InvalidInput."""
    told, present = facts.get("price"), None
    if not isinstance(told, UnitPriceChange):
        return facts
    if price.amount is not None:
        names = (await queries.names_of(work.sql, [price]))[price.id]
        present = UnitPrice(price.amount, names["currency"])
    with errors_of_field("price"):
        return {**facts, "price": told.onto(present)}


async def _resolved(work: Work, price: Price, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the entity takes them: item and list by id, the bare amount, the minimum.

    Raises MissingReference, CurrencyNotSupported.
    """
    kept = {name: facts[name] for name in facts if name not in {"sku", "price_list", "price"}}
    if "sku" in facts or "min_quantity" in facts:
        item = await _item(work.sql, facts.get("sku"), price.item_id)
        stated = facts.get("min_quantity", price.min_quantity)
        kept |= {"item_id": item["id"], "min_quantity": minimum_of(stated, item["decimals"])}
    if "price_list" in facts:
        kept["price_list_id"] = (await price_list_of(work.sql, facts["price_list"])).id
    if "price" in facts:
        require_supported_currency(work, facts["price"].currency)
        kept["amount"] = facts["price"].amount
    return kept


async def _item(sql: Sql, sku: str | None, item_id: UUID) -> Mapping[str, Any]:
    """Id and decimals of the item with the SKU, or of that with the id."""
    found = await queries.counted_item(sql, sku, item_id)
    if found is None:
        raise MissingReference(entity="item", reference=sku or item_id)
    return found


async def _checked(work: Work, price: Price, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the event shows of item and list, once the price is known to be sound.

    Raises CurrencyNotSupported (another one than the list's), FractionOfUnit,
    OverlappingPrice.
    """
    names = (await queries.names_of(work.sql, [price]))[price.id]
    if "price" in facts and facts["price"].currency != names["currency"]:
        raise CurrencyNotSupported(supported=names["currency"], currency=facts["price"].currency)
    unit, decimals = names["unit"], names["decimals"]
    if not fits(price.min_quantity, decimals):
        raise FractionOfUnit(quantity=price.min_quantity, unit=unit, decimals=decimals)
    if price.status == ACTIVE:
        await advisory_lock(work, f"price:{price.item_id}:{price.price_list_id}")
        existing_id = await queries.overlapping_price(work.sql, price)
        if existing_id:
            raise OverlappingPrice(sku=names["sku"], existing_id=existing_id)
    return _shown(names)
