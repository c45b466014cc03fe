"""Who wins a deal places its order: in the same transaction, once, at the prices agreed."""

from collections.abc import Sequence

from chassis.problems.standard import Forbidden
from chassis.work.unit_of_work import Work
from crm.opportunities.errors import FieldsRequired
from crm.opportunities.models import Opportunity
from crm.opportunities.states import NoOrderReason, StageKind
from crm.orders.schemas import NewOrderLine, PlaceOrder
from crm.orders.service.orders import place_order
from crm.quotes.service.accepted import AcceptedQuote, accepted_quote
from records.types import Change
from values.money import UnitPriceView

__all__ = ["place_orders"]

_ORDER = "orders.write"


async def place_orders(work: Work, changes: Sequence[Change[Opportunity]]) -> None:
    """Place the orders of the deals that are won now, each after the other.

    A deal has one order for good: reopened and won again, it keeps it. A deal of the past, in
    another currency than the company's, or without products has none and says so. Raises
    Forbidden, FieldsRequired (account), and what `place_order` raises.
    """
    for one in changes:
        if one.record.state == StageKind.WON and one.touches("state"):
            await _place(work, one)


async def _place(work: Work, change: Change[Opportunity]) -> None:
    deal = change.record
    if deal.order_id is not None or deal.no_order_reason == NoOrderReason.HISTORY:
        return
    accepted = None if change.is_new else await accepted_quote(work, deal.id)
    lines = accepted.lines if accepted else _lines(deal)
    if not lines:
        _keep(change, no_order_reason=NoOrderReason.NO_PRODUCTS)
        return
    if accepted is None and deal.currency != work.setting.currency:
        _keep(change, no_order_reason=NoOrderReason.OTHER_CURRENCY)
        return
    if not work.actor.may(_ORDER):
        raise Forbidden(scope=_ORDER)
    order = await place_order(work, _order(deal, accepted, lines))
    _keep(change, order_id=order.id, no_order_reason=None)


def _order(
    deal: Opportunity, accepted: AcceptedQuote | None, lines: list[NewOrderLine]
) -> PlaceOrder:
    """What is ordered. Raises FieldsRequired where nobody is known to order."""
    account_id = accepted.account_id if accepted else deal.account_id
    if account_id is None:
        raise FieldsRequired(stage=str(StageKind.WON), fields="account_id")
    note = accepted.number if accepted else ""
    return PlaceOrder(account_id=account_id, lines=lines, note=note)


def _lines(deal: Opportunity) -> list[NewOrderLine]:
    return [
        NewOrderLine(
            product=str(one.product_id),
            quantity=one.quantity,
            unit_price=UnitPriceView(amount=one.unit_price, currency=deal.currency),
            discount=one.discount,
        )
        for one in deal.lines
    ]


def _keep(change: Change[Opportunity], **values: object) -> None:
    """Apply what follows from the order, as part of the change."""
    before = change.record.apply(values)
    if not change.is_new:
        change.before = dict(sorted((change.before | before).items()))
