"""When what is planned too late can be here at the earliest, and why not before (E54, V12).

The plan itself stays as the needs ask. This looks at it from below: what may begin only after
today, or after a fence, comes later, and so does what is made of it, as far as it is short of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from erp.planning.rules import days as working
from erp.planning.rules.netting import Peg, PlannedOrder
from erp.planning.rules.planning import ItemPlan, Plan
from erp.planning.rules.routes import good_of, lead_days_of
from erp.planning.states import DemandKind, SupplyKind

__all__ = ["Delay", "Part", "delays_of"]


class Part(NamedTuple):
    """So much comes on a day, no earlier because of the lead times of these items."""

    day: int
    quantity: int
    lead_times: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delay:
    """When what of a requirement can be covered; the parts add up to it.

    Those in time are there on the day on which it is needed.
    """

    parts: tuple[Part, ...]

    @property
    def day(self) -> int:
        """When all of it is here."""
        return max(part.day for part in self.parts)

    @property
    def lead_times(self) -> tuple[str, ...]:
        """The items whose lead times are too long."""
        return tuple(sorted({one for part in self.parts for one in part.lead_times}))


_Short = tuple[int, Delay]
"""So much is needed of a component, which is late."""


def delays_of(plan: Plan) -> dict[tuple[str, int], Delay]:
    """(Item, place of the requirement) -> its delay, of all that cannot be covered in time."""
    found: dict[tuple[str, int], Delay] = {}
    short: dict[tuple[str, int], list[_Short]] = {}
    for key, one in reversed(list(plan.items.items())):
        orders = {
            order.number: _delay(one, order, short.get((key, order.number), ()))
            for order in one.orders
            if order.past_due or (key, order.number) in short
        }
        late = {number: of for number, of in orders.items() if of is not None}
        for place, delay in _requirements(one, late) if late else ():
            found[key, place] = delay
            needed = one.requirements[place]
            if needed.kind == DemandKind.PLANNED_ORDER:
                parts = short.setdefault((needed.ref, needed.number), [])
                parts.append((needed.quantity, delay))
    return found


def _delay(plan: ItemPlan, order: PlannedOrder, components: Sequence[_Short]) -> Delay | None:
    """When the order can be here, part by part; None: in time after all."""
    begins = max(order.release, order.possible)
    why: dict[int, set[str]] = {begins: set()}
    for _, delay in components:
        for part in delay.parts:
            if part.day > begins:
                why.setdefault(part.day, set()).update(part.lead_times)
    own = {plan.item.key} if order.possible > order.release else set()
    parts: list[Part] = []
    done, lead = 0, lead_days_of(plan.item, order.start)
    for day in sorted(why):
        good = _good(plan, order, day, components)
        if good > done:
            on = max(working.later(plan.days, day, lead), order.due)
            parts.append(Part(on, good - done, tuple(sorted(why[day] | own))))
            done = good
    return None if all(part.day <= order.due for part in parts) else Delay(tuple(parts))


def _good(plan: ItemPlan, order: PlannedOrder, day: int, components: Sequence[_Short]) -> int:
    """What can be good of that for which all components are there on the day."""
    start = order.start
    for quantity, delay in components:
        here = sum(part.quantity for part in delay.parts if part.day <= day)
        start = min(start, here * order.start // quantity)
    if start == order.start:
        return order.quantity
    return min(good_of(start, plan.item.good_parts), order.quantity)


def _requirements(plan: ItemPlan, late: Mapping[int, Delay]) -> Iterator[tuple[int, Delay]]:
    """What is needed and pegged to late orders: the first who need it get what comes first."""
    coming = {number: list(of.parts) for number, of in late.items()}
    pegs: dict[int, list[Peg]] = {}
    for peg in plan.pegs:
        pegs.setdefault(peg.requirement, []).append(peg)
    for place, own in pegs.items():
        needed = plan.requirements[place].day
        parts: list[Part] = []
        for peg in own:
            if peg.supply == SupplyKind.PLANNED_ORDER and peg.place in late:
                parts += _taken(coming[peg.place], peg.quantity)
            else:
                parts.append(Part(needed, peg.quantity))
        if any(part.day > needed for part in parts):
            yield place, Delay(tuple(sorted(_joined(parts, needed))))


def _joined(parts: Iterable[Part], needed: int) -> Iterator[Part]:
    """The parts by day; what is there before it is needed counts as of the day it is needed."""
    quantities: dict[int, int] = {}
    why: dict[int, set[str]] = {}
    for part in parts:
        day = max(part.day, needed)
        quantities[day] = quantities.get(day, 0) + part.quantity
        why.setdefault(day, set()).update(part.lead_times if day > needed else ())
    for day, quantity in quantities.items():
        yield Part(day, quantity, tuple(sorted(why[day])))


def _taken(coming: list[Part], quantity: int) -> Iterator[Part]:
    """Take so much of what comes, the first of it first."""
    while quantity:
        taken = min(coming[0].quantity, quantity)
        yield coming[0]._replace(quantity=taken)
        quantity -= taken
        if taken == coming[0].quantity:
            coming.pop(0)
        else:
            coming[0] = coming[0]._replace(quantity=coming[0].quantity - taken)
