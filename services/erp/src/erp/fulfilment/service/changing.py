"""Changing and cancelling orders after they were accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.fulfilment.errors import ChangeRefused, GoodsHaveLeft, OrderClosed, OrderInvoiced
from erp.fulfilment.models import (
    UNDECIDED,
    ChangeRequest,
    OrderCharge,
    OrderLine,
)
from erp.fulfilment.queries import shipments, writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.rules.deciding import LineChange, refusal_of_change, refusal_of_prices
from erp.fulfilment.rules.reasons import why
from erp.fulfilment.schemas import ChangeOrder, NewCharge, UpsertOrder
from erp.fulfilment.service.building import ZERO, build_charges, recalculate_totals
from erp.fulfilment.service.deciding import allocate_lines, credit_exposure, refusal_of_lines
from erp.fulfilment.service.publishing import publish_changes
from erp.fulfilment.service.references import OrderReferences
from erp.fulfilment.service.replacing import (
    apply_to_header,
    header_changes,
    replace,
    requested_lines,
)
from erp.fulfilment.states import ChangeKind, ChangeState, ChargeKind, OrderState
from erp.receivables.service.issuing import is_invoiced
from erp.stock.service.demand import cancel_demand, change_ordered_quantity
from erp.stock.service.expected_receipts import demand_of_orders, lock_items
from erp.stock.service.rescheduling import reschedule_orders
from values.address import AddressChange
from values.money import MoneyView, digits_of
from values.prices import line_net

__all__ = [
    "cancel",
    "cancel_order",
    "change_content",
    "change_order",
    "is_unchanged",
    "lock_order",
    "with_omitted_fields",
]


async def lock_order(work: Work, order_id: UUID) -> LockedOrder:
    """The order, locked until the act ends. Raises NotFound."""
    found = await writing.load_for_update(work, [order_id])
    if order_id not in found:
        raise NotFound(entity="sales_order", id=order_id)
    return found[order_id]


async def cancel_order(work: Work, order_id: UUID) -> None:
    """Cancel before anything has gone out or is invoiced.

    Raises NotFound, OrderInvoiced, GoodsHaveLeft, OrderClosed.
    """
    order = await lock_order(work, order_id)
    if await cancel(work, order, None) or order.header.state == OrderState.CANCELLED:
        return
    if order.refusal == "already_invoiced":
        raise OrderInvoiced(number=order.header.number)
    if order.header.state == OrderState.CONFIRMED:
        raise GoodsHaveLeft(number=order.header.number)
    raise OrderClosed(number=order.header.number, state=order.header.state)


async def cancel(work: Work, order: LockedOrder, source_version: int | None) -> bool:
    """End the order, or refuse because of goods or invoices; whether anything changed.

    Reservation and demand are free at once (E47). After a shipment goods come back by a return;
    what is invoiced before delivery is credited first.
    The answer names the sender's version that asked.
    """
    header = order.header
    if header.state == OrderState.CANCELLED:
        return False
    gone = [LineChange(str(line.position), line.shipped * 0, line.shipped) for line in order.lines]
    refusal = refusal_of_change(gone, state=header.state)
    if not refusal and await is_invoiced(work, header.id):
        refusal = "already_invoiced"
    if not refusal:
        await approvals.withdraw_requests(work, header.id)
        if header.state == OrderState.CONFIRMED:
            await _cancel_demand(work, order)
        header.cancel()
    await _record_answer(work, order, _Request(ChangeKind.CANCELLATION, source_version), refusal)
    return not refusal


async def _cancel_demand(work: Work, order: LockedOrder) -> None:
    waiting = await demand_of_orders(work.sql, [order.header.id])
    await cancel_demand(work, [line.order_line_id for line in waiting])


class _Request(NamedTuple):
    """A change or a cancellation, and the sender's version that asked for it, if one was sent."""

    kind: ChangeKind
    source_version: int | None


async def change_order(work: Work, order_id: UUID, command: ChangeOrder, *, revision: int) -> None:
    """Change an order. Raises NotFound, StaleRevision, ChangeRefused."""
    order = await lock_order(work, order_id)
    order.header.check_revision(revision)
    command = command.model_copy(update=_omitted_fields(command, order))
    if order.header.state in UNDECIDED:
        await replace(work, order, command)
        return
    await change_content(work, order, command)
    if order.refusal:
        raise ChangeRefused(
            number=order.header.number, reason=order.refusal, why=why(order.refusal)
        )


def with_omitted_fields(command: UpsertOrder, order: LockedOrder) -> UpsertOrder:
    """What was sent, with what was left out as it is here, also parts of the address."""
    present = order.header.ship_to
    whole = AddressChange.of(command.ship_to.onto(present) if command.ship_to else present)
    return command.model_copy(update=_omitted_fields(command, order) | {"ship_to": whole})


def _omitted_fields(command: ChangeOrder | UpsertOrder, order: LockedOrder) -> dict[str, Any]:
    """What the command does not say of the order, as it is here."""
    header = order.header
    charges = [
        NewCharge(
            kind=ChargeKind.FREIGHT, amount=MoneyView(amount=one.amount, currency=header.currency)
        )
        for one in order.charges
    ]
    present = {"requested_on": header.requested_on, "note": header.note, "charges": charges}
    fields = type(command).model_fields.keys() - command.model_fields_set
    return {name: value for name, value in present.items() if name in fields}


async def is_unchanged(work: Work, order: LockedOrder, command: UpsertOrder) -> bool:
    """Whether the order says all that was sent already: then it is not decided anew."""
    wanted = await requested_lines(work, order, command)
    change = _Change(
        *_pair_lines(order.lines, wanted), build_charges(work, order.header, command.charges)
    )
    same_customer = command.customer_id == order.header.customer_id
    return same_customer and change.is_nothing(order) and not header_changes(work, order, command)


async def change_content(
    work: Work, order: LockedOrder, command: ChangeOrder | UpsertOrder
) -> bool:
    """Take over other lines and charges, or refuse; whether the request was accepted.

    Lines are told apart by their id, ours or the sender's. Raises what `requested_lines` raises.
    """
    wanted = await requested_lines(work, order, command)
    change = _Change(
        *_pair_lines(order.lines, wanted), build_charges(work, order.header, command.charges)
    )
    asked = _Request(ChangeKind.CHANGE, getattr(command, "source_version", None))
    wanted_on = order.header.wanted_on
    if change.is_nothing(order) and _customer_of(order, command) == order.header.customer_id:
        return await _change_header(work, order, command, asked)
    refusal = await _refusal(work, order, change, command)
    if not refusal:
        order.header.customer_id = _customer_of(order, command)
        apply_to_header(order, header_changes(work, order, command))
        moved = change.moves_goods() or wanted_on != order.header.wanted_on
        await _apply(work, order, change)
        await _reschedule(work, order, anew=moved)
    await _record_answer(work, order, asked, refusal)
    return not refusal


async def _change_header(
    work: Work, order: LockedOrder, command: ChangeOrder | UpsertOrder, asked: _Request
) -> bool:
    """Apply what differs in the header, if anything; whether it was accepted."""
    facts, wanted_on = header_changes(work, order, command), order.header.wanted_on
    if not facts:
        return False
    refusal = refusal_of_change([], state=order.header.state)
    if not refusal:
        apply_to_header(order, facts)
        await _reschedule(work, order, anew=wanted_on != order.header.wanted_on)
    await _record_answer(work, order, asked, refusal)
    return not refusal


async def _reschedule(work: Work, order: LockedOrder, *, anew: bool) -> None:
    """Promise the order anew where other goods are wanted, or for another day (E37)."""
    header = order.header
    if anew and header.state == OrderState.CONFIRMED:
        found = await reschedule_orders(work, [header.id], needed_on=header.wanted_on)
        header.promised_on = found.get(header.id, header.wanted_on)


Pairs = Sequence[tuple[OrderLine, OrderLine | None]]


def _amounts(charges: Sequence[OrderCharge]) -> list[tuple[str, Decimal]]:
    return [(charge.kind, charge.amount) for charge in charges]


@dataclass(frozen=True, slots=True)
class _Change:
    """Each present line beside what was sent for it, what was added, and the charges."""

    pairs: Pairs
    added: Sequence[OrderLine]
    charges: list[OrderCharge]

    def is_nothing(self, order: LockedOrder) -> bool:
        kept = all(
            new is not None and new.quantity == old.quantity and not _repriced(old, new)
            for old, new in self.pairs
        )
        return kept and not self.added and _amounts(self.charges) == _amounts(order.charges)

    def moves_goods(self) -> bool:
        """Whether other quantities are wanted than before."""
        kept = all(new is not None and new.quantity == old.quantity for old, new in self.pairs)
        return bool(self.added) or not kept

    def resized(self) -> list[OrderLine]:
        """Known lines of which another quantity is wanted."""
        return [new for old, new in self.pairs if new and new.quantity != old.quantity]

    def raised(self) -> list[OrderLine]:
        """Lines that are new, and those of which more is wanted: new business."""
        more = [new for old, new in self.pairs if new and new.quantity > old.quantity]
        return [*self.added, *more]

    def total(self) -> Decimal:
        """What the order will come to."""
        lines = [new for _, new in self.pairs if new is not None] + list(self.added)
        return sum((one.net for one in lines), ZERO) + sum((c.amount for c in self.charges), ZERO)


def _customer_of(order: LockedOrder, command: ChangeOrder | UpsertOrder) -> UUID:
    return command.customer_id if isinstance(command, UpsertOrder) else order.header.customer_id


def _repriced(old: OrderLine, new: OrderLine) -> bool:
    return (old.unit_price, old.discount) != (new.unit_price, new.discount)


def _pair_lines(
    present: Sequence[OrderLine], wanted: Sequence[OrderLine]
) -> tuple[Pairs, list[OrderLine]]:
    """Each present line and what was sent for it, if anything; and what was added."""
    left, pairs = list(wanted), []
    for line in present:
        new = next((one for one in left if one.id == line.id), None)
        if new is not None:
            left.remove(new)
        pairs.append((line, new))
    return pairs, left


async def _refusal(
    work: Work, order: LockedOrder, change: _Change, command: ChangeOrder | UpsertOrder
) -> str:
    """Why the change is refused; empty when it is accepted."""
    header = order.header
    drops = any(new is None for _, new in change.pairs)
    named = await shipments.lines_with_shipments(work.sql, header.id) if drops else set()
    asked = [
        LineChange(
            str(old.position),
            new.quantity if new else ZERO,
            old.shipped,
            repriced=new is not None and old.has_fixed_price and _repriced(old, new),
            minimum_quantity=old.minimum_quantity,
            kept=new is None and old.id in named,
        )
        for old, new in change.pairs
    ]
    refusal = refusal_of_change(asked, state=header.state)
    new_business = bool(change.raised())
    refusal = refusal or await _refusal_of_customer(
        work, order, _customer_of(order, command), new_business=new_business
    )
    refusal = refusal or refusal_of_prices(order.unpriced)
    if refusal:
        return refusal
    billed = any(charge.invoiced for charge in order.charges)
    if billed and _amounts(change.charges) != _amounts(order.charges):
        return "already_invoiced"
    return await _refusal_of_more(work, order, change, _customer_of(order, command))


async def _refusal_of_customer(
    work: Work, order: LockedOrder, customer_id: UUID, *, new_business: bool
) -> str:
    """Why the order cannot be another customer's, or ask for more; empty when it can.

    What has gone out or was invoiced stays with whom it went to. Raises MissingReference.
    """
    other = customer_id != order.header.customer_id
    if not other and not new_business:
        return ""
    customer = (await OrderReferences.read(work, [customer_id], [])).customer(customer_id)
    if other and (order.header.invoiced or any(line.shipped for line in order.lines)):
        return "other_customer"
    return "" if customer["active"] else "customer_archived"


async def _refusal_of_more(
    work: Work, order: LockedOrder, change: _Change, customer_id: UUID
) -> str:
    """Why the lines cannot be ordered, or more is beyond the credit limit; empty: they can."""
    header = order.header
    refusal = await refusal_of_lines(work, change.raised(), change.resized(), header.ordered_on)
    if refusal:
        return refusal
    total = change.total()
    if total > header.net + header.charges or customer_id != header.customer_id:
        credit = await credit_exposure(work, order, customer_id)
        if credit.excess(total - header.invoiced) > 0:
            return "credit"
    return ""


async def _apply(work: Work, order: LockedOrder, change: _Change) -> None:
    """Give each line what was sent for it; add the new ones, and drop what is wanted no more."""
    digits = digits_of(work.setting.currency)
    items = [line.item_id for line in (*order.lines, *change.added)]
    await lock_items(work, items)  # All at once: each part below would lock its own.
    quantities = {}
    for old, new in change.pairs:
        old.quantity = new.quantity if new else old.shipped
        # What came back is not wanted again (E47): stock counts only what is out or still to go.
        quantities[old.id] = old.quantity - old.returned
        if new is not None:
            old.unit_price, old.discount = new.unit_price, new.discount
        old.net = line_net(old.unit_price, old.quantity, old.discount, decimals=digits)
    for position, line in enumerate(change.added, max(old.position for old, _ in change.pairs) + 1):
        line.position = position
    await writing.add_lines(work, change.added)
    placed = {state.order_line_id for state in await demand_of_orders(work.sql, [order.header.id])}
    await change_ordered_quantity(
        work, {one: wanted for one, wanted in quantities.items() if one in placed}
    )
    await allocate_lines(work, order, change.added)
    await writing.delete_lines(work, [line.id for line in order.lines if not line.quantity])
    order.lines = [line for line in order.lines if line.quantity] + list(change.added)
    if not any(charge.invoiced for charge in order.charges):
        order.charges = change.charges
        await writing.replace_charges(work, order)
    recalculate_totals(order)
    order.header.update_state(order.lines, order.charges)


async def _record_answer(work: Work, order: LockedOrder, asked: _Request, refusal: str) -> None:
    """Store what was asked and the answer, and publish the order."""
    order.refusal = refusal
    request = ChangeRequest(
        id=uuid7(),
        order_id=order.header.id,
        recorded_at=work.now,
        kind=asked.kind,
        state=ChangeState.REFUSED if refusal else ChangeState.ACCEPTED,
        reason=refusal,
        asked_by=work.actor.reference,
        source_version=asked.source_version,
        source_history=work.trace_of(order.header.id).history,
    )
    await writing.add_change_request(work, request)
    await writing.save(work, order, edited=not refusal)
    changed = ["customer_id", "last_change", "lines", "net", "promised_on", "state"]
    await publish_changes(work, [order.header.id], changed)
