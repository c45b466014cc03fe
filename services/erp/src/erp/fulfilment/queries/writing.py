"""What fulfilment locks and writes, each act in few set-based statements."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.loading import columns_of, is_changed, loaded
from chassis.work.unit_of_work import Work
from erp.fulfilment.models import (
    ChangeRequest,
    Order,
    OrderCharge,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from erp.sql import Sql
from values.address import Address

__all__ = [
    "LockedOrder",
    "add_change_request",
    "add_lines",
    "add_orders",
    "add_shipment",
    "delete_lines",
    "increment_versions",
    "load_for_update",
    "lock_linked_orders",
    "next_numbers",
    "orders_to_reschedule",
    "replace_charges",
    "replace_content",
    "save",
    "store_paid_amounts",
    "store_promised_days",
    "store_sent_content",
]


@dataclass
class LockedOrder:
    """A locked order with its lines and charges, to be changed and saved.

    `refusal`: why the last change of it that was asked for is refused, if it is.
    """

    header: Order
    lines: list[OrderLine] = field(default_factory=list)
    charges: list[OrderCharge] = field(default_factory=list)
    refusal: str = ""
    unpriced: list[str] = field(default_factory=list)
    """SKUs of the lines that were sent without a price, and have none."""

    def line(self, line_id: UUID) -> OrderLine | None:
        """The line of that id."""
        return next((line for line in self.lines if line.id == line_id), None)


_LOCK = """select o.* from sales_order o where o.id = any($1::uuid[])
  order by o.id for no key update"""
_LINE = (
    *("id", "order_id", "position", "external_line_id", "item_id", "description", "quantity"),
    *("unit_price", "discount", "net", "shipped", "returned", "invoiced", "credited", "waived"),
)
_CHARGE = ("id", "order_id", "position", "kind", "amount")
_CONTENT = f"""select {", ".join(_LINE)}, null as kind, null::numeric as amount,
    null::boolean as is_invoiced
  from sales_order_line where order_id = any($1::uuid[])
 union all select id, order_id, position, null, null, null, null, null, null, null, null, null,
    null, null, null, kind, amount, invoiced
  from sales_order_charge where order_id = any($1::uuid[])
 order by position"""

_LINKED = """select o.id from sales_order o where o.id in (select r.entity_id
    from external_reference r where r.entity_type = 'sales_order' and r.system = $1
      and r.external_id = any($2::text[]))
  order by o.id for no key update"""

_ADD_LINES = """line as (insert into sales_order_line (id, order_id, position,
    external_line_id, item_id, description, quantity, unit_price, discount, net, shipped,
    returned, invoiced, credited, waived)
  select n.*, 0, 0, 0, 0, 0
  from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::uuid[], $6::text[],
    $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[]) as n),
charge as (insert into sales_order_charge (id, order_id, position, kind, amount, invoiced)
  select n.*, false from unnest($11::uuid[], $12::uuid[], $13::smallint[], $14::text[],
    $15::numeric[]) as n)"""
_ADD_CONTENT = f"with {_ADD_LINES} select 1"
_ADD_ORDERS = f"""with {_ADD_LINES}
insert into sales_order (id, number, customer_id, currency, ordered_on, requested_on, promised_on,
    ship_to, note, state, reason, net, charges, sent, version, created_at, updated_at, invoiced,
    paid)
  select n.id, n.number, n.customer_id, n.currency, n.ordered_on, n.requested_on, n.promised_on,
    n.ship_to::jsonb, n.note, n.state, n.reason, n.net, n.charges, n.sent::jsonb, 1, $16, $16, 0, 0
  from unnest($17::uuid[], $18::text[], $19::uuid[], $20::text[], $21::date[], $22::date[],
    $23::date[], $24::text[], $25::text[], $26::text[], $27::text[], $28::numeric[],
    $29::numeric[], $30::text[]) as n(id, number, customer_id, currency, ordered_on, requested_on,
    promised_on, ship_to, note, state, reason, net, charges, sent)"""

_SAVE = """update sales_order set version = $2, updated_at = $3, requested_on = $4,
    promised_on = $5, state = $6, reason = $7, net = $8, charges = $9, invoiced = $10, paid = $11,
    ship_to = $12, note = $13, ordered_on = $14, customer_id = $15, unedited_versions = $16
  where id = $1"""
_SAVE_CONTENT = """with line as (update sales_order_line l
    set quantity = n.quantity, unit_price = n.unit_price, discount = n.discount, net = n.net,
      shipped = n.shipped, returned = n.returned, invoiced = n.invoiced, credited = n.credited,
      waived = n.waived
  from unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[],
      $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[])
    as n(id, quantity, unit_price, discount, net, shipped, returned, invoiced, credited, waived)
  where l.id = n.id)
update sales_order_charge c set invoiced = n.invoiced
  from unnest($11::uuid[], $12::boolean[]) as n(id, invoiced) where c.id = n.id"""

_INCREMENT = """update sales_order set version = version + 1,
    unedited_versions = unedited_versions + 1, updated_at = $2
  where id in (select id from sales_order where id = any($1::uuid[]) order by id
    for no key update) returning id"""
_TO_PROMISE = """select id from sales_order
  where id = any($1::uuid[]) and state = 'confirmed' and (promised_on is null or $2) order by id"""
_PROMISED = """update sales_order o set promised_on = n.promised_on
  from unnest($1::uuid[], $2::date[]) as n(id, promised_on) where o.id = n.id"""
_PAID = """update sales_order o set paid = n.paid
  from unnest($1::uuid[], $2::numeric[]) as n(id, paid) where o.id = n.id"""


async def next_numbers(sql: Sql, sequence: str, prefix: str, count: int) -> list[str]:
    """The next numbers of documents whose series may have gaps."""
    rows = await sql.fetch(
        "select nextval($1::text::regclass) as number from generate_series(1, $2)", sequence, count
    )
    return [f"{prefix}-{row['number']:06}" for row in rows]


async def load_for_update(work: Work, order_ids: Sequence[UUID]) -> dict[UUID, LockedOrder]:
    """Orders with all that belongs to them, locked in the order of their ids."""
    found: dict[UUID, LockedOrder] = {}
    for row in await work.sql.fetch(_LOCK, list(order_ids)):
        facts = dict(row) | {"ship_to": Address.model_validate(row["ship_to"])}
        found[row["id"]] = LockedOrder(loaded(Order, facts))
    # The content is read once the orders are locked: before, it may be about to change.
    for row in await work.sql.fetch(_CONTENT, list(order_ids)):
        order = found[row["order_id"]]
        if row["kind"] is None:
            order.lines.append(loaded(OrderLine, {name: row[name] for name in _LINE}))
        else:
            charge = {name: row[name] for name in _CHARGE}
            order.charges.append(loaded(OrderCharge, charge | {"invoiced": row["is_invoiced"]}))
    return found


async def add_orders(work: Work, orders: Sequence[LockedOrder]) -> None:
    """Store new orders with their lines and charges, in one statement."""
    headers = [order.header for order in orders]
    await work.sql.execute(
        _ADD_ORDERS,
        *_content(
            [line for order in orders for line in order.lines],
            [charge for order in orders for charge in order.charges],
        ),
        work.now,
        *columns_of(headers, "id", "number", "customer_id", "currency", "ordered_on"),
        *columns_of(headers, "requested_on", "promised_on"),
        [header.ship_to.model_dump_json() for header in headers],
        *columns_of(headers, "note", "state", "reason", "net", "charges"),
        [json.dumps(header.sent) if header.sent is not None else None for header in headers],
    )


async def _add_content(work: Work, order: LockedOrder) -> None:
    await work.sql.execute(_ADD_CONTENT, *_content(order.lines, order.charges))


def _content(lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> list[list[Any]]:
    return [
        *columns_of(lines, "id", "order_id", "position", "external_line_id", "item_id"),
        *columns_of(lines, "description", "quantity", "unit_price", "discount", "net"),
        *columns_of(charges, "id", "order_id", "position", "kind", "amount"),
    ]


async def replace_content(work: Work, order: LockedOrder) -> None:
    """Store other lines and charges in place of those of an order that is not confirmed."""
    for table in ("sales_order_line", "sales_order_charge"):
        await work.sql.execute(f"delete from {table} where order_id = $1", order.header.id)
    await _add_content(work, order)


async def add_lines(work: Work, header: Order, lines: Sequence[OrderLine]) -> None:
    """Store more lines of an order."""
    await _add_content(work, LockedOrder(header, list(lines)))


async def replace_charges(work: Work, order: LockedOrder) -> None:
    """Store other charges in place of those of an order."""
    await work.sql.execute("delete from sales_order_charge where order_id = $1", order.header.id)
    await _add_content(work, LockedOrder(order.header, [], order.charges))


async def lock_linked_orders(work: Work, system: str, external_ids: Sequence[str]) -> list[UUID]:
    """Lock the orders another system knows by these ids, in key order; the items they name."""
    order_ids = [row["id"] for row in await work.sql.fetch(_LINKED, system, list(external_ids))]
    rows = await work.sql.fetch(
        "select distinct item_id from sales_order_line where order_id = any($1::uuid[])", order_ids
    )
    return [row["item_id"] for row in rows]


async def delete_lines(work: Work, line_ids: Sequence[UUID]) -> None:
    """Remove lines of which nothing has gone out and nothing is wanted."""
    if line_ids:
        await work.sql.execute(
            "delete from sales_order_line where id = any($1::uuid[])", list(line_ids)
        )


async def save(work: Work, order: LockedOrder, *, edited: bool = True) -> None:
    """Store what the order, its lines and charges have become, as its next version.

    `edited`: what the order asks for, or whether it is accepted, has changed, and with it the ETag.
    """
    header = order.header
    header.touch(work.now, edited=edited)
    await _save_content(work, order)
    await work.sql.execute(
        _SAVE,
        header.id,
        header.version,
        header.updated_at,
        header.requested_on,
        header.promised_on,
        header.state,
        header.reason,
        header.net,
        header.charges,
        header.invoiced,
        header.paid,
        header.ship_to.model_dump_json(),
        header.note,
        header.ordered_on,
        header.customer_id,
        header.unedited_versions,
    )


async def _save_content(work: Work, order: LockedOrder) -> None:
    """Store the lines and charges that are other than they were read, if there are any."""
    lines = [line for line in order.lines if is_changed(line)]
    charges = [charge for charge in order.charges if is_changed(charge)]
    if lines or charges:
        await work.sql.execute(
            _SAVE_CONTENT,
            *columns_of(lines, "id", "quantity", "unit_price", "discount", "net"),
            *columns_of(lines, "shipped", "returned", "invoiced", "credited", "waived"),
            *columns_of(charges, "id", "invoiced"),
        )


async def increment_versions(work: Work, order_ids: Sequence[UUID]) -> list[UUID]:
    """Count one more version of orders whose surroundings changed; those that exist.

    Nobody changed what the orders ask for: their ETags stay.
    """
    return [row["id"] for row in await work.sql.fetch(_INCREMENT, list(order_ids), work.now)]


async def store_paid_amounts(work: Work, paid: Mapping[UUID, Decimal]) -> None:
    """Store what is paid of orders, which the act has locked."""
    await work.sql.execute(_PAID, list(paid), list(paid.values()))


async def orders_to_reschedule(sql: Sql, order_ids: Sequence[UUID], *, anew: bool) -> list[UUID]:
    """Those of the orders that are confirmed for no known day; `anew`: for whatever day."""
    return [row["id"] for row in await sql.fetch(_TO_PROMISE, list(order_ids), anew)]


async def store_sent_content(work: Work, order: Order) -> None:
    """Store what was sent of the order last."""
    sent = json.dumps(order.sent)
    await work.sql.execute("update sales_order set sent = $2 where id = $1", order.id, sent)


async def store_promised_days(work: Work, promised: Mapping[UUID, date | None]) -> None:
    """Store for which day orders are promised, which the act has locked."""
    await work.sql.execute(_PROMISED, list(promised), list(promised.values()))


async def add_change_request(work: Work, change: ChangeRequest) -> None:
    """Store what was asked for and the answer."""
    work.session.add(change)
    await work.flush()


async def add_shipment(work: Work, shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    """Store a shipment."""
    work.session.add(shipment)
    await work.flush()
    work.session.add_all(lines)
    await work.flush()
