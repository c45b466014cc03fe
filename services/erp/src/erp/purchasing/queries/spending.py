"""What is ordered of suppliers within 30 days, which approval rules ask (E71)."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.storage.reading import Reading

__all__ = ["Spent", "spent_with"]

# An order is entered on its day or later, so those of the days are among those entered since.
# One that was dated back, or entered long ago, counts as long as it was entered, or more was
# ordered with it, within the last days, and as long as it waits: that hides nothing.
_SPENT = """select s.id, s.number,
    (select coalesce(sum(o.net), 0) from purchase_order o
      where o.supplier_id = s.id and o.id <> all($2::uuid[])
        and (o.created_at >= least($3::date - 1, $4::timestamptz)
            and (o.ordered_on > $3::date and o.ordered_on <= $5::date
              or o.created_at >= $4::timestamptz)
          or o.enlarged_at >= $4::timestamptz or o.state = 'pending_approval')
        and (o.state <> 'closed' or exists (select from purchase_order_line l
          where l.purchase_order_id = o.id and l.received > 0))) as total,
    not exists (select from purchase_order o join purchase_receipt r on r.purchase_order_id = o.id
      where o.supplier_id = s.id) as is_new
  from supplier s where s.id = any($1::uuid[])"""
_DAYS = timedelta(days=30)


class Spent(NamedTuple):
    """What is ordered of a supplier, and whether nothing came from there so far."""

    supplier_number: str
    total: Decimal
    is_new: bool


async def spent_with(
    at: Reading, supplier_ids: Collection[UUID], *, ordered_on: date, without: Collection[UUID]
) -> dict[UUID, Spent]:
    """By supplier what orders come to of the 30 days up to the day, or of the last 30.

    Of the last 30 are those entered then, whatever day they have, those with which more was
    ordered then, or dearer, and those that wait. Without those named, and those closed before
    anything came.
    """
    days = (ordered_on - _DAYS, at.now - _DAYS, ordered_on)
    rows = await at.sql.fetch(_SPENT, list(supplier_ids), list(without), *days)
    return {row["id"]: Spent(row["number"], row["total"], row["is_new"]) for row in rows}
