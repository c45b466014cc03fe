"""Acts on customers' orders."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput, MissingReference, NotFound
from chassis.ids import uuid7
from chassis.storage.loading import loaded
from chassis.storage.work import Work
from crm.accounts.schemas import Buyer
from crm.accounts.service import accounts
from crm.catalog.errors import NoPrice
from crm.catalog.service import prices
from crm.catalog.service.prices import Offer
from crm.currencies import must_be_supported
from crm.days import business_day_of
from crm.money import MoneyView, UnitPrice, digits_of, rounded
from crm.orders import queries
from crm.orders.errors import PriceMissing
from crm.orders.events import LineState, OrderChanged, money
from crm.orders.models import PLACED, Order, OrderLine
from crm.orders.rules.pricing import line_net
from crm.orders.schemas import (
    ChangeOrder,
    ErpLine,
    ErpOrder,
    NewLine,
    OrderFacts,
    OrderView,
    PlaceOrder,
    UpsertOrder,
)
from crm.sql import Sql
from crm.upserts import Sent, Upserted, upsert

__all__ = [
    "cancel_order",
    "change_order",
    "order_states",
    "place_order",
    "see_order",
    "stand",
    "take_back",
    "upsert_order",
]

KIND = "customer_order"
ZERO = Decimal("0.0000")
AMOUNT_DIGITS, QUANTITY_DIGITS = 4, 6
"""Decimals that are kept of amounts, and of quantities, unit prices and discounts."""
LARGEST = Decimal(10) ** 14
"""Amounts are written with at most 14 digits before the point."""


async def see_order(sql: Sql, order_id: UUID) -> OrderView:
    """The order as callers see it. Raises NotFound."""
    seen = await queries.order_view(sql, order_id)
    if seen is None:
        raise NotFound(entity="order", id=order_id)
    return seen


async def place_order(work: Work, command: PlaceOrder) -> OrderView:
    """Place a customer's order; the order then.

    Raises MissingReference (account, product), PriceMissing, CurrencyNotSupported, InvalidInput
    (too large), Forbidden (backdated), AccountArchived.
    """
    return await _place(work, command, uuid7(), new_business=True)


async def upsert_order(work: Work, system: str, external_id: str, command: UpsertOrder) -> Upserted:
    """Take over an order as another system knows it, of an archived account as well.

    Raises as `place_order`.
    """
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_place, work, command),
        change=partial(_replace, work, command),
    )


async def _place(
    work: Work, command: OrderFacts, order_id: UUID, *, new_business: bool = False
) -> OrderView:
    buyer = await _buyer(work, command.account_id, new_business=new_business)
    facts = {
        "id": order_id,
        "version": 1,
        "created_at": work.now,
        "updated_at": work.now,
        "account_id": command.account_id,
        "ordered_on": business_day_of(work, command.ordered_on, pointer="/ordered_on"),
        "requested_on": command.requested_on,
        "ship_to": command.ship_to or buyer.shipping_address,
        "note": command.note,
        "currency": work.setting.currency,
        "state": PLACED,
        "freight": _freight(work, command.freight),
        "erp": None,
    }
    order = loaded(Order, facts)
    offers = await _offers(work, command.lines)
    lines = _lines(work, order, command.lines, offers)
    _sum_up(order, lines)
    await queries.add_order(work, order, lines)
    seen = _new_view(order, lines, offers, buyer)
    await _publish(work, seen, OrderChanged.every_field())
    return seen


def _new_view(
    order: Order, lines: Sequence[OrderLine], offers: Mapping[str, Offer], buyer: Buyer
) -> OrderView:
    """The new order as callers see it, without asking the database what was just written."""
    codes = {product.id: product.code for product in offers.values()}
    shown = [line.__dict__ | {"product_code": codes[line.product_id]} for line in lines]
    besides = {"lines": shown, "customer_owes": buyer.owes, "external_refs": []}
    return OrderView.model_validate(order.__dict__ | besides)


async def _buyer(work: Work, account_id: UUID, *, new_business: bool = False) -> Buyer:
    """What is to be known of the account. Raises MissingReference, AccountArchived."""
    try:
        return await accounts.buyer(work.sql, account_id, new_business=new_business)
    except NotFound as unknown:
        raise MissingReference(entity="account", reference=account_id) from unknown


def _freight(work: Work, freight: MoneyView | None) -> Decimal:
    if freight is None:
        return ZERO
    must_be_supported(work, freight.currency)
    return rounded(freight.amount, AMOUNT_DIGITS)


async def _offers(work: Work, sent: Sequence[NewLine]) -> dict[str, Offer]:
    """The products of the lines, with their prices. Raises MissingReference."""
    offers = await prices.offered(work.sql, {line.product for line in sent})
    for line in sent:
        if line.product not in offers:
            raise MissingReference(entity="product", reference=line.product)
    return offers


def _lines(
    work: Work, order: Order, sent: Sequence[NewLine], offers: Mapping[str, Offer]
) -> list[OrderLine]:
    return [
        _line(work, order, position, line, offers[line.product])
        for position, line in enumerate(sent, 1)
    ]


def _line(work: Work, order: Order, position: int, sent: NewLine, product: Offer) -> OrderLine:
    price = sent.unit_price or _price_of_the_day(product, sent.quantity, on=order.ordered_on)
    must_be_supported(work, price.currency)
    digits = digits_of(order.currency)
    net = line_net(price.amount, sent.quantity, sent.discount, decimals=digits)
    facts = {
        "id": uuid7(),
        "order_id": order.id,
        "position": position,
        "product_id": product.id,
        "quantity": rounded(sent.quantity, QUANTITY_DIGITS),
        "unit_price": rounded(price.amount, QUANTITY_DIGITS),
        "discount": rounded(sent.discount, QUANTITY_DIGITS),
        "net": rounded(net, AMOUNT_DIGITS),
    }
    return loaded(OrderLine, facts)


def _price_of_the_day(product: Offer, quantity: Decimal, *, on: date) -> UnitPrice:
    """What the catalog says where nothing was agreed. Raises PriceMissing."""
    try:
        return prices.price_on(product, quantity, on=on)
    except NoPrice as without:
        raise PriceMissing(product=product.code, on=on) from without


def _sum_up(order: Order, lines: Sequence[OrderLine]) -> None:
    """Net is the sum of the lines, total that with the freight (C26). Raises InvalidInput."""
    order.net = sum((line.net for line in lines), ZERO)
    order.total = order.net + order.freight
    if order.total >= LARGEST:
        wrong = FieldError("/lines", "too_large", "The order comes to more than can be kept.")
        raise InvalidInput(errors=[wrong])


async def change_order(work: Work, order_id: UUID, command: ChangeOrder, *, revision: int) -> None:
    """Change what the customer wants; the ERP decides whether it still can.

    Raises NotFound, StaleRevision, OrderCancelled, MissingReference, PriceMissing.
    """
    order = await _locked(work, order_id)
    order.check_revision(revision)
    given = command.model_fields_set
    facts: dict[str, Any] = {}
    if "requested_on" in given:
        facts["requested_on"] = command.requested_on
    if command.ship_to is not None:
        facts["ship_to"] = command.ship_to.onto(order.ship_to)
    if "note" in given:
        facts["note"] = command.note
    if "freight" in given:
        facts["freight"] = _freight(work, command.freight)
    await _change(work, order, facts, command.lines)


async def _replace(work: Work, command: UpsertOrder, order_id: UUID) -> bool:
    """Take over the whole order as it was sent; whether anything changed."""
    order = await _locked(work, order_id)
    buyer = await _buyer(work, command.account_id)
    facts = {
        "account_id": command.account_id,
        "requested_on": command.requested_on,
        "ship_to": command.ship_to.onto(order.ship_to)
        if command.ship_to
        else buyer.shipping_address,
        "note": command.note,
        "freight": _freight(work, command.freight),
    }
    given = {name: fact for name, fact in facts.items() if name in command.model_fields_set}
    return await _change(work, order, given, command.lines)


async def _change(
    work: Work, order: Order, facts: Mapping[str, Any], sent: Sequence[NewLine] | None
) -> bool:
    order.must_be_placed()
    lines = await queries.lines_of(work, order.id)
    if sent is None:
        return await _become(work, order, facts, lines, lines)
    wanted = _lines(work, order, sent, await _offers(work, sent))
    _keep_ids(lines, wanted)
    return await _become(work, order, facts, lines, wanted)


async def _become(
    work: Work,
    order: Order,
    facts: Mapping[str, Any],
    present: Sequence[OrderLine],
    wanted: Sequence[OrderLine],
) -> bool:
    """Take facts and lines over as far as they differ, and tell it; whether anything did."""
    before = (order.net, order.total)
    changed, lines = order.take(facts), present
    if _facts_of(present) != _facts_of(wanted):
        changed.append("lines")
        lines = wanted
    if not changed:
        return False
    _sum_up(order, lines)
    order.touch(work.now)
    await work.flush()
    if "lines" in changed:
        await queries.replace_lines(work, order.id, lines)
    if before != (order.net, order.total):
        changed += ["net", "total"]
    await _tell(work, order, sorted(changed))
    return True


def _facts_of(lines: Sequence[OrderLine]) -> list[tuple[Any, ...]]:
    return [(one.product_id, one.quantity, one.unit_price, one.discount) for one in lines]


def _keep_ids(present: Sequence[OrderLine], wanted: Sequence[OrderLine]) -> None:
    """A line of the same product is the same line, so that the ERP knows it again.

    Of several, the one of the same price: what has gone out of it is not priced anew.
    """
    left, unknown = list(present), list(wanted)
    for alike in (_terms_of, lambda line: line.product_id):
        for line in list(unknown):
            same = next((old for old in left if alike(old) == alike(line)), None)
            if same is not None:
                left.remove(same)
                unknown.remove(line)
                line.id = same.id


def _terms_of(line: OrderLine) -> tuple[Any, ...]:
    return line.product_id, line.unit_price, line.discount


async def cancel_order(work: Work, order_id: UUID) -> None:
    """The customer wants it no longer; the ERP decides whether it still can. Raises NotFound."""
    order = await _locked(work, order_id)
    if order.cancel(work.now):
        await work.flush()
        await _tell(work, order, ["state"])


async def take_back(work: Work, order: Order, erp: ErpOrder) -> None:
    """The ERP refused the last change of the locked order: it is what it is there.

    Left as it is where a line of the ERP's names no product of ours.
    """
    known = await prices.offered(work.sql, {line.sku for line in erp.lines})
    if order.state != PLACED or any(line.sku not in known for line in erp.lines):
        return
    lines = [
        _line_of(order, position, line, known[line.sku].id)
        for position, line in enumerate(erp.lines, 1)
    ]
    facts = {
        "requested_on": erp.requested_on,
        "ship_to": erp.ship_to or order.ship_to,
        "note": erp.note,
        "freight": erp.freight,
    }
    await _become(work, order, facts, await queries.lines_of(work, order.id), lines)


def _line_of(order: Order, position: int, told: ErpLine, product_id: UUID) -> OrderLine:
    digits = digits_of(order.currency)
    return OrderLine(
        id=told.line_id or uuid7(),
        order_id=order.id,
        position=position,
        product_id=product_id,
        quantity=told.quantity,
        unit_price=told.unit_price,
        discount=told.discount,
        net=line_net(told.unit_price, told.quantity, told.discount, decimals=digits),
    )


async def stand(work: Work, order: Order) -> None:
    """The locked order could not be cancelled any more: it is placed still."""
    if order.state == PLACED:
        return
    order.stand(work.now)
    await work.flush()
    await _tell(work, order, ["state"])


async def _locked(work: Work, order_id: UUID) -> Order:
    order = await queries.for_update(work, order_id)
    if order is None:
        raise NotFound(entity="order", id=order_id)
    return order


async def _tell(work: Work, order: Order, changed: Sequence[str]) -> None:
    """Publish the changed order as it is now."""
    await _publish(work, await see_order(work.sql, order.id), changed)


async def _publish(work: Work, seen: OrderView, changed: Sequence[str]) -> None:
    await work.record(_event(seen, changed))


async def order_states(work: Work, order_ids: Sequence[UUID]) -> list[OrderChanged]:
    """What is published of orders, as they are now."""
    return [_event(seen, ()) for seen in await queries.order_views(work.sql, order_ids)]


def _event(seen: OrderView, changed: Sequence[str]) -> OrderChanged:
    lines = [
        LineState(
            id=line.id,
            product_id=line.product_id,
            product_code=line.product_code,
            quantity=line.quantity,
            unit_price=money(line.unit_price, seen.currency),
            discount=line.discount,
            net=line.net,
        )
        for line in seen.lines
    ]
    names = OrderChanged.model_fields.keys() - {"version", "lines", "freight", "changed"}
    state = {name: getattr(seen, name) for name in names} | {"version": seen.revision}
    freight = money(seen.freight, seen.currency)
    return OrderChanged.model_validate(
        state | {"lines": lines, "freight": freight, "changed": list(changed)}
    )
