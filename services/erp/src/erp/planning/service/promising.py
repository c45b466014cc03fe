"""When so many of an item could be there: of goods, of receipts, or made and bought anew (E37)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from erp.catalog.errors import FractionOfUnit
from erp.planning.errors import PromiseTooLarge
from erp.planning.queries import promising as queries
from erp.planning.queries.snapshot import PLANT, ReadItems, read_items
from erp.planning.rules.promising import (
    PROMISE_ORDERS_MAX,
    Derived,
    Free,
    Promise,
    PromiseUnbounded,
    promise,
    promise_in_parts,
)
from erp.planning.schemas.promises import (
    EarliestPromise,
    EarliestPromiseQuery,
    PromisedPart,
    QuantityOfDay,
)
from erp.planning.service.working_days import working_days
from erp.stock.service.expected_receipts import availability_projections
from values.decimals import plain
from values.units import fits

__all__ = ["earliest_promise"]

BILLS_READ = "boms.read"
"""Who lacks it does not see what goes into an item."""


async def earliest_promise(at: Reading, asked: EarliestPromiseQuery) -> EarliestPromise:
    """The earliest day and what it follows from. Raises NotFound, FractionOfUnit, PromiseTooLarge.

    No older promise is touched: what they need is taken off first. Machines count by the lead times
    of routings, not by what is free on them.
    """
    item = await queries.wanted_item(at.sql, asked.sku)
    if item is None:
        raise NotFound(entity="item", id=asked.sku)
    if not fits(asked.quantity, item["decimals"]):
        quantity = plain(asked.quantity)
        raise FractionOfUnit(quantity=quantity, unit=item["unit"], decimals=item["decimals"])
    today = at.today()
    wanted_on = max(asked.on or today, today)
    skus = await queries.parts_of(at.sql, item["id"])
    read = await read_items(at.sql, today, list(skus))
    days = working_days(at.setting, today)
    key = str(item["id"])
    free = await _free(at, skus, read, today)
    try:
        found = (promise_in_parts if asked.in_parts else promise)(
            {one.key: one for one in read.items},
            free,
            (key, int(asked.quantity * read.scales[key]), wanted_on.toordinal()),
            today=today.toordinal(),
            calendars={PLANT: tuple(days)} if days else {},
        )
    except PromiseUnbounded as endless:
        quantity, most = plain(asked.quantity), PROMISE_ORDERS_MAX
        raise PromiseTooLarge(quantity=quantity, sku=asked.sku, most=most) from endless
    shown = _shown(found, key, asked, wanted_on, _Words(skus, read.scales))
    if not at.actor.may(BILLS_READ):
        shown.parts = [one for one in shown.parts if one.part_of is None]
    return shown


async def _free(at: Reading, skus: Mapping[UUID, str], read: ReadItems, today: date) -> Free:
    """What of each item is free to promise, in whole steps."""
    projections = await availability_projections(at, skus)
    for item_id, day, quantity in await queries.needed_by_firm_orders(at.sql, list(skus)):
        projections[item_id].commitments.append((max(day, today), quantity))
    free: dict[str, list[tuple[int, int]]] = {}
    for item_id, projection in projections.items():
        if (scale := read.scales.get(str(item_id))) is not None:
            free[str(item_id)] = [
                (day.toordinal(), int(quantity * scale))
                for day, quantity in projection.atp(today=today)
            ]
    return free


class _Words:
    """Steps as quantities, items as SKUs."""

    def __init__(self, skus: Mapping[UUID, str], scales: Mapping[str, int]) -> None:
        self.skus = {str(one): sku for one, sku in skus.items()}
        self.scales = scales

    def quantity(self, key: str, steps: int) -> Decimal:
        """So many steps of the item in its unit."""
        exact = Fraction(steps, self.scales[key])
        return Decimal(exact.numerator) / Decimal(exact.denominator)


def _shown(
    found: Promise, key: str, asked: EarliestPromiseQuery, wanted_on: date, words: _Words
) -> EarliestPromise:
    parts: list[PromisedPart] = []
    for one in found.parts:
        _add(parts, one, None, words)
    return EarliestPromise(
        item_id=UUID(key),
        sku=words.skus[key],
        quantity=asked.quantity,
        wanted_on=wanted_on,
        promised_on=None if found.day is None else date.fromordinal(found.day),
        lacking=words.quantity(key, found.lacking),
        by_day=_by_day(found, key, wanted_on, words, in_parts=asked.in_parts),
        parts=parts,
    )


def _by_day(
    found: Promise, key: str, wanted_on: date, words: _Words, *, in_parts: bool
) -> list[QuantityOfDay]:
    """How many come to be there on which day; in one, all of them on the last one."""
    if not in_parts and found.day is None:
        return []
    steps: dict[int, int] = {}
    for one in found.parts:
        day = max(one.day if in_parts else found.day or 0, wanted_on.toordinal())
        steps[day] = steps.get(day, 0) + one.quantity
    return [
        QuantityOfDay(on=date.fromordinal(day), quantity=words.quantity(key, many))
        for day, many in sorted(steps.items())
    ]


def _add(parts: list[PromisedPart], one: Derived, part_of: int | None, words: _Words) -> None:
    """The part and, behind it, what goes into it."""
    number = len(parts) + 1
    parts.append(
        PromisedPart(
            number=number,
            part_of=part_of,
            item_id=UUID(one.item),
            sku=words.skus[one.item],
            quantity=words.quantity(one.item, one.quantity),
            origin=one.origin,
            begins_on=date.fromordinal(one.begins),
            available_on=date.fromordinal(one.day),
        )
    )
    for below in one.parts:
        _add(parts, below, number, words)
