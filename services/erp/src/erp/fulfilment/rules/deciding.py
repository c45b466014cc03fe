"""Whether an order is confirmed, held or rejected, and whether a change still fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from erp.fulfilment.states import OrderState
from values.decimals import rounded

__all__ = [
    "CreditExposure",
    "Decision",
    "LineChange",
    "SalesItem",
    "decide",
    "refusal_of_change",
    "refusal_of_items",
    "refusal_of_prices",
    "refusal_of_quantities",
]


@dataclass(frozen=True, slots=True)
class SalesItem:
    """What decides whether an item can be sold."""

    sku: str
    sold: bool
    active: bool
    discontinued_on: date | None
    decimals: int = 6

    def may_be_sold(self, on: date) -> bool:
        """Whether it can be ordered on the day; from `discontinued_on` it cannot."""
        gone = self.discontinued_on is not None and on >= self.discontinued_on
        return self.sold and self.active and not gone


@dataclass(frozen=True, slots=True)
class CreditExposure:
    """What the customer may owe (None: as much as it likes), owes, and has ordered in other orders.

    What it owes is with tax. Orders count before tax, until they are invoiced: which tax that will
    be is decided then.
    """

    limit: Decimal | None
    owed: Decimal
    ordered: Decimal

    def excess(self, order: Decimal) -> Decimal:
        """By how much the order would go beyond the limit."""
        if self.limit is None:
            return Decimal(0)
        return max(self.owed + self.ordered + order - self.limit, Decimal(0))


@dataclass(frozen=True, slots=True)
class Decision:
    """`confirmed`, `on_hold` or `rejected`, and why."""

    state: OrderState
    reason: str = ""


def refusal_of_items(items: Sequence[SalesItem], on: date) -> str:
    """Which items cannot be ordered on the day, as a reason; empty: all can."""
    gone = sorted({item.sku for item in items if not item.may_be_sold(on)})
    return f"not_sold: {', '.join(gone)}" if gone else ""


def refusal_of_quantities(lines: Sequence[tuple[SalesItem, Decimal]]) -> str:
    """Which items are not counted so finely, as a reason; empty: all are."""
    uneven = {item.sku for item, quantity in lines if rounded(quantity, item.decimals) != quantity}
    return f"fraction_of_unit: {', '.join(sorted(uneven))}" if uneven else ""


def refusal_of_prices(unpriced: Sequence[str]) -> str:
    """Which items have no price, as a reason; empty: all have one."""
    return f"price_missing: {', '.join(unpriced)}" if unpriced else ""


def decide(
    lines: Sequence[tuple[SalesItem, Decimal]],
    credit: CreditExposure,
    *,
    total: Decimal,
    ordered_on: date,
    customer_active: bool,
    unpriced: Sequence[str] = (),
    credit_granted: bool = False,
) -> Decision:
    """What becomes of an order that was accepted."""
    if not customer_active:
        return Decision(OrderState.REJECTED, "customer_archived")
    gone = refusal_of_items([item for item, _ in lines], ordered_on)
    refusal = gone or refusal_of_quantities(lines) or refusal_of_prices(unpriced)
    if refusal:
        return Decision(OrderState.REJECTED, refusal)
    if not credit_granted and credit.excess(total) > 0:
        return Decision(OrderState.ON_HOLD, "credit")
    return Decision(OrderState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line as it would be: how many, of which so many have gone out.

    `minimum_quantity`: no fewer can be ordered, because they are invoiced before they go out.
    `kept`: the line is dropped, and a shipment of it was taken back, which names it for ever.
    """

    line: str
    quantity: Decimal
    shipped: Decimal
    repriced: bool = False
    minimum_quantity: Decimal = Decimal(0)
    kept: bool = False


def refusal_of_change(lines: Sequence[LineChange], *, state: str) -> str:
    """Why a change of a confirmed order is refused; empty when it is accepted.

    What has gone out or is invoiced cannot be ordered less or at another price, and a closed order
    stays as it is.
    """
    if state in {OrderState.CANCELLED, OrderState.COMPLETED}:
        return f"order_{state}"
    short = [
        change.line
        for change in lines
        if change.quantity < change.shipped or (change.repriced and change.shipped)
    ]
    if short:
        return f"already_shipped: {', '.join(sorted(short))}"
    kept = [change.line for change in lines if change.kept]
    if kept:
        return f"taken_back: {', '.join(sorted(kept))}"
    billed = [
        one.line
        for one in lines
        if one.quantity < one.minimum_quantity or (one.repriced and one.minimum_quantity)
    ]
    return f"already_invoiced: {', '.join(sorted(billed))}" if billed else ""
