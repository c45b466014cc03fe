"""What fulfilment locks and writes, each act in few set-based statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.loading import loaded
from chassis.storage.work import Work
from erp.addresses import Address
from erp.fulfilment.models import (
    ChangeRequest,
    Order,
    OrderCharge,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from erp.sql import Sql

__all__ = [
    "OrderAtHand",
    "add_change",
    "add_lines",
    "add_order",
    "add_shipment",
    "at_hand",
    "count_again",
    "drop_lines",
    "hold_linked",
    "next_number",
    "note_paid",
    "note_promised",
    "replace_charges",
    "replace_content",
    "save",
    "without_promise",
]


@dataclass
class OrderAtHand:
    """A locked order with its lines and charges, to be changed and saved."""

    order: Order
    lines: list[OrderLine] = field(default_factory=list)
    charges: list[OrderCharge] = field(default_factory=list)

    def line(self, line_id: UUID) -> OrderLine | None:
        """The line of that id."""
        return next((line for line in self.lines if line.id == line_id), None)


_LOCK = """select o.* from sales_order o where o.id = any($1::uuid[])
  order by o.id for no key update"""
_LINES = "select * from sales_order_line where order_id = any($1::uuid[]) order by position"
_CHARGES = "select * from sales_order_charge where order_id = any($1::uuid[]) order by position"

_LINKED = """select o.id from sales_order o where o.id in (select r.entity_id
    from external_reference r where r.entity_type = 'sales_order' and r.system = $1
      and r.external_id = any($2::text[]))
  order by o.id for no key update"""

_ADD_ORDER = """insert into sales_order (id, version, created_at, updated_at, number, customer_id,
    currency, ordered_on, requested_on, promised_on, ship_to, note, state, reason, net, charges,
    invoiced, paid)
  values ($1, 1, $2, $2, $3, $4, $5, $6, $7, null, $8, $9, $10, '', $11, $12, 0, 0)"""

_ADD_CONTENT = """with line as (insert into sales_order_line (id, order_id, position,
    external_line_id, item_id, description, quantity, unit_price, discount, net, shipped,
    returned, invoiced, credited)
  select n.*, 0, 0, 0, 0 from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::uuid[],
    $6::text[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[]) as n)
insert into sales_order_charge (id, order_id, position, kind, amount, invoiced)
  select n.*, false from unnest($11::uuid[], $12::uuid[], $13::smallint[], $14::text[],
    $15::numeric[]) as n"""

_SAVE = """with line as (update sales_order_line l
    set quantity = n.quantity, net = n.net, shipped = n.shipped, returned = n.returned,
      invoiced = n.invoiced, credited = n.credited, unit_price = n.unit_price,
      discount = n.discount
  from unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[],
      $6::numeric[], $24::numeric[], $25::numeric[], $26::numeric[])
    as n(id, quantity, net, shipped, returned, invoiced, credited, unit_price, discount)
  where l.id = n.id),
charge as (update sales_order_charge c set invoiced = n.invoiced
  from unnest($7::uuid[], $8::boolean[]) as n(id, invoiced) where c.id = n.id)
update sales_order set version = $10, updated_at = $11, requested_on = $12, promised_on = $13,
    state = $14, reason = $15, net = $16, charges = $17, invoiced = $18, paid = $19,
    ship_to = $20, note = $21, ordered_on = $22, customer_id = $23
  where id = $9"""

_COUNT = """update sales_order set version = version + 1, updated_at = $2
  where id in (select id from sales_order where id = any($1::uuid[]) order by id
    for no key update) returning id"""
_UNPROMISED = """select id from sales_order
  where id = any($1::uuid[]) and state = 'confirmed' and promised_on is null order by id"""
_PROMISED = """update sales_order o set promised_on = n.promised_on
  from unnest($1::uuid[], $2::date[]) as n(id, promised_on) where o.id = n.id"""
_PAID = """update sales_order o set paid = n.paid
  from unnest($1::uuid[], $2::numeric[]) as n(id, paid) where o.id = n.id"""


async def next_number(sql: Sql, sequence: str, prefix: str) -> str:
    """The next number of documents whose series may have gaps."""
    number: int = await sql.fetchval("select nextval($1::text::regclass)", sequence)
    return f"{prefix}-{number:06}"


async def at_hand(work: Work, order_ids: Sequence[UUID]) -> dict[UUID, OrderAtHand]:
    """Orders with all that belongs to them, locked in the order of their ids."""
    found: dict[UUID, OrderAtHand] = {}
    for row in await work.sql.fetch(_LOCK, list(order_ids)):
        facts = dict(row) | {"ship_to": Address.model_validate(row["ship_to"])}
        found[row["id"]] = OrderAtHand(loaded(Order, facts))
    for row in await work.sql.fetch(_LINES, list(order_ids)):
        found[row["order_id"]].lines.append(loaded(OrderLine, dict(row)))
    for row in await work.sql.fetch(_CHARGES, list(order_ids)):
        found[row["order_id"]].charges.append(loaded(OrderCharge, dict(row)))
    return found


async def add_order(work: Work, hand: OrderAtHand) -> None:
    """Store a new order."""
    order = hand.order
    await work.sql.execute(
        _ADD_ORDER,
        order.id,
        work.now,
        order.number,
        order.customer_id,
        order.currency,
        order.ordered_on,
        order.requested_on,
        order.ship_to.model_dump_json(),
        order.note,
        order.state,
        order.net,
        order.charges,
    )
    await _add_content(work, hand)


async def _add_content(work: Work, hand: OrderAtHand) -> None:
    lines, charges = hand.lines, hand.charges
    await work.sql.execute(
        _ADD_CONTENT,
        [line.id for line in lines],
        [line.order_id for line in lines],
        [line.position for line in lines],
        [line.external_line_id for line in lines],
        [line.item_id for line in lines],
        [line.description for line in lines],
        [line.quantity for line in lines],
        [line.unit_price for line in lines],
        [line.discount for line in lines],
        [line.net for line in lines],
        [charge.id for charge in charges],
        [charge.order_id for charge in charges],
        [charge.position for charge in charges],
        [charge.kind for charge in charges],
        [charge.amount for charge in charges],
    )


async def replace_content(work: Work, hand: OrderAtHand) -> None:
    """Store other lines and charges in place of those of an order that is not confirmed."""
    for table in ("sales_order_line", "sales_order_charge"):
        await work.sql.execute(f"delete from {table} where order_id = $1", hand.order.id)
    await _add_content(work, hand)


async def add_lines(work: Work, order: Order, lines: Sequence[OrderLine]) -> None:
    """Store more lines of an order."""
    await _add_content(work, OrderAtHand(order, list(lines)))


async def replace_charges(work: Work, hand: OrderAtHand) -> None:
    """Store other charges in place of those of an order."""
    await work.sql.execute("delete from sales_order_charge where order_id = $1", hand.order.id)
    await _add_content(work, OrderAtHand(hand.order, [], hand.charges))


async def hold_linked(work: Work, system: str, external_ids: Sequence[str]) -> list[UUID]:
    """Lock the orders another system knows by these ids, in key order; the items they name."""
    order_ids = [row["id"] for row in await work.sql.fetch(_LINKED, system, list(external_ids))]
    rows = await work.sql.fetch(
        "select distinct item_id from sales_order_line where order_id = any($1::uuid[])", order_ids
    )
    return [row["item_id"] for row in rows]


async def drop_lines(work: Work, line_ids: Sequence[UUID]) -> None:
    """Remove lines of which nothing has gone out and nothing is wanted."""
    if line_ids:
        await work.sql.execute(
            "delete from sales_order_line where id = any($1::uuid[])", list(line_ids)
        )


async def save(work: Work, hand: OrderAtHand, *, counted: bool = True) -> None:
    """Store what the order, its lines and charges have become, as its next version.

    `counted=False`: it is still the version that this act has begun.
    """
    order, lines, charges = hand.order, hand.lines, hand.charges
    if counted:
        order.touch(work.now)
    await work.sql.execute(
        _SAVE,
        [line.id for line in lines],
        [line.quantity for line in lines],
        [line.net for line in lines],
        [line.shipped for line in lines],
        [line.returned for line in lines],
        [line.invoiced for line in lines],
        [charge.id for charge in charges],
        [charge.invoiced for charge in charges],
        order.id,
        order.version,
        order.updated_at,
        order.requested_on,
        order.promised_on,
        order.state,
        order.reason,
        order.net,
        order.charges,
        order.invoiced,
        order.paid,
        order.ship_to.model_dump_json(),
        order.note,
        order.ordered_on,
        order.customer_id,
        [line.credited for line in lines],
        [line.unit_price for line in lines],
        [line.discount for line in lines],
    )


async def count_again(work: Work, order_ids: Sequence[UUID]) -> list[UUID]:
    """Count one more version of orders whose surroundings changed; those that exist."""
    return [row["id"] for row in await work.sql.fetch(_COUNT, list(order_ids), work.now)]


async def note_paid(work: Work, paid: Mapping[UUID, Decimal]) -> None:
    """Note what is paid of orders, which the act has locked."""
    await work.sql.execute(_PAID, list(paid), list(paid.values()))


async def without_promise(sql: Sql, order_ids: Sequence[UUID]) -> list[UUID]:
    """Those of the orders that are confirmed for no known day."""
    return [row["id"] for row in await sql.fetch(_UNPROMISED, list(order_ids))]


async def note_promised(work: Work, promised: Mapping[UUID, date | None]) -> None:
    """Note for which day orders are promised, which the act has locked."""
    await work.sql.execute(_PROMISED, list(promised), list(promised.values()))


async def add_change(work: Work, change: ChangeRequest) -> None:
    """Store what was asked for and the answer."""
    work.session.add(change)
    await work.flush()


async def add_shipment(work: Work, shipment: Shipment, lines: Sequence[ShipmentLine]) -> None:
    """Store a shipment."""
    work.session.add(shipment)
    await work.flush()
    work.session.add_all(lines)
    await work.flush()
