"""Open production orders as a plan knows them: what they still make, and what they still need."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from erp.planning.rules.exploding import needed_on
from erp.planning.rules.routes import begun_for
from erp.planning.rules.snapshot import Demand, PlannedItem, Receipt
from erp.planning.states import DemandKind, ReceiptKind
from erp.sql import Sql

__all__ = ["open_orders"]

_MADE = """select o.id, o.item_id, o.state, o.start_on, o.due_on,
    greatest(least(o.quantity - o.good, o.start_quantity - o.good - o.scrapped - o.reworked), 0)
      as quantity, o.rework_of_id is not null as is_rework
  from production_order o where o.state in ('planned', 'firm', 'released', 'started')
  order by o.id"""
_NEEDED = """select o.id, c.item_id, o.start_on as day,
    c.required - c.issued - coalesce(d.reserved, 0) as quantity
  from production_order o join production_order_component c on c.production_order_id = o.id
  left join demand d on d.order_line_id = c.id
  where o.state in ('firm', 'released', 'started')
    and c.required > c.issued + coalesce(d.reserved, 0)
  order by o.id, c.position"""
_BESIDE = """select o.id, b.item_id, o.due_on as day, b.planned - b.received as quantity
  from production_order o join production_order_by_product b on b.production_order_id = o.id
  where o.state in ('firm', 'released', 'started') and b.planned > b.received
  order by o.id, b.position"""


async def open_orders(
    sql: Sql, scales: Mapping[str, int], items: Mapping[str, PlannedItem]
) -> tuple[list[Receipt], list[Demand]]:
    """Receipts and demands of orders that are planned, firm, released or started.

    What was issued or is reserved is not needed again. An order that is only planned keeps no
    components yet: it needs what the bill says on the day on which it begins.
    """
    receipts: list[Receipt] = []
    demands: list[Demand] = []
    for row in await sql.fetch(_MADE):
        key, kind = str(row["item_id"]), ReceiptKind.PRODUCTION_ORDER
        if not row["quantity"] or key not in items:
            continue
        quantity, ref = _up(row["quantity"], scales[key]), str(row["id"])
        receipts.append(Receipt(ref, key, row["due_on"].toordinal(), quantity, kind))
        if row["state"] == "planned" and not row["is_rework"]:
            demands += _by_bill(ref, items[key], items, quantity, row["start_on"].toordinal())
    for key, ref, day, quantity in _rows(await sql.fetch(_BESIDE), scales):
        receipts.append(Receipt(ref, key, day, quantity, ReceiptKind.BY_PRODUCT))
    for key, ref, day, quantity in _rows(await sql.fetch(_NEEDED), scales):
        demands.append(Demand(ref, key, day, quantity, DemandKind.PRODUCTION_ORDER))
    return receipts, demands


def _by_bill(
    ref: str,
    item: PlannedItem,
    items: Mapping[str, PlannedItem],
    quantity: int,
    begins: int,
) -> Iterator[Demand]:
    """What so many good ones will need by the bill of the day."""
    begun = begun_for(quantity, item.good_parts)
    for key, of, per in needed_on(item, items, begins):
        needed = -(-begun * of // per)
        yield Demand(ref, key, begins, needed, DemandKind.PRODUCTION_ORDER)


def _rows(
    rows: Sequence[Mapping[str, Any]], scales: Mapping[str, int]
) -> Iterator[tuple[str, str, int, int]]:
    """Of rows of items that are planned: item, order, day and steps."""
    for row in rows:
        if (key := str(row["item_id"])) in scales:
            yield key, str(row["id"]), row["day"].toordinal(), _up(row["quantity"], scales[key])


def _up(quantity: Decimal, scale: int) -> int:
    """The quantity in whole steps of its item."""
    scaled = Fraction(quantity) * scale
    return -(-scaled.numerator // scaled.denominator)
