"""From what a caller sent to an order with lines and charges."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.loading import loaded
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit
from erp.catalog.service.price_lookup import Wanted, listed_prices
from erp.fulfilment.errors import PriceMissing
from erp.fulfilment.models import Order, OrderCharge, OrderLine
from erp.fulfilment.queries import writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import NewCharge, NewOrder, NewOrderLine, PlacedOrderLine, UpsertOrder
from erp.fulfilment.service.merging import sent_content
from erp.fulfilment.service.references import OrderReferences
from erp.fulfilment.states import OrderState
from erp.parties.errors import PartyArchived
from erp.sums import require_bookable
from values.address import Address
from values.decimals import plain, rounded
from values.money import digits_of
from values.prices import line_net

__all__ = [
    "build_charges",
    "build_lines",
    "build_orders",
    "recalculate_totals",
    "require_distinct_lines",
    "require_unit_precision",
]

ZERO = Decimal(0)


async def build_orders(
    work: Work, sent: Sequence[tuple[UUID, NewOrder | UpsertOrder]]
) -> tuple[list[LockedOrder], OrderReferences]:
    """Orders as they were sent, under the ids given, to be decided; and what is known of them.

    One that another system sent is taken as it is, and decided. Raises MissingReference,
    CurrencyNotSupported, Forbidden (backdated); of our own also PriceMissing, FractionOfUnit,
    PartyArchived (a draft; what is no draft is decided, and rejected).
    """
    for _, facts in sent:
        require_distinct_lines(facts.lines)
    days = [business_day_of(work, facts.ordered_on) for _, facts in sent]
    references = await OrderReferences.read(
        work,
        {facts.customer_id for _, facts in sent},
        [line for _, facts in sent for line in facts.lines],
    )
    asked = [
        (line, on, references.customer(facts.customer_id)["price_list"])
        for (_, facts), on in zip(sent, days, strict=True)
        for line in facts.lines
    ]
    agreed = iter(await _prices(work, asked, references))
    ours = [facts for _, facts in sent if not isinstance(facts, UpsertOrder)]
    require_unit_precision([line for facts in ours for line in facts.lines], references)
    numbers = await writing.next_numbers(work.sql, "sales_order_number_seq", "SO", len(sent))
    orders = []
    for (order_id, facts), day, number in zip(sent, days, numbers, strict=True):
        customer = references.customer(facts.customer_id)
        if isinstance(facts, NewOrder) and facts.draft and not customer["active"]:
            raise PartyArchived(number=customer["number"])
        header = _order(work, order_id, facts, number=number, on=day)
        prices_of_lines = [next(agreed) for _ in facts.lines]
        missing = _unpriced(facts.lines, prices_of_lines, references)
        if isinstance(facts, UpsertOrder):
            header.sent = sent_content(facts, version=header.version)
        elif missing:
            raise PriceMissing(sku=missing[0], on=day)
        lines = _lines(header, facts.lines, references, prices_of_lines)
        charges = build_charges(work, header, facts.charges)
        orders.append(LockedOrder(header, lines, charges, unpriced=missing))
        recalculate_totals(orders[-1])
    return orders, references


def require_unit_precision(lines: Sequence[NewOrderLine], references: OrderReferences) -> None:
    """Raises FractionOfUnit for a quantity that the item's unit cannot be divided into."""
    for line in lines:
        item = references.item(line)
        if rounded(line.quantity, item["decimals"]) != line.quantity:
            raise FractionOfUnit(
                quantity=plain(line.quantity), unit=item["unit"], decimals=item["decimals"]
            )


def require_distinct_lines(lines: Sequence[NewOrderLine]) -> None:
    """Raises InvalidInput for a line whose `external_line_id` another one of the order has."""
    named = [line.external_line_id for line in lines]
    wrong = [
        FieldError(f"/lines/{at}/external_line_id", "duplicate_line", "This line is named twice.")
        for at, name in enumerate(named)
        if name and name in named[:at]
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


def _unpriced(
    lines: Sequence[NewOrderLine], agreed: Sequence[Decimal | None], references: OrderReferences
) -> list[str]:
    """SKUs of the lines for which no price was agreed nor stands in the list."""
    pairs = zip(lines, agreed, strict=True)
    return sorted({references.item(line)["sku"] for line, price in pairs if price is None})


def _order(
    work: Work, order_id: UUID, facts: NewOrder | UpsertOrder, *, number: str, on: date
) -> Order:
    values = {
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
        "ship_to": facts.ship_to.onto(Address()) if facts.ship_to else Address(),
        "note": facts.note or "",
        "state": OrderState.DRAFT,
        "reason": "",
        "net": ZERO,
        "charges": ZERO,
        "invoiced": ZERO,
        "paid": ZERO,
        "sent": None,
    }
    return loaded(Order, values)


async def build_lines(
    work: Work, order: Order, sent: Sequence[NewOrderLine]
) -> tuple[list[OrderLine], list[str], list[str]]:
    """The lines, their items found and their prices agreed or looked up.

    Also the SKUs of those without a price, and of those whose quantity does not come out
    even. Raises MissingReference (item), CurrencyNotSupported.
    """
    references = await OrderReferences.read(work, [order.customer_id], sent)
    own = references.customer(order.customer_id)["price_list"]
    agreed = await _prices(work, [(line, order.ordered_on, own) for line in sent], references)
    uneven = {
        references.item(line)["sku"]
        for line in sent
        if rounded(line.quantity, references.item(line)["decimals"]) != line.quantity
    }
    return (
        _lines(order, sent, references, agreed),
        _unpriced(sent, agreed, references),
        sorted(uneven),
    )


async def _prices(
    work: Work, asked: Sequence[tuple[NewOrderLine, date, str | None]], references: OrderReferences
) -> list[Decimal | None]:
    """What one unit costs on each line: as agreed, else by the lists of its day, if one has it.

    The customer's own list, if it has one, goes before the default one.

    Raises MissingReference, CurrencyNotSupported.
    """
    require_supported_currency(
        work, *(line.unit_price.currency for line, _, _ in asked if line.unit_price)
    )
    unpriced = [
        Wanted(references.item(line)["id"], line.quantity, on, own)
        for line, on, own in asked
        if line.unit_price is None
    ]
    listed = iter(await listed_prices(work.sql, unpriced))
    found = [line.unit_price or next(listed) for line, _, _ in asked]
    return [price.amount if price else None for price in found]


def _lines(
    order: Order,
    sent: Sequence[NewOrderLine],
    references: OrderReferences,
    agreed: Sequence[Decimal | None],
) -> list[OrderLine]:
    """The lines of an order at the prices agreed; without one they count nothing."""
    return [
        _line(order, line, references.item(line), position=position, price=price or ZERO)
        for position, (line, price) in enumerate(zip(sent, agreed, strict=True), 1)
    ]


def _line(
    order: Order, sent: NewOrderLine, item: Mapping[str, Any], *, position: int, price: Decimal
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
        "soft_reservation_id": sent.soft_reservation_id
        if isinstance(sent, PlacedOrderLine)
        else None,
    }
    return loaded(OrderLine, facts)


def build_charges(work: Work, order: Order, sent: Sequence[NewCharge] | None) -> list[OrderCharge]:
    """The charges; those of nothing are left out. Raises CurrencyNotSupported."""
    sent = sent or ()
    require_supported_currency(work, *(charge.amount.currency for charge in sent))
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


def recalculate_totals(order: LockedOrder) -> None:
    """The order's net is the sum of its lines, its charges that of its charges (C26).

    Raises InvalidInput (too large).
    """
    order.header.net = sum((line.net for line in order.lines), ZERO)
    order.header.charges = sum((charge.amount for charge in order.charges), ZERO)
    require_bookable(order.header.net + order.header.charges)
