"""What fulfilment locks and writes, each act in few set-based statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.loading import is_changed, loaded
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
    "redact_closed",
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
    "soft_reservation_id",
)
_CHARGE = ("id", "order_id", "position", "kind", "amount")
_CHANGED = (
    *("version", "unedited_versions", "updated_at", "customer_id", "ordered_on", "requested_on"),
    *("promised_on", "ship_to", "note", "state", "reason", "net", "charges", "invoiced", "paid"),
)
_ORDER = ("id", "number", "currency", "sent", "created_at", *_CHANGED)
_CHANGED_LINE = (
    *("quantity", "unit_price", "discount", "net"),
    *("shipped", "returned", "invoiced", "credited", "waived"),
)
_CONTENT = f"""select {", ".join(_LINE)}, null as kind, null::numeric as amount,
    null::boolean as is_invoiced
  from sales_order_line where order_id = any($1::uuid[])
 union all select id, order_id, position, null, null, null, null, null, null, null, null, null,
    null, null, null, null, kind, amount, invoiced
  from sales_order_charge where order_id = any($1::uuid[])
 order by position"""

_LINKED = """select o.id from sales_order o where o.id in (select r.entity_id
    from external_reference r where r.entity_type = 'sales_order' and r.system = $1
      and r.external_id = any($2::text[]))
  order by o.id for no key update"""

_REDACT_CLOSED = """with closed as (
    select id, (select jsonb_object_agg(a.key,
        case when a.key in ('country', 'region') then a.value else '""' end)
      from jsonb_each(ship_to) a) as place
      from sales_order
     where customer_id = any($1::uuid[]) and state in ('completed', 'cancelled', 'rejected')
       and (note <> '' or exists (select from jsonb_each_text(ship_to) a
         where a.key not in ('country', 'region') and a.value <> ''))
     order by id for update)
  update sales_order o set ship_to = c.place, note = '', version = version + 1, updated_at = $2
    from closed c where o.id = c.id returning o.id"""
_INCREMENT = """update sales_order set version = version + 1,
    unedited_versions = unedited_versions + 1, updated_at = $2
  where id in (select id from sales_order where id = any($1::uuid[]) order by id
    for no key update) returning id"""
_TO_PROMISE = """select id from sales_order
  where id = any($1::uuid[]) and state = 'confirmed' and (promised_on is null or $2) order by id"""


class _Promised(NamedTuple):
    """For which day an order is promised."""

    id: UUID
    promised_on: date | None


class _Paid(NamedTuple):
    """What is paid of an order."""

    id: UUID
    paid: Decimal


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
    write = Bulk()
    write.insert(Order, [order.header for order in orders], *_ORDER)
    _insert_content(
        write,
        [line for order in orders for line in order.lines],
        [charge for order in orders for charge in order.charges],
    )
    await write.execute(work.sql)


def _insert_content(
    write: Bulk, lines: Sequence[OrderLine], charges: Sequence[OrderCharge] = ()
) -> None:
    write.insert(OrderLine, lines, *_LINE)
    write.insert(OrderCharge, charges, *_CHARGE, "invoiced")


async def replace_content(work: Work, order: LockedOrder) -> None:
    """Store other lines and charges in place of those of an order that is not confirmed."""
    for table in ("sales_order_line", "sales_order_charge"):
        await work.sql.execute(f"delete from {table} where order_id = $1", order.header.id)
    write = Bulk()
    _insert_content(write, order.lines, order.charges)
    await write.execute(work.sql)


async def add_lines(
    work: Work, lines: Sequence[OrderLine], charges: Sequence[OrderCharge] = ()
) -> None:
    """Store more lines and charges of an order."""
    write = Bulk()
    _insert_content(write, lines, charges)
    await write.execute(work.sql)


async def replace_charges(work: Work, order: LockedOrder) -> None:
    """Store other charges in place of those of an order."""
    await work.sql.execute("delete from sales_order_charge where order_id = $1", order.header.id)
    write = Bulk()
    _insert_content(write, (), order.charges)
    await write.execute(work.sql)


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
    order.header.touch(work.now, edited=edited)
    write = Bulk()
    write.update(Order, [order.header], *_CHANGED)
    write.update(OrderLine, [line for line in order.lines if is_changed(line)], *_CHANGED_LINE)
    write.update(OrderCharge, [one for one in order.charges if is_changed(one)], "invoiced")
    await write.execute(work.sql)


async def increment_versions(work: Work, order_ids: Sequence[UUID]) -> list[UUID]:
    """Count one more version of orders whose surroundings changed; those that exist.

    Nobody changed what the orders ask for: their ETags stay.
    """
    return [row["id"] for row in await work.sql.fetch(_INCREMENT, list(order_ids), work.now)]


async def redact_closed(work: Work, customer_ids: Sequence[UUID]) -> list[UUID]:
    """Empty note and place of orders that are done, but for country and region; those that had any.

    Orders are locked in key order.
    """
    rows = await work.sql.fetch(_REDACT_CLOSED, list(customer_ids), work.now)
    return [row["id"] for row in rows]


async def store_paid_amounts(work: Work, paid: Mapping[UUID, Decimal]) -> None:
    """Store what is paid of orders, which the act has locked."""
    write = Bulk()
    write.update(Order, [_Paid(*one) for one in paid.items()], "paid")
    await write.execute(work.sql)


async def orders_to_reschedule(sql: Sql, order_ids: Sequence[UUID], *, anew: bool) -> list[UUID]:
    """Those of the orders that are confirmed for no known day; `anew`: for whatever day."""
    return [row["id"] for row in await sql.fetch(_TO_PROMISE, list(order_ids), anew)]


async def store_sent_content(work: Work, order: Order) -> None:
    """Store what was sent of the order last."""
    write = Bulk()
    write.update(Order, [order], "sent")
    await write.execute(work.sql)


async def store_promised_days(work: Work, promised: Mapping[UUID, date | None]) -> None:
    """Store for which day orders are promised, which the act has locked."""
    write = Bulk()
    write.update(Order, [_Promised(*one) for one in promised.items()], "promised_on")
    await write.execute(work.sql)


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
