"""What an order needs to know of a product."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from values.money import UnitPrice
from values.prices import PriceStep, price_for

__all__ = ["PricedProduct", "as_id"]


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """What an order needs to know of a product: its price, its unit, whether it is sold.

    `price_list` is the list that holds for everybody; `account_list` the account's own one, if it
    has one. Its steps stand in one of them.
    """

    id: UUID
    code: str
    list_price: UnitPrice | None
    name: str = ""
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


def as_id(reference: str) -> UUID | None:
    """The id that the text is; None when it is none, so perhaps a code."""
    try:
        return UUID(reference)
    except ValueError:
        return None
