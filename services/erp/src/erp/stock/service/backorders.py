"""Who waits for locked items, up to which day they may reserve, and who gets what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Self
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.settings import settings_of
from erp.stock.lines import DemandLine, ExpectedLine, SoftLine
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
    """The lines that wait for locked items, kept current by the act that reserves for them.

    `used` are the soft reservations that new lines use, by line.
    """

    stock: LockedStock
    today: date
    until: date | None
    lines: dict[UUID, list[Demand]] = field(default_factory=dict)
    receipts: dict[UUID, list[DatedQuantity]] = field(default_factory=dict)
    soft: dict[UUID, list[SoftLine]] = field(default_factory=dict)
    used: dict[UUID, SoftLine] = field(default_factory=dict)

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
        """Who waits, in their order; soft reservations wait among them, and get nothing.

        What a line lacks of the soft reservation that it uses stands where that stood.
        """
        queued = []
        for line in lines:
            one = self._backorder(line, early)
            used = self.used.get(line.order_line_id)
            first = max(used.quantity - line.reserved, _NOTHING) if used else _NOTHING
            if used and first:
                day = min(used.promised_on, line.promised_on or date.max)
                kept = replace(one, quantity=first, now=min(one.now, first))
                queued.append(((day, used.place), kept))
                one = replace(one, quantity=one.quantity - first, now=one.now - kept.now)
            if one.quantity:
                queued.append((line.queue_order, one))
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

    def promised_day(self, lines: Sequence[DemandLine], *, wanted_on: date) -> date | None:
        """The first day on which an order's lines can be promised; None: no known day.

        What is of soft reservations that they use keeps its day, or gets a sooner one.
        """
        item_ids = {line.item_id for line in lines}
        kept: list[tuple[UUID, DatedQuantity]] = []
        rest: list[tuple[UUID, Decimal]] = []
        for line in lines:
            quantity = line.quantity
            if used := self.used.get(line.order_line_id):
                kept.append((line.item_id, (used.promised_on, used.quantity)))
                quantity -= used.quantity
            if quantity:
                rest.append((line.item_id, quantity))
        return promised_day(
            {one: self._projection(one) for one in item_ids},
            rest,
            wanted_on=wanted_on,
            today=self.today,
            kept=kept,
            promised={one: self._projection(one, promised=True) for one, _ in kept},
        )

    def _projection(self, item_id: UUID, *, promised: bool = False) -> AvailabilityProjection:
        """What is free, comes and is waited for; `promised`: only by who has a day."""
        waiting = [
            (one.promised_on or one.needed_on, one.waiting)
            for one in self._in_order(item_id)
            if one.promised_on or not promised
        ]
        soft = [(one.promised_on, one.quantity) for one in self.soft.get(item_id, ())]
        free = self.stock.levels[item_id].free
        return AvailabilityProjection(free, self.receipts.get(item_id, []), waiting + soft)

    def hand_over(
        self, item_id: UUID, soft_reservation_id: UUID, *, to: UUID | None, quantity: Decimal
    ) -> None:
        """Let an order line use so many of a soft reservation of the item; the rest is free."""
        kept = []
        for one in self.soft.get(item_id, ()):
            if one.id != soft_reservation_id:
                kept.append(one)
            elif to:
                self.used[to] = one._replace(quantity=quantity)
        self.soft[item_id] = kept

    def in_place(self, line: DemandLine, demand: Demand) -> DemandLine:
        """The line with the place of the soft reservation that it uses, to be stored.

        A line that wants more, and has all of that reserved, waits for the rest behind all others.
        """
        used = self.used.get(line.order_line_id)
        if used is None or used.quantity <= demand.reserved < line.quantity:
            return line
        return line._replace(place=used.place)

    def append(self, lines: Sequence[Demand]) -> list[Demand]:
        """Let new lines wait, and reserve for those whose day has come what the others leave.

        The lines that got some: others too, where a soft reservation was given up.
        """
        for line in lines:
            self.lines.setdefault(line.item_id, []).append(line)
        return self.fill(sorted({line.item_id for line in lines}))
