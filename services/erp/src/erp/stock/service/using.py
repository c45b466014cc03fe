"""Soft reservations that orders use: each by one line, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.locking import lock_found
from chassis.work.unit_of_work import Work
from erp.stock.events import SoftReservationChanged
from erp.stock.lines import OrderDemand
from erp.stock.models.soft_reservations import SoftReservation

__all__ = ["SoftReservationUse"]

_USED = ["order_id", "order_line_id", "state", "used"]


@dataclass
class SoftReservationUse:
    """The soft reservations that lines of locked items name, and those that were used so far."""

    named: Mapping[UUID, SoftReservation]
    now: datetime
    lapsed: bool
    used: list[SoftReservation] = field(default_factory=list)

    @classmethod
    async def of(cls, work: Work, orders: Sequence[OrderDemand], *, lapsed: bool) -> Self:
        """Lock those that lines name, and see that they may be used, before anything is done.

        `lapsed`: those that have ended are passed over. Raises MissingReference,
        SoftReservationNotFor, SoftReservationEnded.
        """
        lines = [
            (line, order.customer_id)
            for order in orders
            for line in order.lines
            if line.soft_reservation_id
        ]
        if not lines:
            return cls({}, work.now, lapsed)
        ids = {line.soft_reservation_id for line, _ in lines if line.soft_reservation_id}
        named = await lock_found(work, SoftReservation, ids)
        for line, customer_id in lines:
            one = named.get(line.soft_reservation_id) if line.soft_reservation_id else None
            if one is None:
                raise MissingReference(
                    entity="soft_reservation", reference=line.soft_reservation_id
                )
            one.require_for(line.item_id, customer_id)
            if not lapsed:
                one.require_live(work.now)
        return cls(named, work.now, lapsed)

    def by(self, order: OrderDemand) -> list[SoftReservation]:
        """Let the lines of an order use what they name. Raises SoftReservationEnded."""
        taken = []
        for line in order.lines:
            one = self.named.get(line.soft_reservation_id) if line.soft_reservation_id else None
            if one is None or (self.lapsed and not one.is_live(self.now)):
                continue
            one.require_live(self.now)
            one.use(line.quantity, order_id=line.order_id, order_line_id=line.order_line_id)
            taken.append(one)
        self.used += taken
        return taken

    async def store(self, work: Work) -> None:
        """Store and publish what was used."""
        for one in self.used:
            one.touch(work.now)
        if self.used:
            await work.flush()
            await work.record(*(SoftReservationChanged.of(one, _USED) for one in self.used))
