"""What a planner is told: about what is ordered already, and what is planned too late (E58)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from erp.planning.rules.netting import PlannedOrder, Requirement
from erp.planning.rules.snapshot import Receipt
from erp.planning.states import MessageKind, ReceiptKind

__all__ = ["Message", "order_messages", "receipt_messages"]


class Message(NamedTuple):
    """What should be done about a receipt (`ref`), or a planned order (by its number).

    `day` is when it is due, `wanted` when it is needed; `by_days`: how much of that is too late.
    """

    kind: MessageKind
    ref: str
    number: int
    day: int
    wanted: int | None
    quantity: int
    by_days: int = 0


def receipt_messages(
    receipts: Sequence[Receipt],
    requirements: Sequence[Requirement],
    *,
    on_hand: int,
    safety_stock: int,
    today: int,
) -> Iterator[Message]:
    """Which receipts should come earlier, later or not at all.

    Each is compared with the day on which stock and the receipts before it are used up. Nothing
    is moved: what is needed before a receipt comes is planned anew until somebody moves it. A
    by-product comes with its order, whether it is needed or not: it is in no message.
    """
    covered, used, at = on_hand - safety_stock, 0, 0
    for one in receipts:
        while at < len(requirements) and used + requirements[at].quantity <= covered:
            used += requirements[at].quantity
            at += 1
        wanted = today if covered < 0 else None
        if wanted is None and at < len(requirements):
            wanted = requirements[at].day
        covered += one.quantity
        if one.kind != ReceiptKind.BY_PRODUCT:
            yield from _message(one, wanted, today)


def _message(one: Receipt, wanted: int | None, today: int) -> Iterator[Message]:
    """What is to be done about a receipt that is `wanted` on a day, or never; nothing: in time."""
    if wanted is None:
        yield Message(MessageKind.CANCEL, one.ref, -1, one.day, None, one.quantity)
    elif one.day < today:
        late = today - one.day
        yield Message(MessageKind.OVERDUE, one.ref, -1, one.day, wanted, one.quantity, late)
    elif max(wanted, today) < one.day:
        late = one.day - max(wanted, today)
        yield Message(MessageKind.RESCHEDULE_IN, one.ref, -1, one.day, wanted, one.quantity, late)
    elif wanted > one.day:
        yield Message(MessageKind.RESCHEDULE_OUT, one.ref, -1, one.day, wanted, one.quantity)


def order_messages(orders: Sequence[PlannedOrder]) -> Iterator[Message]:
    """Planned orders that should have begun already, and by how many working days (E54)."""
    for one in orders:
        if one.past_due:
            kind, possible = MessageKind.EXPEDITE, one.possible
            yield Message(kind, "", one.number, one.release, possible, one.start, one.past_due)
