"""From what a caller sent to an order with lines and charges."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput, MissingReference
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.catalog.schemas import PriceAsked
from erp.catalog.service import prices
from erp.currencies import must_be_supported
from erp.fulfilment import queries
from erp.fulfilment.models import DRAFT, Order, OrderCharge, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.pricing import line_net
from erp.fulfilment.schemas import NewCharge, NewLine, OrderFacts
from erp.money import digits_of

__all__ = ["charges_of", "lines_of", "new_order", "sum_up"]

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 14
"""What any amount stays below, as numbers on the wire do."""


async def new_order(work: Work, order_id: UUID, facts: OrderFacts, *, on: date) -> OrderAtHand:
    """The order as it was sent, to be decided. Raises MissingReference, CurrencyNotSupported."""
    customer = await queries.credit_facts(work.sql, facts.customer_id)
    if customer is None:
        raise MissingReference(entity="customer", reference=facts.customer_id)
    order = Order(
        id=order_id,
        version=1,
        created_at=work.now,
        updated_at=work.now,
        number=await queries.next_number(work.sql, "sales_order_number_seq", "SO"),
        customer_id=facts.customer_id,
        currency=work.setting.currency,
        ordered_on=on,
        requested_on=facts.requested_on,
        promised_on=None,
        ship_to=facts.ship_to,
        note=facts.note,
        state=DRAFT,
        reason="",
        net=ZERO,
        charges=ZERO,
        invoiced=ZERO,
        paid=ZERO,
    )
    lines = await lines_of(work, order, facts.lines)
    hand = OrderAtHand(order, lines, charges_of(work, order, facts.charges))
    sum_up(hand)
    return hand


async def lines_of(work: Work, order: Order, sent: Sequence[NewLine]) -> list[OrderLine]:
    """The lines, their items found and their prices agreed or looked up.

    Raises MissingReference (item), NoPrice, CurrencyNotSupported.
    """
    must_be_supported(work, *(line.unit_price.currency for line in sent if line.unit_price))
    items = await _items(work, sent)
    return [
        await _line(work, order, position, line, items[line.item_id or line.sku])
        for position, line in enumerate(sent, 1)
    ]


async def _items(work: Work, sent: Sequence[NewLine]) -> Mapping[Any, Mapping[str, Any]]:
    rows = await queries.items_to_sell(
        work.sql,
        [line.item_id for line in sent if line.item_id],
        [line.sku for line in sent if line.sku],
    )
    known = {row["id"]: row for row in rows} | {row["sku"]: row for row in rows}
    for line in sent:
        if (line.item_id or line.sku) not in known:
            raise MissingReference(entity="item", reference=line.item_id or line.sku)
    return known


async def _line(
    work: Work, order: Order, position: int, sent: NewLine, item: Mapping[str, Any]
) -> OrderLine:
    price = sent.unit_price.amount if sent.unit_price else await _listed(work, order, sent, item)
    return OrderLine(
        id=uuid7(),
        order_id=order.id,
        position=position,
        external_line_id=sent.external_line_id,
        item_id=item["id"],
        description=sent.description or item["name"],
        quantity=sent.quantity,
        unit_price=price,
        discount=sent.discount,
        net=line_net(
            price, sent.quantity, sent.discount, decimals=digits_of(work.setting.currency)
        ),
        shipped=ZERO,
        returned=ZERO,
        invoiced=ZERO,
        credited=ZERO,
    )


async def _listed(work: Work, order: Order, sent: NewLine, item: Mapping[str, Any]) -> Decimal:
    asked = PriceAsked(sku=item["sku"], quantity=sent.quantity, on=order.ordered_on)
    found = await prices.find_price(work.sql, asked, today=order.ordered_on)
    return found.price.amount


def charges_of(work: Work, order: Order, sent: Sequence[NewCharge]) -> list[OrderCharge]:
    """The charges; those of nothing are left out. Raises CurrencyNotSupported."""
    must_be_supported(work, *(charge.amount.currency for charge in sent))
    real = [charge for charge in sent if charge.amount.amount > 0]
    return [
        OrderCharge(
            id=uuid7(),
            order_id=order.id,
            position=position,
            kind=charge.kind,
            amount=charge.amount.amount,
            invoiced=False,
        )
        for position, charge in enumerate(real, 1)
    ]


def sum_up(hand: OrderAtHand) -> None:
    """The order's net is the sum of its lines, its charges that of its charges (C26).

    Raises InvalidInput (too large).
    """
    hand.order.net = sum((line.net for line in hand.lines), ZERO)
    hand.order.charges = sum((charge.amount for charge in hand.charges), ZERO)
    if hand.order.net + hand.order.charges >= LARGEST:
        wrong = FieldError("/lines", "too_large", "The order comes to more than can be booked.")
        raise InvalidInput(errors=[wrong])
