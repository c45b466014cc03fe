"""An order that goes before the others: its day, and what that costs the customer."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.loading import loaded
from chassis.work.unit_of_work import Work
from erp.fulfilment.errors import OrderNotConfirmed
from erp.fulfilment.models import OrderCharge
from erp.fulfilment.queries import writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.service.building import recalculate_totals
from erp.fulfilment.service.changing import lock_order
from erp.fulfilment.service.publishing import publish_changes
from erp.fulfilment.states import ChargeKind, OrderState
from erp.stock.service.rushing import FirstPlace, put_order_first
from values.decimals import rounded
from values.money import digits_of

__all__ = ["lock_waiting_order", "rush_order"]


async def lock_waiting_order(work: Work, order_id: UUID) -> LockedOrder:
    """The order, locked; it is confirmed, and something of it is to ship.

    Raises NotFound, OrderNotConfirmed.
    """
    order = await lock_order(work, order_id)
    header = order.header
    if header.state != OrderState.CONFIRMED or not any(line.to_ship for line in order.lines):
        raise OrderNotConfirmed(number=header.number, state=header.state)
    return order


async def rush_order(
    work: Work, order: LockedOrder, *, wanted_on: date, percent: Decimal
) -> tuple[FirstPlace, Decimal]:
    """Put a locked order before all others, with a surcharge in percent of its net.

    The day and whom it delays, and what is charged; nothing changes where it gains no day.
    """
    header = order.header
    found = await put_order_first(work, header.id, wanted_on=wanted_on)
    if not found.gains:
        return found, Decimal(0)
    header.promised_on = found.day
    surcharge = rounded(header.net * percent / 100, digits_of(header.currency))
    if surcharge:
        order.charges.append(_charge(order, surcharge))
        recalculate_totals(order)
        await writing.add_lines(work, (), order.charges[-1:])
    await writing.save(work, order)
    await publish_changes(work, [header.id], ["charges", "lines", "promised_on"])
    return found, surcharge


def _charge(order: LockedOrder, amount: Decimal) -> OrderCharge:
    position = max((one.position for one in order.charges), default=0) + 1
    facts = {"id": uuid7(), "order_id": order.header.id, "position": position}
    kind = {"kind": ChargeKind.FREIGHT, "amount": amount, "invoiced": False}
    return loaded(OrderCharge, facts | kind)
