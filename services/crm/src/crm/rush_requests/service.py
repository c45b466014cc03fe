"""Rush requests: made, granted, refused, withdrawn; and what the ERP answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import lock, lock_found, read_all
from chassis.work.unit_of_work import Work
from crm.orders.service.orders import lock_order
from crm.orders.states import OrderState
from crm.rush_requests import queries
from crm.rush_requests.errors import (
    OrderNotPlaced,
    RushRequestOpen,
)
from crm.rush_requests.events import RushRequestChanged
from crm.rush_requests.models import RushRequest
from crm.rush_requests.schemas import DecideRush, GrantRush, NewRushRequest, UpsertRushAnswer
from crm.rush_requests.states import RushState
from records.upserts import Upserted

__all__ = ["ask", "grant", "refuse", "request_states", "store_answer", "withdraw"]

_ANSWER = (*("state", "granted_on", "answer", "surcharge_percent", "surcharge", "delayed_orders"),)


async def ask(work: Work, command: NewRushRequest) -> UUID:
    """Ask for a rush; its id. Raises MissingReference, Forbidden, OrderNotPlaced, RushRequestOpen.

    Requests for one order come one after the other: its row is locked.
    """
    try:
        order = await lock_order(work, command.order_id)
    except NotFound as unknown:
        raise MissingReference(entity="order", reference=command.order_id) from unknown
    if order.state != OrderState.PLACED:
        raise OrderNotPlaced(number=order.number, state=order.state)
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
        order_number=order.number,
        state=RushState.ASKED,
        wanted_on=command.wanted_on,
        reason=command.reason,
        asked_by=work.actor.reference,
        answer="",
        currency=order.currency,
        surcharge_percent=Decimal(0),
        surcharge=Decimal(0),
        delayed_orders=0,
        decided_by="",
    )
    await queries.add_row(work, request)
    await work.record(RushRequestChanged.of(request, sorted(RushRequestChanged.model_fields)))
    return request.id


async def grant(work: Work, request_id: UUID, command: GrantRush) -> None:
    """A person says that the goods come sooner.

    Raises NotFound, Forbidden, RushRequestDecided, InvalidInput (another currency than that of the
    order).
    """
    request = await _lock_own(work, request_id)
    decision = {"state": RushState.GRANTED, "granted_on": command.granted_on}
    decision |= {"answer": command.answer, "surcharge": Decimal(0)}
    if command.surcharge is not None:
        _require_currency(request, command.surcharge.currency, "/surcharge/currency")
        decision["surcharge"] = command.surcharge.amount
    await _decide(work, request, decision)


def _require_currency(request: RushRequest, currency: str, pointer: str) -> None:
    """Raises InvalidInput."""
    if currency != request.currency:
        message = "The surcharge is in the currency of the order."
        raise InvalidInput(errors=[FieldError(pointer, "other_currency", message)])


async def refuse(work: Work, request_id: UUID, command: DecideRush) -> None:
    """A person refuses it. Raises NotFound, Forbidden, RushRequestDecided."""
    request = await _lock_own(work, request_id)
    await _decide(work, request, {"state": RushState.REFUSED, "answer": command.reason})


async def withdraw(work: Work, request_id: UUID, command: DecideRush) -> None:
    """Ask for it no more. Raises NotFound, Forbidden, RushRequestDecided."""
    request = await _lock_own(work, request_id)
    await _decide(work, request, {"state": RushState.WITHDRAWN, "answer": command.reason})


async def store_answer(work: Work, command: UpsertRushAnswer) -> Upserted:
    """What the ERP decided; the same again changes nothing.

    Raises MissingReference, InvalidInput (another currency than the order's), RushRequestDecided
    (something else was decided before).
    """
    found = await lock_found(work, RushRequest, [command.rush_request_id])
    request = found.get(command.rush_request_id)
    if request is None:
        raise MissingReference(entity="rush_request", reference=command.rush_request_id)
    _require_currency(request, command.currency, "/currency")
    decision = {name: getattr(command, name) for name in _ANSWER}
    decision["state"] = RushState(command.state)
    if request.says(decision) or request.state == decision["state"] == RushState.WITHDRAWN:
        return Upserted("unchanged", request.id)
    await _decide(work, request, decision)
    return Upserted("updated", request.id)


async def _lock_own(work: Work, request_id: UUID) -> RushRequest:
    """The open request of an order that the actor may change."""
    await queries.RUSH_REQUESTS.require_changeable(work, [request_id])
    request = await lock(work, RushRequest, request_id)
    request.require_open()
    return request


async def _decide(work: Work, request: RushRequest, decision: Mapping[str, Any]) -> None:
    changed = request.decide(decision, by=work.actor.reference, at=work.now)
    await work.flush()
    await work.record(RushRequestChanged.of(request, changed))


async def request_states(at: Reading, ids: Sequence[UUID]) -> list[RushRequestChanged]:
    """What is published of requests, as they are now."""
    return [RushRequestChanged.of(one, []) for one in await read_all(at, RushRequest, ids)]
