"""Routings as a plan knows them: yields and times of the one that counts on its day."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from calendars.blocks import Block
from erp.planning.rules.snapshot import Operation
from erp.sql import Sql

__all__ = ["NO_ROUTE", "Route", "routes_of"]

_MILLION = 1_000_000
_WHOLE_DAY = 24 * 60
_OPERATIONS = """select r.item_id, o.setup_minutes, o.run_minutes, o.run_basis, o.batch_quantity,
    o.queue_minutes, o.yield_part, o.supplier_id is not null as is_outside, w.efficiency, c.hours
  from routing r join routing_operation o on o.routing_id = r.id
  join work_centre w on w.id = o.work_centre_id left join calendar c on c.id = w.calendar_id
  where r.status = 'active' and daterange(r.effective_from, r.effective_to, '[]') @> $1::date
    and ($2::uuid[] is null or r.item_id = any($2))
  order by r.item_id, o.sequence"""


class Route(NamedTuple):
    """The yields of an item's operations, and how long they take."""

    yields: tuple[tuple[int, int], ...]
    operations: tuple[Operation, ...]


NO_ROUTE = Route((), ())


async def routes_of(
    sql: Sql, scales: Mapping[str, int], today: date, only: Sequence[UUID] | None
) -> dict[str, Route]:
    """By item the routing that counts today; `only`: of no other items.

    A step at a supplier's takes its queue time alone. A working day of a work centre has what its
    calendar has on average on the weekdays on which it works.
    """
    found: dict[str, Route] = {}
    for row in await sql.fetch(_OPERATIONS, today, only):
        key = str(row["item_id"])
        if key not in scales:
            continue
        part = Fraction(row["yield_part"])
        yields, operations = found.get(key, NO_ROUTE)
        found[key] = Route(
            (*yields, (part.numerator, part.denominator)),
            (*operations, _operation(row, scales[key])),
        )
    return found


def _operation(row: Mapping[str, Any], scale: int) -> Operation:
    by_batch = row["run_basis"] == "batch"
    per = row["batch_quantity"] * scale if by_batch else Decimal(scale)
    share = Fraction(100) / Fraction(row["efficiency"])
    outside = row["is_outside"]
    return Operation(
        queue=_up(Fraction(row["queue_minutes"])),
        setup=0 if outside else _up(Fraction(row["setup_minutes"]) * share),
        run=0 if outside else _up(Fraction(row["run_minutes"]) * share),
        per=max(int(per), 1),
        by_batch=by_batch,
        day=_day_of(row["hours"]),
    )


def _up(minutes: Fraction) -> int:
    scaled = minutes * _MILLION
    return -(-scaled.numerator // scaled.denominator)


def _day_of(hours: Any) -> int:
    """What a working day has; without a calendar the whole day."""
    week = orjson.loads(hours) if isinstance(hours, str) else hours or ()
    blocks = [(one["weekday"], Block.of(one["start"], one["end"]).minutes) for one in week]
    days = {weekday for weekday, _ in blocks}
    if not days:
        return _WHOLE_DAY * _MILLION
    return max(sum(minutes for _, minutes in blocks) * _MILLION // len(days), 1)
