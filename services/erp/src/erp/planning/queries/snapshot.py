"""What a plan is made from, read in one snapshot of the database: a statement for each part.

Production orders that are open are receipts of what they still make, and demands of what they still
need, beside purchase orders and sales orders (`making`). Of forecasts, what orders have not
consumed is a demand as well (`forecasts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from erp.planning.queries.forecasts import open_forecasts
from erp.planning.queries.making import open_orders
from erp.planning.queries.routes import NO_ROUTE, Route, routes_of
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Receipt,
    Snapshot,
)
from erp.planning.states import LotRule, Policy, Source
from erp.sql import Sql

__all__ = ["PLANT", "ReadItems", "ReadSnapshot", "read_items", "read_snapshot"]

PLANT = "plant"
"""The calendar of what is made here; suppliers' lead times count every day."""

# What waits for its inspection is here and will be used: it is counted as what is free. What was
# rejected is withheld by its case, or lies in quarantine.
_ITEMS = """select i.id, i.bought, u.decimals,
    coalesce(s.free, 0) + coalesce(h.pending, 0) + coalesce(l.pending, 0) as free,
    p.policy, p.lot_rule, p.lot_quantity, p.lot_minimum, p.lot_maximum, p.lot_multiple, p.lot_days,
    p.setup_cost, p.holding_cost, p.lead_days, p.safety_stock, p.yield_part, p.fence_days,
    o.supplier_id, o.lead_time_days, o.min_quantity, o.multiple
  from item i join unit u on u.code = i.unit
  left join (select item_id, sum(on_hand - reserved - restricted) as free
      from stock_level group by item_id) s
    on s.item_id = i.id
  left join (select item_id, sum(quantity) as pending from stock_hold
      where not exists (select from nonconformance c where c.id = source_id) group by item_id) h
    on h.item_id = i.id
  left join (select item_id, sum(on_hand) as pending from lot_stock
      where quality = 'inspection' and owner = 'own' group by item_id) l
    on l.item_id = i.id
  left join planning_parameter p on p.item_id = i.id
  left join (select distinct on (p.item_id) p.item_id, p.supplier_id, p.lead_time_days,
      p.min_quantity, p.multiple
    from supplier_price p join supplier u on u.id = p.supplier_id and u.status = 'active'
    order by p.item_id, p.amount, p.lead_time_days, p.supplier_id) o on o.item_id = i.id
  where i.kind = 'goods' and ($1::uuid[] is null or i.id = any($1)) order by i.id"""
_BILLS = """select b.item_id, b.id, b.kind, b.quantity as makes, b.effective_from as bill_from,
    b.effective_to as bill_to, l.item_id as component_id, l.quantity, l.numerator, l.denominator,
    l.scrap, l.effective_from, l.effective_to, l.alternate_group, l.priority, l.phantom
  from bill_of_material b join bill_of_material_line l on l.bill_of_material_id = b.id
  where b.status = 'active' and ($1::uuid[] is null or b.item_id = any($1))
  order by b.item_id, b.effective_from nulls first, b.id, l.position"""
_DEMANDS = """select order_line_id, order_id, item_id, needed_on, place,
    wanted - reserved - shipped as quantity, wanted
  from demand where reserved + shipped < wanted
    and not exists (select from production_order o where o.id = order_id)
  order by place"""
# Production orders are read apart (`making`), also those that are only planned. What waits for its
# approval is not planned again.
_RECEIPTS = """select source_line_id, item_id, due_on, quantity from incoming
  where not exists (select from production_order o where o.id = source_line_id)
  union all select l.id, l.item_id, l.due_on, l.quantity from purchase_order o
    join purchase_order_line l on l.purchase_order_id = o.id and l.quantity > 0
  where o.state = 'pending_approval'
  order by source_line_id"""


@dataclass(frozen=True)
class ReadSnapshot:
    """The snapshot, with what is needed to write a plan of it.

    Scales and suppliers by item; what order lines want in all, by line.
    """

    snapshot: Snapshot
    scales: Mapping[str, int]
    suppliers: Mapping[str, UUID | None]
    wanted: Mapping[str, Decimal]


@dataclass(frozen=True)
class ReadItems:
    """Items as they are planned, with steps in a unit and the supplier by item."""

    items: tuple[PlannedItem, ...]
    scales: Mapping[str, int]
    suppliers: Mapping[str, UUID | None]


async def read_snapshot(
    sql: Sql, *, today: date, working_days: Sequence[int] | None
) -> ReadSnapshot:
    """Everything that planning needs to know, in the transaction of the caller."""
    read = await read_items(sql, today)
    scales, items = read.scales, read.items
    to_order = {one.key for one in items if one.to_order}
    ordered = await sql.fetch(_DEMANDS)
    demands = tuple(
        Demand(
            str(row["order_line_id"]),
            key,
            row["needed_on"].toordinal(),
            _steps(row["quantity"], scales[key]),
            batch=str(row["order_id"]) if key in to_order else "",
            priority=number,
        )
        for number, row in enumerate(ordered)
        if (key := str(row["item_id"])) in scales
    )
    receipts = tuple(
        Receipt(
            str(row["source_line_id"]),
            key,
            row["due_on"].toordinal(),
            _steps(row["quantity"], scales[key]),
        )
        for row in await sql.fetch(_RECEIPTS)
        if (key := str(row["item_id"])) in scales
    )
    by_key = {one.key: one for one in items}
    made, needed = await open_orders(sql, scales, by_key)
    expected = await open_forecasts(sql, scales, by_key, today.toordinal())
    calendars = {PLANT: tuple(working_days)} if working_days else {}
    snapshot = Snapshot(
        today.toordinal(),
        items,
        (*demands, *needed, *expected),
        (*receipts, *made),
        calendars,
    )
    wanted = {str(row["order_line_id"]): row["wanted"] for row in ordered}
    return ReadSnapshot(snapshot, scales, read.suppliers, wanted)


async def read_items(sql: Sql, today: date, only: Sequence[UUID] | None = None) -> ReadItems:
    """How goods are planned, bought and made; `only`: of no other items."""
    rows = await sql.fetch(_ITEMS, only)
    scales = {str(row["id"]): 10 ** int(row["decimals"]) for row in rows}
    bills, phantoms = _bills(await sql.fetch(_BILLS, only), scales)
    routes = await routes_of(sql, scales, today, only)
    items = tuple(_item(row, scales, bills, phantoms, routes) for row in rows)
    return ReadItems(items, scales, {str(row["id"]): row["supplier_id"] for row in rows})


def _steps(quantity: Decimal, scale: int) -> int:
    """The quantity in steps of its item; what is finer than a step is needed whole (E39)."""
    scaled = Fraction(quantity) * scale
    return -(-scaled.numerator // scaled.denominator)


def _bills(
    rows: Sequence[Mapping[str, Any]], scales: Mapping[str, int]
) -> tuple[dict[str, tuple[Bill, ...]], set[str]]:
    """The revisions of items by item, and the items that are phantoms wherever they are used.

    One that a line makes after all is planned as what is made, and passed through on the others.
    """
    lines: dict[tuple[str, UUID], list[Component]] = {}
    heads: dict[tuple[str, UUID], tuple[int | None, int | None]] = {}
    by_kind = {str(row["item_id"]) for row in rows if row["kind"] == "phantom"}
    apart = {str(row["component_id"]) for row in rows if row["phantom"] is False}
    for row in rows:
        key, component = str(row["item_id"]), str(row["component_id"])
        if key not in scales or component not in scales:
            continue
        heads[key, row["id"]] = (_ordinal(row["bill_from"]), _ordinal(row["bill_to"]))
        each = Fraction(row["quantity"]) * Fraction(row["numerator"], row["denominator"])
        each = each / (1 - Fraction(row["scrap"])) / Fraction(row["makes"])
        each = each * scales[component] / scales[key]
        lines.setdefault((key, row["id"]), []).append(
            Component(
                component,
                each.numerator,
                each.denominator,
                _ordinal(row["effective_from"]),
                _ordinal(row["effective_to"]),
                row["alternate_group"],
                row["priority"],
                component in by_kind if row["phantom"] is None else row["phantom"],
            )
        )
    found: dict[str, tuple[Bill, ...]] = {}
    for (key, bill_id), components in lines.items():
        bill = Bill(tuple(components), *heads[key, bill_id])
        found[key] = (*found.get(key, ()), bill)
    return found, by_kind - apart


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _item(
    row: Mapping[str, Any],
    scales: Mapping[str, int],
    bills: Mapping[str, tuple[Bill, ...]],
    phantoms: set[str],
    routes: Mapping[str, Route],
) -> PlannedItem:
    key = str(row["id"])
    source = Source.MAKE if key in bills else Source.BUY
    if key in phantoms:
        source = Source.PHANTOM
    if row["policy"] == Policy.BUY:
        source = Source.BUY
    elif row["policy"] is not None and source == Source.BUY:
        source = Source.MAKE
    bought = source == Source.BUY
    lead = row["lead_days"]
    if lead is None:
        lead = (row["lead_time_days"] or 0) if bought else 0
    part = Fraction(row["yield_part"] or 1)
    phantom = source == Source.PHANTOM
    route = routes.get(key, NO_ROUTE) if source == Source.MAKE else NO_ROUTE
    return PlannedItem(
        key,
        source,
        on_hand=int(row["free"] * scales[key]),
        safety_stock=0 if phantom else _steps(row["safety_stock"] or Decimal(0), scales[key]),
        lead_days=0 if phantom else lead,
        calendar="" if bought else PLANT,
        lot=LotSizing() if phantom else _lot(row, scales[key], bought=bought),
        good=(1, 1) if phantom else (part.numerator, part.denominator),
        fence_days=row["fence_days"] or 0,
        to_order=row["policy"] == Policy.MAKE_TO_ORDER,
        bills=() if bought else bills.get(key, ()),
        yields=route.yields if part == 1 else (),
        route=route.operations if row["lead_days"] is None else (),
    )


def _lot(row: Mapping[str, Any], scale: int, *, bought: bool) -> LotSizing:
    """The rule of the item; least quantity and multiple of its supplier where it says none."""
    given = row["lot_rule"] is not None
    minimum = _steps(row["lot_minimum"], scale) if given else 0
    multiple = _steps(row["lot_multiple"], scale) if given else 0
    if bought and row["supplier_id"] is not None:
        minimum = minimum or _steps(row["min_quantity"], scale)
        multiple = multiple or _steps(row["multiple"], scale)
    if not given:
        return LotSizing(minimum=minimum, multiple=multiple)
    # Costs in one whole unit: a millionth of money for a step, for ever so small a step.
    setup = int(row["setup_cost"] * 1_000_000 * scale)
    return LotSizing(
        LotRule(row["lot_rule"]),
        quantity=_steps(row["lot_quantity"], scale),
        minimum=minimum,
        maximum=_steps(row["lot_maximum"], scale),
        multiple=multiple,
        days=row["lot_days"],
        setup_cost=setup,
        holding_cost=int(row["holding_cost"] * 1_000_000),
    )
