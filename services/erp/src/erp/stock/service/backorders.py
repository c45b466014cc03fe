"""Who waits for locked items, up to which day they may reserve, and who gets what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Self
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.settings import settings_of
from erp.stock.lines import ExpectedLine, SoftLine
from erp.stock.models.demand import Demand
from erp.stock.queries import locking
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.allocation import Backorder, allocate
from erp.stock.rules.promising import (
    AvailabilityProjection,
    DatedQuantity,
    postpone_overdue,
    promised_day,
)

__all__ = ["BackorderQueue", "keeps_goods", "reservation_horizon", "reservation_start"]

_NOTHING = Decimal(0)


def reservation_horizon(work: Work) -> date | None:
    """The last day that is near enough to reserve for today; None: any day is."""
    days = settings_of(work.setting).reserve_days_ahead
    return None if days is None else work.today() + timedelta(days=days)


def keeps_goods(work: Work, stock: LockedStock) -> bool:
    """Whether free goods may be kept for somebody who has not reserved them.

    That is for lines that wait for their day, and for soft reservations.
    """
    return reservation_horizon(work) is not None or bool(stock.soft_reserved)


def reservation_start(work: Work, needed_on: date) -> date | None:
    """The day to come from which goods needed on a day are reserved; None: they may be today."""
    until = reservation_horizon(work)
    if until is None or needed_on <= until:
        return None
    return work.today() + (needed_on - until)


@dataclass
class BackorderQueue:
    """The lines that wait for locked items, kept current by the act that reserves for them."""

    stock: LockedStock
    today: date
    until: date | None
    lines: dict[UUID, list[Demand]] = field(default_factory=dict)
    receipts: dict[UUID, list[DatedQuantity]] = field(default_factory=dict)
    soft: dict[UUID, list[SoftLine]] = field(default_factory=dict)

    @classmethod
    async def of(cls, work: Work, stock: LockedStock, item_ids: Sequence[UUID]) -> Self:
        """The queue for items, with what the act has changed already.

        What is to come is read only where lines wait for their day, or soft reservations count:
        nobody else needs it here.
        """
        queue = cls(stock, work.today(), reservation_horizon(work))
        expected: Sequence[ExpectedLine] = ()
        soft: Sequence[SoftLine] = ()
        if keeps_goods(work, stock):
            waiting, expected, soft = await locking.queue_of(work, item_ids)
        else:
            waiting = await locking.backorders_of(work, item_ids)
        for promised in soft:
            queue.soft.setdefault(promised.item_id, []).append(promised)
        lines = {line.order_line_id: line for line in waiting} | stock.demands
        for line in lines.values():
            queue.lines.setdefault(line.item_id, []).append(line)
        for one in expected:
            left = one.quantity - stock.received.get(one.source_line_id, _NOTHING)
            if left > 0:
                receipt = postpone_overdue((one.due_on, left), today=queue.today)
                queue.receipts.setdefault(one.item_id, []).append(receipt)
        return queue

    def fill(
        self, item_ids: Iterable[UUID], early: Mapping[UUID, Decimal] | None = None
    ) -> list[Demand]:
        """Reserve what is free for those whose day has come; the lines that got some.

        Of the lines `early`, so many are reserved before their day.
        """
        filled = []
        for item_id in item_ids:
            level = self.stock.levels[item_id]
            if level.free <= 0:
                continue
            lines = {line.order_line_id: line for line in self._in_order(item_id)}
            waiting = self._backorders(item_id, lines.values(), early or {})
            receipts = self.receipts.get(item_id, ())
            for line_id, quantity in allocate(level.free, waiting, receipts, today=self.today):
                lines[line_id].reserve(quantity)
                level.reserve(quantity)
                filled.append(lines[line_id])
        return filled

    def _in_order(self, item_id: UUID) -> list[Demand]:
        waiting = [line for line in self.lines.get(item_id, ()) if line.waiting > 0]
        return sorted(waiting, key=lambda line: line.queue_order)

    def _backorders(
        self, item_id: UUID, lines: Iterable[Demand], early: Mapping[UUID, Decimal]
    ) -> list[Backorder]:
        """Who waits, in their order; soft reservations wait among them, and get nothing."""
        queued = [(line.queue_order, self._backorder(line, early)) for line in lines]
        queued += [
            (
                (one.promised_on, one.place),
                Backorder(one.id, one.quantity, one.promised_on, _NOTHING),
            )
            for one in self.soft.get(item_id, ())
        ]
        return [one for _, one in sorted(queued, key=lambda pair: pair[0])]

    def _backorder(self, line: Demand, early: Mapping[UUID, Decimal]) -> Backorder:
        due = self.until is None or line.needed_on <= self.until
        now = line.waiting if due else min(early.get(line.order_line_id, _NOTHING), line.waiting)
        return Backorder(line.order_line_id, line.waiting, line.promised_on or line.needed_on, now)

    def promised_day(
        self, lines: Sequence[tuple[UUID, Decimal]], *, wanted_on: date
    ) -> date | None:
        """The first day on which lines (item, quantity) can be promised; None: no known day."""
        projections = {item_id: self._projection(item_id) for item_id, _ in lines}
        return promised_day(projections, lines, wanted_on=wanted_on, today=self.today)

    def _projection(self, item_id: UUID) -> AvailabilityProjection:
        waiting = [
            (one.promised_on or one.needed_on, one.waiting) for one in self._in_order(item_id)
        ]
        soft = [(one.promised_on, one.quantity) for one in self.soft.get(item_id, ())]
        free = self.stock.levels[item_id].free
        return AvailabilityProjection(free, self.receipts.get(item_id, []), waiting + soft)

    def give_up(self, item_id: UUID, soft_reservation_id: UUID) -> None:
        """Count a soft reservation of the item no longer: an order uses it."""
        kept = [one for one in self.soft.get(item_id, ()) if one.id != soft_reservation_id]
        self.soft[item_id] = kept

    def append(self, lines: Sequence[Demand]) -> list[Demand]:
        """Let new lines wait, and reserve for those whose day has come what the others leave.

        The lines that got some: others too, where a soft reservation was given up.
        """
        for line in lines:
            self.lines.setdefault(line.item_id, []).append(line)
        return self.fill(sorted({line.item_id for line in lines}))
