"""From what a caller sent to an order with lines and charges."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput
from chassis.ids import uuid7
from chassis.storage.loading import loaded
from chassis.storage.work import Work
from erp.catalog.schemas import PriceAsked
from erp.catalog.service import prices
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.models import DRAFT, Order, OrderCharge, OrderLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.rules.pricing import line_net
from erp.fulfilment.schemas import NewCharge, NewLine, OrderFacts
from erp.fulfilment.service.known import Known
from erp.money import digits_of

__all__ = ["charges_of", "lines_of", "new_orders", "sum_up"]

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 14
"""What any amount stays below, as numbers on the wire do."""


async def new_orders(
    work: Work, sent: Sequence[tuple[UUID, OrderFacts]]
) -> tuple[list[OrderAtHand], Known]:
    """Orders as they were sent, under the ids given, to be decided; and what is known of them.

    Raises MissingReference, NoPrice, CurrencyNotSupported, Forbidden (backdated).
    """
    days = [business_day_of(work, facts.ordered_on) for _, facts in sent]
    known = await Known.read(
        work,
        {facts.customer_id for _, facts in sent},
        [line for _, facts in sent for line in facts.lines],
    )
    numbers = await queries.next_numbers(work.sql, "sales_order_number_seq", "SO", len(sent))
    hands = []
    for (order_id, facts), day, number in zip(sent, days, numbers, strict=True):
        known.customer(facts.customer_id)
        order = _order(work, order_id, facts, number=number, on=day)
        lines = await _lines(work, order, facts.lines, known)
        hands.append(OrderAtHand(order, lines, charges_of(work, order, facts.charges)))
        sum_up(hands[-1])
    return hands, known


def _order(work: Work, order_id: UUID, facts: OrderFacts, *, number: str, on: date) -> Order:
    facts_of_order = {
        "id": order_id,
        "version": 1,
        "created_at": work.now,
        "updated_at": work.now,
        "number": number,
        "customer_id": facts.customer_id,
        "currency": work.setting.currency,
        "ordered_on": on,
        "requested_on": facts.requested_on,
        "promised_on": None,
        "ship_to": facts.ship_to,
        "note": facts.note,
        "state": DRAFT,
        "reason": "",
        "net": ZERO,
        "charges": ZERO,
        "invoiced": ZERO,
        "paid": ZERO,
    }
    return loaded(Order, facts_of_order)


async def lines_of(work: Work, order: Order, sent: Sequence[NewLine]) -> list[OrderLine]:
    """The lines, their items found and their prices agreed or looked up.

    Raises MissingReference (item), NoPrice, CurrencyNotSupported.
    """
    return await _lines(work, order, sent, await Known.read(work, [], sent))


async def _lines(
    work: Work, order: Order, sent: Sequence[NewLine], known: Known
) -> list[OrderLine]:
    must_be_supported(work, *(line.unit_price.currency for line in sent if line.unit_price))
    items = [known.item(line) for line in sent]
    return [
        await _line(work, order, position, line, item)
        for position, (line, item) in enumerate(zip(sent, items, strict=True), 1)
    ]


async def _line(
    work: Work, order: Order, position: int, sent: NewLine, item: Mapping[str, Any]
) -> OrderLine:
    price = sent.unit_price.amount if sent.unit_price else await _listed(work, order, sent, item)
    digits = digits_of(work.setting.currency)
    facts = {
        "id": uuid7(),
        "order_id": order.id,
        "position": position,
        "external_line_id": sent.external_line_id,
        "item_id": item["id"],
        "description": sent.description or item["name"],
        "quantity": sent.quantity,
        "unit_price": price,
        "discount": sent.discount,
        "net": line_net(price, sent.quantity, sent.discount, decimals=digits),
        "shipped": ZERO,
        "returned": ZERO,
        "invoiced": ZERO,
        "credited": ZERO,
    }
    return loaded(OrderLine, facts)


async def _listed(work: Work, order: Order, sent: NewLine, item: Mapping[str, Any]) -> Decimal:
    asked = PriceAsked(sku=item["sku"], quantity=sent.quantity, on=order.ordered_on)
    found = await prices.find_price(work.sql, asked, today=order.ordered_on)
    return found.price.amount


def charges_of(work: Work, order: Order, sent: Sequence[NewCharge]) -> list[OrderCharge]:
    """The charges; those of nothing are left out. Raises CurrencyNotSupported."""
    must_be_supported(work, *(charge.amount.currency for charge in sent))
    real = [charge for charge in sent if charge.amount.amount > 0]
    return [
        loaded(
            OrderCharge,
            {
                "id": uuid7(),
                "order_id": order.id,
                "position": position,
                "kind": charge.kind,
                "amount": charge.amount.amount,
                "invoiced": False,
            },
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
