"""Repair orders: taken up, lines added and taken away, diagnosed; what is published of them."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.states import Tracking
from erp.parties.errors import PartyArchived
from erp.repairs.errors import LineInUse, NoSuchRepairLine, PriceAgreed
from erp.repairs.events import RepairOrderChanged
from erp.repairs.models import RepairLine, RepairOrder
from erp.repairs.queries import orders as queries
from erp.repairs.rules.charging import under_warranty, warranty_ends_on
from erp.repairs.schemas.orders import (
    AddRepairLines,
    Diagnose,
    NewRepairOrder,
    RemoveRepairLine,
)
from erp.repairs.service.lines import build_lines
from erp.repairs.service.reserving import give_up_lines, reserve_lines
from erp.repairs.states import PARTS_WANTED, PieceOwner, QuoteAnswer, RepairState
from erp.stock.service.custody import CustomerPiece, require_sound_piece
from values.money import MoneyView

__all__ = [
    "add_lines",
    "changed",
    "decide_warranty",
    "diagnose",
    "line_at",
    "lines_of",
    "piece_of",
    "remove_line",
    "repair_states",
    "take_up",
]

_NOTHING = Decimal(0)
_UNSET = (
    *(
        "outcome",
        "received_on",
        "sent_back_on",
        "dispatch_id",
        "quoted_on",
        "quoted_amount",
        "quote_answer",
    ),
    *("invoice_id", "warranty_until"),
)
_OPEN = frozenset({RepairState.DRAFT, *PARTS_WANTED})


async def take_up(work: Work, command: NewRepairOrder) -> UUID:
    """Take up a repair; its id.

    Raises MissingReference (customer, item, part, work centre, tax code, case), PartyArchived,
    InvalidInput (no piece, own lot), CurrencyNotSupported, and what `require_sound_piece` raises.
    """
    prices = (one.unit_price for one in command.lines)
    require_supported_currency(work, *(one.currency for one in prices if one))
    item = await _item(work, command)
    await _require_customer(work, command)
    case_id = command.nonconformance_id
    if case_id and not await queries.case_exists(work.sql, case_id):
        raise MissingReference(entity="nonconformance", reference=case_id)
    order = RepairOrder(
        id=uuid7(),
        created_at=work.now,
        updated_at=work.now,
        version=1,
        number=await queries.next_number(work.sql),
        state=RepairState.DRAFT,
        owner=PieceOwner.CUSTOMER if command.customer_id else PieceOwner.OWN,
        customer_id=command.customer_id,
        item_id=item["id"] if item else None,
        serial=command.serial,
        lot=command.lot,
        quantity=command.quantity,
        description=command.description or "",
        problem=command.problem,
        bought_on=command.bought_on,
        due_on=command.due_on or work.today(),
        nonconformance_id=case_id,
        **dict.fromkeys(_UNSET),
        **dict.fromkeys(("diagnosis", "cause_code", "answered_by"), ""),
        **dict.fromkeys(("charged", "cost"), _NOTHING),
        warranty=False,
        steps=0,
        actor=work.actor.reference,
    )
    if item:
        await require_sound_piece(work, piece_of(order))
    await decide_warranty(work, order, on=work.today())
    await queries.add_rows(work, order)
    await queries.add_rows(work, *await build_lines(work, order, command.lines, after=0))
    fields = sorted(RepairOrderChanged.model_fields)
    await work.record(RepairOrderChanged.of(order, fields, currency=work.setting.currency))
    return order.id


async def _item(work: Work, command: NewRepairOrder) -> Any:
    """The item of the piece, or None. Raises MissingReference, InvalidInput."""
    errors = []
    if command.sku is None and (command.customer_id is None or not command.description):
        message = "Name the item; a customer's piece may be described instead."
        errors.append(FieldError("/sku", "piece_needed", message))
    if command.sku is None and (command.serial or command.lot):
        message = "Serial and lot are of an item: name it, or write them into the description."
        errors.append(FieldError("/serial", "item_needed", message))
    if errors:
        raise InvalidInput(errors=errors)
    if command.sku is None:
        return None
    found = (await queries.goods(work.sql, [command.sku])).get(command.sku)
    if found is None:
        raise MissingReference(entity="item", reference=command.sku)
    if command.customer_id is None and found["tracking"] == Tracking.LOT:
        message = "Own goods in lots are set apart by a case and reworked, not repaired."
        raise InvalidInput(errors=[FieldError("/lot", "own_lot", message)])
    return found


async def _require_customer(work: Work, command: NewRepairOrder) -> None:
    """Raises MissingReference, PartyArchived."""
    if command.customer_id is None:
        return
    terms = await queries.customer_terms(work.sql, command.customer_id)
    if terms is None:
        raise MissingReference(entity="customer", reference=command.customer_id)
    if terms["status"] == "archived":
        raise PartyArchived(number=terms["number"])


def piece_of(order: RepairOrder) -> CustomerPiece:
    """The piece as stock takes it; of an order that names an item."""
    assert order.item_id is not None  # noqa: S101 - asked by callers
    return CustomerPiece(
        order.item_id,
        order.quantity,
        order.customer_id or order.id,
        order.serial,
        order.lot,
        order.id,
    )


async def decide_warranty(work: Work, order: RepairOrder, *, on: date) -> None:
    """Whether the customer's piece that comes that day is under warranty (E66).

    It counts from the day the serial was shipped last, else from the day it was bought.
    """
    if order.item_id is None or order.owner == PieceOwner.OWN:
        return
    months = await queries.warranty_months(work.sql, order.item_id)
    shipped = None
    if order.serial:
        shipped = await queries.shipped_on(work.sql, order.item_id, order.serial)
    order.bought_on = shipped or order.bought_on
    if months and order.bought_on:
        order.warranty_until = warranty_ends_on(order.bought_on, months)
        order.warranty = under_warranty(order.bought_on, months, on)


async def add_lines(work: Work, order_id: UUID, command: AddRepairLines) -> None:
    """Add parts and labour; of an order in work the parts are reserved at once (E66).

    Raises NotFound, WrongRepairState, PriceAgreed, MissingReference, CurrencyNotSupported,
    FractionOfUnit.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require(_OPEN)
    agreed = order.quote_answer == QuoteAnswer.ACCEPTED
    if agreed and any(one.unit_price and one.unit_price.amount for one in command.lines):
        quoted = MoneyView(amount=order.quoted_amount or _NOTHING, currency=work.setting.currency)
        raise PriceAgreed(number=order.number, quoted=f"{quoted.amount} {quoted.currency}")
    last = max((one.position for one in await lines_of(work, order_id)), default=0)
    new = await build_lines(work, order, command.lines, after=last)
    await queries.add_rows(work, *new)
    if order.state in PARTS_WANTED:
        await reserve_lines(work, order, new)
    await changed(work, order)


async def remove_line(work: Work, order_id: UUID, command: RemoveRepairLine) -> None:
    """Take a line away on which nothing was booked; what is reserved for it is free.

    Raises NotFound, WrongRepairState, NoSuchRepairLine, LineInUse.
    """
    order = await lock(work, RepairOrder, order_id)
    order.require(_OPEN)
    lines = await lines_of(work, order_id)
    line = next((one for one in lines if one.position == command.position), None)
    if line is None:
        raise NoSuchRepairLine(number=order.number, position=command.position, kind="part, labour")
    if line.id in await queries.used_lines(work.sql, order_id):
        raise LineInUse(number=order.number, position=line.position)
    await give_up_lines(work, [line.id])
    await queries.remove_row(work, line)
    await changed(work, order)


async def diagnose(work: Work, order_id: UUID, command: Diagnose) -> None:
    """Say what is wrong with it, and why. Raises NotFound, WrongRepairState."""
    order = await lock(work, RepairOrder, order_id)
    order.require({*_OPEN, RepairState.QUOTED})
    order.diagnosis, order.cause_code = command.diagnosis, command.cause_code or ""
    await changed(work, order, "cause_code")


async def lines_of(work: Work, order_id: UUID) -> Sequence[RepairLine]:
    """The lines of a locked order, by position."""
    lines = await read_all(work, RepairLine, await queries.lines_of(work.sql, order_id))
    return sorted(lines, key=lambda one: one.position)


def line_at(
    order: RepairOrder, lines: Sequence[RepairLine], position: int, kind: str
) -> RepairLine:
    """The line of a position and kind. Raises NoSuchRepairLine."""
    for one in lines:
        if (one.position, one.kind) == (position, kind):
            return one
    raise NoSuchRepairLine(number=order.number, position=position, kind=kind)


async def changed(work: Work, order: RepairOrder, *fields: str) -> None:
    """Count one more version of the order, store and publish it."""
    order.version += 1
    order.updated_at = work.now
    await work.flush()
    await work.record(RepairOrderChanged.of(order, fields, currency=work.setting.currency))


async def repair_states(at: Reading, order_ids: Sequence[UUID]) -> list[RepairOrderChanged]:
    """What is published of repair orders, as they are now."""
    currency = at.setting.currency
    found = await read_all(at, RepairOrder, order_ids)
    return [RepairOrderChanged.of(one, (), currency=currency) for one in found]
