"""Changing and cancelling orders after they were accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.approvals import service as approvals
from erp.fulfilment import queries
from erp.fulfilment.errors import ChangeRefused, GoodsHaveLeft, OrderClosed, OrderInvoiced
from erp.fulfilment.models import (
    CANCELLED,
    CONFIRMED,
    UNDECIDED,
    ChangeRequest,
    OrderCharge,
    OrderLine,
)
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.deciding import Asked, refusal_of_change, refusal_of_prices
from erp.fulfilment.rules.reasons import why
from erp.fulfilment.schemas import ChangeOrder, NewCharge, UpsertOrder
from erp.fulfilment.service.building import ZERO, charges_of, sum_up
from erp.fulfilment.service.deciding import credit_of, not_ordered_so, place_lines
from erp.fulfilment.service.known import Known
from erp.fulfilment.service.replacing import other_facts, replace, take_over, wanted_lines
from erp.fulfilment.service.telling import tell
from erp.receivables import service as receivables
from erp.stock import service as stock
from values.address import AddressChange
from values.money import MoneyView, digits_of
from values.prices import line_net

__all__ = [
    "cancel",
    "cancel_order",
    "change_content",
    "change_order",
    "completed",
    "is_as_sent",
    "locked",
]


async def locked(work: Work, order_id: UUID) -> OrderAtHand:
    """The order, locked until the act ends. Raises NotFound."""
    found = await queries.at_hand(work, [order_id])
    if order_id not in found:
        raise NotFound(entity="sales order", id=order_id)
    return found[order_id]


async def cancel_order(work: Work, order_id: UUID) -> None:
    """Cancel before anything has gone out or is invoiced.

    Raises NotFound, OrderInvoiced, GoodsHaveLeft, OrderClosed.
    """
    hand = await locked(work, order_id)
    if await cancel(work, hand, None) or hand.order.state == CANCELLED:
        return
    if hand.refusal == "already_invoiced":
        raise OrderInvoiced(number=hand.order.number)
    if hand.order.state == CONFIRMED:
        raise GoodsHaveLeft(number=hand.order.number)
    raise OrderClosed(number=hand.order.number, state=hand.order.state)


async def cancel(work: Work, hand: OrderAtHand, source_version: int | None) -> bool:
    """End the order, or refuse because of goods or invoices; whether anything changed.

    Reservation and demand are free at once (E47). After a shipment goods come back by a return;
    what is invoiced before delivery is credited first.
    The answer names the sender's version that asked.
    """
    order = hand.order
    if order.state == CANCELLED:
        return False
    gone = [Asked(str(line.position), line.shipped * 0, line.shipped) for line in hand.lines]
    refusal = refusal_of_change(gone, state=order.state)
    if not refusal and await receivables.is_invoiced(work.sql, order.id):
        refusal = "already_invoiced"
    if not refusal:
        await approvals.withdraw_requests(work, order.id)
        if order.state == CONFIRMED:
            await _want_nothing(work, hand)
        order.cancel()
    await _answer(work, hand, _Asked("cancellation", source_version), refusal)
    return not refusal


async def _want_nothing(work: Work, hand: OrderAtHand) -> None:
    waiting = await stock.demand_of(work.sql, [hand.order.id])
    await stock.withdraw(work, [line.order_line_id for line in waiting])


class _Asked(NamedTuple):
    """A change or a cancellation, and the sender's version that asked for it, if one was sent."""

    kind: str
    source_version: int | None


async def change_order(work: Work, order_id: UUID, command: ChangeOrder, *, revision: int) -> None:
    """Change an order. Raises NotFound, StaleRevision, ChangeRefused."""
    hand = await locked(work, order_id)
    hand.order.check_revision(revision)
    command = command.model_copy(update=_left_out(command, hand))
    if hand.order.state in UNDECIDED:
        await replace(work, hand, command)
        return
    await change_content(work, hand, command)
    if hand.refusal:
        raise ChangeRefused(number=hand.order.number, reason=hand.refusal, why=why(hand.refusal))


def completed(command: UpsertOrder, hand: OrderAtHand) -> UpsertOrder:
    """What was sent, with what was left out as it is here, also parts of the address."""
    present = hand.order.ship_to
    whole = AddressChange.of(command.ship_to.onto(present) if command.ship_to else present)
    return command.model_copy(update=_left_out(command, hand) | {"ship_to": whole})


def _left_out(command: ChangeOrder | UpsertOrder, hand: OrderAtHand) -> dict[str, Any]:
    """What the command does not say of the order, as it is here."""
    order = hand.order
    charges = [
        NewCharge(kind="freight", amount=MoneyView(amount=one.amount, currency=order.currency))
        for one in hand.charges
    ]
    present = {"requested_on": order.requested_on, "note": order.note, "charges": charges}
    fields = type(command).model_fields.keys() - command.model_fields_set
    return {name: value for name, value in present.items() if name in fields}


async def is_as_sent(work: Work, hand: OrderAtHand, command: UpsertOrder) -> bool:
    """Whether the order says all that was sent already: then it is not decided anew."""
    wanted = await wanted_lines(work, hand, command)
    change = _Change(*_paired(hand.lines, wanted), charges_of(work, hand.order, command.charges))
    same_customer = command.customer_id == hand.order.customer_id
    return same_customer and change.is_nothing(hand) and not other_facts(work, hand, command)


async def change_content(work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> bool:
    """Take over other lines and charges, or refuse; whether the request was accepted.

    Lines are told apart by their id, ours or the sender's. Raises what `wanted_lines` raises.
    """
    wanted = await wanted_lines(work, hand, command)
    change = _Change(*_paired(hand.lines, wanted), charges_of(work, hand.order, command.charges))
    asked = _Asked("change", getattr(command, "source_version", None))
    wanted_on = hand.order.wanted_on
    if change.is_nothing(hand) and _customer_of(hand, command) == hand.order.customer_id:
        return await _change_facts(work, hand, command, asked)
    refusal = await _refusal(work, hand, change, command)
    if not refusal:
        hand.order.customer_id = _customer_of(hand, command)
        take_over(hand, other_facts(work, hand, command))
        moved = change.moves_goods() or wanted_on != hand.order.wanted_on
        await _take_over(work, hand, change)
        await _promise(work, hand, anew=moved)
    await _answer(work, hand, asked, refusal)
    return not refusal


async def _change_facts(
    work: Work, hand: OrderAtHand, command: ChangeOrder | UpsertOrder, asked: _Asked
) -> bool:
    """Take over what differs besides lines and charges, if anything; whether it was accepted."""
    facts, wanted_on = other_facts(work, hand, command), hand.order.wanted_on
    if not facts:
        return False
    refusal = refusal_of_change([], state=hand.order.state)
    if not refusal:
        take_over(hand, facts)
        await _promise(work, hand, anew=wanted_on != hand.order.wanted_on)
    await _answer(work, hand, asked, refusal)
    return not refusal


async def _promise(work: Work, hand: OrderAtHand, *, anew: bool) -> None:
    """Promise the order anew where other goods are wanted, or for another day (E37)."""
    order = hand.order
    if anew and order.state == CONFIRMED:
        found = await stock.promise_anew(work, [order.id], needed_on=order.wanted_on)
        order.promised_on = found.get(order.id, order.wanted_on)


Pairs = Sequence[tuple[OrderLine, OrderLine | None]]


def _charged(charges: Sequence[OrderCharge]) -> list[tuple[str, Decimal]]:
    return [(charge.kind, charge.amount) for charge in charges]


@dataclass(frozen=True, slots=True)
class _Change:
    """Each present line beside what was sent for it, what was sent besides, and the charges."""

    pairs: Pairs
    added: Sequence[OrderLine]
    charges: list[OrderCharge]

    def is_nothing(self, hand: OrderAtHand) -> bool:
        kept = all(
            new is not None and new.quantity == old.quantity and not _repriced(old, new)
            for old, new in self.pairs
        )
        return kept and not self.added and _charged(self.charges) == _charged(hand.charges)

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


def _customer_of(hand: OrderAtHand, command: ChangeOrder | UpsertOrder) -> UUID:
    return command.customer_id if isinstance(command, UpsertOrder) else hand.order.customer_id


def _repriced(old: OrderLine, new: OrderLine) -> bool:
    return (old.unit_price, old.discount) != (new.unit_price, new.discount)


def _paired(
    present: Sequence[OrderLine], wanted: Sequence[OrderLine]
) -> tuple[Pairs, list[OrderLine]]:
    """Each present line and what was sent for it, if anything; and what was sent besides."""
    left, pairs = list(wanted), []
    for line in present:
        new = next((one for one in left if one.id == line.id), None)
        if new is not None:
            left.remove(new)
        pairs.append((line, new))
    return pairs, left


async def _refusal(
    work: Work, hand: OrderAtHand, change: _Change, command: ChangeOrder | UpsertOrder
) -> str:
    """Why the change is refused; empty when it is accepted."""
    order = hand.order
    drops = any(new is None for _, new in change.pairs)
    named = await queries.lines_with_shipments(work.sql, order.id) if drops else set()
    asked = [
        Asked(
            str(old.position),
            new.quantity if new else ZERO,
            old.shipped,
            repriced=new is not None and old.has_fixed_price and _repriced(old, new),
            least=old.least,
            kept=new is None and old.id in named,
        )
        for old, new in change.pairs
    ]
    refusal = refusal_of_change(asked, state=order.state)
    new_business = bool(change.raised())
    refusal = refusal or await _refusal_of_customer(
        work, hand, _customer_of(hand, command), new_business=new_business
    )
    refusal = refusal or refusal_of_prices(hand.unpriced)
    if refusal:
        return refusal
    billed = any(charge.invoiced for charge in hand.charges)
    if billed and _charged(change.charges) != _charged(hand.charges):
        return "already_invoiced"
    return await _refusal_of_more(work, hand, change, _customer_of(hand, command))


async def _refusal_of_customer(
    work: Work, hand: OrderAtHand, customer_id: UUID, *, new_business: bool
) -> str:
    """Why the order cannot be another customer's, or ask for more; empty when it can.

    What has gone out or was invoiced stays with whom it went to. Raises MissingReference.
    """
    other = customer_id != hand.order.customer_id
    if not other and not new_business:
        return ""
    customer = (await Known.read(work, [customer_id], [])).customer(customer_id)
    if other and (hand.order.invoiced or any(line.shipped for line in hand.lines)):
        return "other_customer"
    return "" if customer["active"] else "customer_archived"


async def _refusal_of_more(
    work: Work, hand: OrderAtHand, change: _Change, customer_id: UUID
) -> str:
    """Why lines cannot be ordered so, or more is not within the credit limit; else empty."""
    order = hand.order
    refusal = await not_ordered_so(work, change.raised(), change.resized(), order.ordered_on)
    if refusal:
        return refusal
    total = change.total()
    if total > order.net + order.charges or customer_id != order.customer_id:
        credit = await credit_of(work, hand, customer_id)
        if credit.beyond(total - order.invoiced) > 0:
            return "credit"
    return ""


async def _take_over(work: Work, hand: OrderAtHand, change: _Change) -> None:
    """Give each line what was sent for it; add the new ones, and drop what is wanted no more."""
    digits = digits_of(work.setting.currency)
    items = [line.item_id for line in (*hand.lines, *change.added)]
    await stock.lock_items(work, items)  # All at once: each part below would lock its own.
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
    await queries.add_lines(work, hand.order, change.added)
    placed = {state.order_line_id for state in await stock.demand_of(work.sql, [hand.order.id])}
    await stock.amend(work, {one: wanted for one, wanted in quantities.items() if one in placed})
    await place_lines(work, hand, change.added)
    await queries.drop_lines(work, [line.id for line in hand.lines if not line.quantity])
    hand.lines = [line for line in hand.lines if line.quantity] + list(change.added)
    if not any(charge.invoiced for charge in hand.charges):
        hand.charges = change.charges
        await queries.replace_charges(work, hand)
    sum_up(hand)
    hand.order.settle_state(hand.lines, hand.charges)


async def _answer(work: Work, hand: OrderAtHand, asked: _Asked, refusal: str) -> None:
    """Keep what was asked and the answer, and tell the order."""
    hand.refusal = refusal
    request = ChangeRequest(
        id=uuid7(),
        order_id=hand.order.id,
        recorded_at=work.now,
        kind=asked.kind,
        state="refused" if refusal else "accepted",
        reason=refusal,
        asked_by=work.actor.reference,
        source_version=asked.source_version,
        source_history=work.trace_of(hand.order.id).history,
    )
    await queries.add_change(work, request)
    await queries.save(work, hand, edited=not refusal)
    changed = ["customer_id", "last_change", "lines", "net", "promised_on", "state"]
    await tell(work, [hand.order.id], changed)
