"""What a schedule is made from, read in one snapshot of the database: a statement for each part."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from erp.sql import Sql

__all__ = [
    "OpenOperation",
    "OpenOrder",
    "Place",
    "Published",
    "Rows",
    "SharedRow",
    "lock_open_orders",
    "read_rows",
]

_OPEN = "o.state in ('firm', 'released', 'started')"
_ORDERS = f"""select o.id, o.number, o.state, o.start_on, o.due_on, o.priority, o.rush
  from production_order o where {_OPEN} order by o.id"""
_OPERATIONS = f"""select p.id, p.production_order_id, p.sequence, p.name, p.work_centre_id,
    p.alternates, p.setup_minutes, p.run_minutes, p.run_basis, p.batch_quantity, p.queue_minutes,
    p.skills, p.tools, p.supplier_id is not null as is_bought, p.efficiency, p.start_quantity,
    p.good + p.scrapped + p.reworked as handled, p.setup_family, p.breaks
  from production_order_operation p join production_order o on o.id = p.production_order_id
  where {_OPEN} order by p.production_order_id, p.sequence"""
_PLACES = """select id, code, capacity, calendar_id, efficiency, skills || tools as able_to
  from work_centre where status = 'active' order by id"""
_SHARED = """select id, kind, name, capacity, calendar_id from shared_resource
  where status = 'active' order by id"""
_CHANGEOVERS = """select work_centre_id, from_family, to_family, minutes from changeover
  where status = 'active' order by id"""
_CALENDARS = "select id, version from calendar order by id"
_PUBLISHED = """select a.operation_id, a.work_centre_id, a.unit, a.setup_starts_at, a.starts_at,
    a.ends_at, p.setup_family
  from schedule_assignment a join production_order_operation p on p.id = a.operation_id
  order by a.starts_at, a.id"""
_SETUPS = """select one ->> 'work_centre_id', (one ->> 'unit')::int, one ->> 'family'
  from schedule s cross join jsonb_array_elements(s.setups) one where s.is_current"""
_LOCK = f"select o.id from production_order o where {_OPEN} order by o.id for share"


class OpenOrder(NamedTuple):
    """An order that is firm, released or started."""

    id: UUID
    number: str
    state: str
    start_on: Any
    due_on: Any
    priority: int
    rush: bool


class OpenOperation(NamedTuple):
    """An operation of such an order, with what is handled of it."""

    id: UUID
    order_id: UUID
    sequence: int
    name: str
    work_centre_id: UUID
    alternates: Sequence[UUID]
    setup_minutes: Decimal
    run_minutes: Decimal
    run_basis: str
    batch_quantity: Decimal
    queue_minutes: Decimal
    skills: Sequence[str]
    tools: Sequence[str]
    is_bought: bool
    efficiency: Decimal
    start_quantity: Decimal
    handled: Decimal
    setup_family: str
    breaks: str


class Place(NamedTuple):
    """A work centre that is in use."""

    id: UUID
    code: str
    capacity: int
    calendar_id: UUID | None
    efficiency: Decimal
    able_to: Sequence[str]


class SharedRow(NamedTuple):
    """A skill or tool that operations share."""

    id: UUID
    kind: str
    name: str
    capacity: int
    calendar_id: UUID | None


class Published(NamedTuple):
    """An assignment of the published schedule."""

    operation_id: UUID
    work_centre_id: UUID
    unit: int
    setup_starts_at: datetime
    starts_at: datetime
    ends_at: datetime
    setup_family: str


@dataclass(frozen=True)
class Rows:
    """Everything that a schedule is made from, beside stock and working hours.

    `setups`: family for which each machine was set up when the schedule was published.
    """

    base_id: UUID | None
    orders: Sequence[OpenOrder]
    operations: Sequence[OpenOperation]
    places: Sequence[Place]
    shared: Sequence[SharedRow]
    changeovers: Sequence[tuple[UUID | None, str, str, int]]
    calendars: Sequence[tuple[UUID, int]]
    published: Sequence[Published]
    setups: Mapping[tuple[UUID, int], str]

    def digest(self) -> str:
        """SHA-256 of it all; the published schedule counts by itself."""
        parts = (
            *(self.orders, self.operations, self.places, self.shared),
            *(self.changeovers, self.calendars),
        )
        written = repr([[tuple(row) for row in part] for part in parts])
        return hashlib.sha256(written.encode()).hexdigest()


async def read_rows(sql: Sql) -> Rows:
    """All that is to be scheduled, in the transaction of the caller."""
    return Rows(
        base_id=await sql.fetchval("select id from schedule where is_current"),
        orders=[OpenOrder(*row) for row in await sql.fetch(_ORDERS)],
        operations=[OpenOperation(*row) for row in await sql.fetch(_OPERATIONS)],
        places=[Place(*row) for row in await sql.fetch(_PLACES)],
        shared=[SharedRow(*row) for row in await sql.fetch(_SHARED)],
        changeovers=[(row[0], row[1], row[2], row[3]) for row in await sql.fetch(_CHANGEOVERS)],
        calendars=[(row[0], row[1]) for row in await sql.fetch(_CALENDARS)],
        published=[Published(*row) for row in await sql.fetch(_PUBLISHED)],
        setups={(UUID(row[0]), row[1]): row[2] for row in await sql.fetch(_SETUPS)},
    )


async def lock_open_orders(sql: Sql) -> None:
    """Let nobody change or report an order that is scheduled, until the act ends."""
    await sql.execute(_LOCK)
