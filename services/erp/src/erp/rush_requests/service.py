"""Rush requests: made, judged, granted, refused, withdrawn."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import Forbidden
from chassis.storage.reading import Reading
from chassis.work.locking import lock, read_all
from chassis.work.unit_of_work import Work
from erp.fulfilment.service.rushing import lock_waiting_order, rush_order
from erp.production_orders.service.orders import change_scheduling, lock_production_orders
from erp.rush_requests import queries
from erp.rush_requests.errors import (
    RushDelaysTooLong,
    RushGainsNothing,
    RushLeavesNoDay,
    RushRequestOpen,
)
from erp.rush_requests.events import DelayedOrder, RushRequestChanged
from erp.rush_requests.models import RushRequest
from erp.rush_requests.schemas import DecideRush, GrantRush, NewRushRequest, RushOutlook
from erp.rush_requests.states import DelayedKind, RushState
from erp.scheduling.service.tries import keep_try, result_of_try
from erp.settings import settings_of
from erp.stock.service.rushing import OrderDelay, lock_items_of_order, rush_outlook

__all__ = ["ask", "grant", "outlook", "refuse", "request_states", "withdraw"]

_TO_KEEP_A_SCHEDULE = ("scheduling.write", "production_orders.write")
_DECISION = ("answer", "decided_at", "state")
_GRANTED = (*_DECISION, "delays", "granted_on", "surcharge", "surcharge_percent")


async def ask(work: Work, command: NewRushRequest) -> UUID:
    """Ask for a rush; where the policy decides, it is decided in the same act. Its id.

    Raises NotFound (the order), OrderNotConfirmed, RushRequestOpen.
    """
    making = await _lock_production(work, command.order_id)
    order = await lock_waiting_order(work, command.order_id)
    number = await queries.open_request(work.sql, command.order_id)
    if number:
        raise RushRequestOpen(number=number)
    request = RushRequest(
        id=uuid7(),
        created_at=work.now,
        updated_at=work.now,
        version=1,
        number=await queries.next_number(work.sql),
        order_id=command.order_id,
        order_number=order.header.number,
        state=RushState.OPEN,
        wanted_on=command.wanted_on,
        reason=command.reason,
        asked_by=work.actor.reference,
        answer="",
        currency=order.header.currency,
        surcharge_percent=settings_of(work.setting).rush_surcharge_percent,
        surcharge=Decimal(0),
        delays=[],
        decided_by="",
    )
    await queries.add_row(work, request)
    await work.record(RushRequestChanged.of(request, sorted(RushRequestChanged.model_fields)))
    if settings_of(work.setting).rush_decided_by == "policy":
        await _decide_by_policy(work, request, making)
    return request.id


async def _lock_production(work: Work, order_id: UUID) -> list[UUID]:
    """Lock what makes goods of the order, which is locked after it, as keeping a schedule does.

    Those that have not ended meanwhile.
    """
    making = await queries.waiting_production(work.sql, order_id)
    order_ids = [one.production_order_id for one in making]
    await lock_production_orders(work, order_ids)
    still = await queries.waiting_production(work.sql, order_id)
    return sorted({one.production_order_id for one in still} & set(order_ids))


async def outlook(at: Reading, request_id: UUID) -> RushOutlook:
    """What granting would do now. Raises NotFound."""
    request = await queries.RUSH_REQUESTS.get(at, request_id)
    found = await rush_outlook(at, request.order_id, wanted_on=request.wanted_on)
    delays = await _delayed_orders(at, found.delays)
    return RushOutlook(
        granted_on=found.day,
        without_on=found.before,
        gains=found.gains,
        is_within_policy=_too_long(at, delays) is None,
        delays=delays,
        production_orders=await queries.waiting_production(at.sql, request.order_id),
    )


async def grant(work: Work, request_id: UUID, command: GrantRush) -> None:
    """Let the order go before others, and production with it.

    Raises NotFound, RushRequestDecided, OrderNotConfirmed, RushGainsNothing, RushDelaysTooLong,
    RushLeavesNoDay, Forbidden (it keeps schedules), and what keeping a schedule try raises.
    """
    delays = await _keep_schedule(work, command.schedule_try_id)
    request = await lock(work, RushRequest, request_id)
    request.require_open()
    making = await _lock_production(work, request.order_id)
    await _grant(work, request, making, delays)


async def _keep_schedule(work: Work, try_id: UUID | None) -> list[DelayedOrder]:
    """Keep the schedule try; the production orders that end later by it."""
    if try_id is None:
        return []
    for right in _TO_KEEP_A_SCHEDULE:
        if not work.actor.may(right):
            raise Forbidden(scope=right)
    result = await result_of_try(work, try_id)
    await keep_try(work, try_id)
    zone = work.setting.zone
    found = []
    for one in result.orders:
        before = one.ends_at_before and one.ends_at_before.astimezone(zone).date()
        after = one.ends_at.astimezone(zone).date()
        if before and after > before and one.late_minutes > one.late_minutes_before:
            kind, order_id = DelayedKind.PRODUCTION_ORDER, one.production_order_id
            found.append(_delayed(kind, order_id, one.number, before, after))
    return found


async def _grant(
    work: Work, request: RushRequest, making: Sequence[UUID], delayed: Sequence[DelayedOrder]
) -> None:
    """Grant a locked request. Raises what `grant` raises."""
    order = await lock_waiting_order(work, request.order_id)
    await change_scheduling(work, {one: {"rush": True} for one in making})
    percent = settings_of(work.setting).rush_surcharge_percent
    found, surcharge = await rush_order(work, order, wanted_on=request.wanted_on, percent=percent)
    if not found.gains:
        raise RushGainsNothing(number=request.order_number)
    delays = [*await _delayed_orders(work, found.delays), *delayed]
    too_long = _too_long(work, delays)
    if too_long is not None:
        raise too_long
    request.granted_on, request.surcharge, request.surcharge_percent = found.day, surcharge, percent
    request.delays = [one.model_dump(mode="json") for one in delays]
    await _decide(work, request, RushState.GRANTED, "", _GRANTED)


async def _decide_by_policy(work: Work, request: RushRequest, making: Sequence[UUID]) -> None:
    """Grant it where it delays nobody too long, else refuse it."""
    await lock_items_of_order(work, request.order_id)
    found = await rush_outlook(work, request.order_id, wanted_on=request.wanted_on)
    too_long = _too_long(work, await _delayed_orders(work, found.delays))
    if not found.gains:
        problem = RushGainsNothing(number=request.order_number)
        await _decide(work, request, RushState.REFUSED, str(problem), _DECISION)
    elif too_long is not None:
        await _decide(work, request, RushState.REFUSED, str(too_long), _DECISION)
    else:
        await _grant(work, request, making, ())


async def refuse(work: Work, request_id: UUID, command: DecideRush) -> None:
    """Refuse it, and say why. Raises NotFound, RushRequestDecided."""
    request = await lock(work, RushRequest, request_id)
    await _decide(work, request, RushState.REFUSED, command.reason, _DECISION)


async def withdraw(work: Work, request_id: UUID, command: DecideRush) -> None:
    """Ask for it no more. Raises NotFound, RushRequestDecided."""
    request = await lock(work, RushRequest, request_id)
    await _decide(work, request, RushState.WITHDRAWN, command.reason, _DECISION)


async def _decide(
    work: Work, request: RushRequest, state: RushState, answer: str, changed: Sequence[str]
) -> None:
    request.decide(state, answer=answer, by=work.actor.reference, at=work.now)
    request.version += 1
    request.updated_at = work.now
    await work.flush()
    await work.record(RushRequestChanged.of(request, changed))


async def _delayed_orders(at: Reading, delays: Sequence[OrderDelay]) -> list[DelayedOrder]:
    """Sales orders that come later, whoever is delayed most first."""
    numbers = await queries.numbers_of_orders(at.sql, [one.order_id for one in delays])
    kind = DelayedKind.SALES_ORDER
    found = [
        _delayed(kind, one.order_id, numbers[one.order_id], one.before, one.after) for one in delays
    ]
    return sorted(found, key=lambda one: (one.days is not None, -(one.days or 0), one.number))


def _delayed(
    kind: DelayedKind, order_id: UUID, number: str, before: date | None, after: date | None
) -> DelayedOrder:
    days = None if before is None or after is None else (after - before).days
    return DelayedOrder(
        kind=kind, order_id=order_id, number=number, before=before, after=after, days=days
    )


def _too_long(
    at: Reading, delays: Sequence[DelayedOrder]
) -> RushDelaysTooLong | RushLeavesNoDay | None:
    """What is against it by the policy: somebody would come too late, or on no known day."""
    most = settings_of(at.setting).rush_delay_days_max
    if most is None:
        return None
    for one in delays:
        if one.days is None:
            return RushLeavesNoDay(delayed=one.number)
        if one.days > most:
            return RushDelaysTooLong(delayed=one.number, days=one.days, most=most)
    return None


async def request_states(at: Reading, ids: Sequence[UUID]) -> list[RushRequestChanged]:
    """What is published of requests, as they are now."""
    return [RushRequestChanged.of(one, []) for one in await read_all(at, RushRequest, ids)]
