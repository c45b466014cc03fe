"""Which price applies: of those that hold on the day, the one of the largest minimum reached.

Of several from the same quantity on, the one of the shortest period; an open one comes last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from crm.money import UnitPrice

__all__ = ["PriceStep", "PricedProduct", "price_for"]


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


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """What an order needs to know of a product: its price, its unit, whether it is sold.

    `price_list` is the list that holds for everybody; `account_list` the account's own one, if it
    has one. Its steps stand in one of them.
    """

    id: UUID
    code: str
    list_price: UnitPrice | None
    price_list: str = "standard"
    unit: str = "C62"
    unit_decimals: int = 6
    active: bool = True
    discontinued_on: date | None = None
    account_list: str | None = None
    steps: list[PriceStep] = field(default_factory=list)

    def step_for(self, *, quantity: Decimal, on: date) -> PriceStep | None:
        """The step that applies: of the account's own list, else of the usual one."""
        for code in (self.account_list, self.price_list):
            listed = (step for step in self.steps if step.price_list == code)
            step = price_for(listed, quantity=quantity, on=on)
            if step:
                return step
        return None

    def is_sold(self, on: date) -> bool:
        """Whether it can be ordered on the day; from `discontinued_on` it cannot."""
        return self.active and (self.discontinued_on is None or on < self.discontinued_on)


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
