"""What a line costs, and which price applies: the one of the largest minimum reached.

Of several from the same quantity on, the one of the shortest period; an open one comes last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from values.decimals import EXACT, rounded
from values.money import UnitPrice

__all__ = ["PriceStep", "line_net", "price_for"]

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """What one unit costs in a list, from a minimum quantity on, within a period.

    A period without a begin or an end is open on that side; both days belong to it.
    """

    id: UUID
    min_quantity: Decimal
    price: UnitPrice
    valid_from: date | None = None
    valid_to: date | None = None
    price_list: str = "standard"

    def applies(self, *, quantity: Decimal, on: date) -> bool:
        """Whether it may be asked for the quantity on the day."""
        begun = self.valid_from is None or self.valid_from <= on
        ended = self.valid_to is not None and self.valid_to < on
        return begun and not ended and self.min_quantity <= quantity

    @property
    def days(self) -> int | None:
        """How many days the period spans; None: it is open on one side or both."""
        if self.valid_from is None or self.valid_to is None:
            return None
        return (self.valid_to - self.valid_from).days


def price_for(steps: Iterable[PriceStep], *, quantity: Decimal, on: date) -> PriceStep | None:
    """The step of the largest minimum quantity reached, of equals the shortest one.

    Of equally long ones that which began last: a read copy may hold two for a moment. None when
    none applies.
    """
    reached = (step for step in steps if step.applies(quantity=quantity, on=on))
    return max(reached, key=_precedence, default=None)


def _precedence(step: PriceStep) -> tuple[Decimal, bool, int, date, UUID]:
    days = step.days
    begin = step.valid_from or date.min
    return step.min_quantity, days is not None, -(days or 0), begin, step.id


def line_net(
    unit_price: Decimal, quantity: Decimal, discount: Decimal, *, decimals: int
) -> Decimal:
    """Price x quantity x (1 - discount), rounded half-up once (C26, E19)."""
    full = EXACT.multiply(unit_price, quantity)
    return rounded(EXACT.multiply(full, EXACT.subtract(_ONE, discount)), decimals)
