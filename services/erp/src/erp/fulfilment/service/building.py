"""From what a caller sent to an order with lines and charges."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput
from chassis.ids import uuid7
from chassis.storage.loading import loaded
from chassis.storage.work import Work
from erp.catalog.errors import NoPrice
from erp.catalog.service import prices
from erp.currencies import must_be_supported
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.errors import PriceMissing
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

    Raises MissingReference, PriceMissing, CurrencyNotSupported, Forbidden (backdated).
    """
    days = [business_day_of(work, facts.ordered_on) for _, facts in sent]
    known = await Known.read(
        work,
        {facts.customer_id for _, facts in sent},
        [line for _, facts in sent for line in facts.lines],
    )
    asked = [(line, on) for (_, facts), on in zip(sent, days, strict=True) for line in facts.lines]
    agreed = iter(await _prices(work, asked, known))
    numbers = await queries.next_numbers(work.sql, "sales_order_number_seq", "SO", len(sent))
    hands = []
    for (order_id, facts), day, number in zip(sent, days, numbers, strict=True):
        known.customer(facts.customer_id)
        order = _order(work, order_id, facts, number=number, on=day)
        lines = _lines(order, facts.lines, known, agreed)
        hands.append(OrderAtHand(order, lines, charges_of(work, order, facts.charges)))
        sum_up(hands[-1])
    return hands, known


def _order(work: Work, order_id: UUID, facts: OrderFacts, *, number: str, on: date) -> Order:
    facts_of_order = {
        "id": order_id,
        "version": 1,
        "unedited_versions": 0,
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

    Raises MissingReference (item), PriceMissing, CurrencyNotSupported.
    """
    known = await Known.read(work, [], sent)
    agreed = await _prices(work, [(line, order.ordered_on) for line in sent], known)
    return _lines(order, sent, known, iter(agreed))


async def _prices(work: Work, asked: Sequence[tuple[NewLine, date]], known: Known) -> list[Decimal]:
    """What one unit costs on each line: as agreed, else by the list of its day.

    Raises MissingReference, CurrencyNotSupported, PriceMissing.
    """
    must_be_supported(work, *(line.unit_price.currency for line, _ in asked if line.unit_price))
    unpriced = [
        (known.item(line)["id"], line.quantity, on) for line, on in asked if line.unit_price is None
    ]
    try:
        listed = iter(await prices.listed_prices(work.sql, unpriced))
    except NoPrice as none:
        raise PriceMissing(sku=none.facts["sku"], on=none.facts["on"]) from none
    return [line.unit_price.amount if line.unit_price else next(listed).amount for line, _ in asked]


def _lines(
    order: Order, sent: Sequence[NewLine], known: Known, agreed: Iterator[Decimal]
) -> list[OrderLine]:
    """The lines of an order; their prices are the next of those agreed."""
    return [
        _line(order, line, known.item(line), position=position, price=next(agreed))
        for position, line in enumerate(sent, 1)
    ]


def _line(
    order: Order, sent: NewLine, item: Mapping[str, Any], *, position: int, price: Decimal
) -> OrderLine:
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
        "net": line_net(price, sent.quantity, sent.discount, decimals=digits_of(order.currency)),
        "shipped": ZERO,
        "returned": ZERO,
        "invoiced": ZERO,
        "credited": ZERO,
        "waived": ZERO,
    }
    return loaded(OrderLine, facts)


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
