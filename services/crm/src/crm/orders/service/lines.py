"""From the lines that a caller sent to the lines of an order."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.loading import loaded
from chassis.work.company_rules import require_supported_currency
from chassis.work.unit_of_work import Work
from crm.catalog.errors import NoPrice
from crm.catalog.service import pricing
from crm.catalog.service.pricing import Offer
from crm.orders.errors import FractionOfUnit, PriceMissing, ProductNotSold, UnknownLine
from crm.orders.models import Order, OrderLine
from crm.orders.schemas import ChangeLine, NewOrderLine
from values.decimals import rounded
from values.money import UnitPrice, digits_of
from values.prices import line_net

__all__ = ["AMOUNT_DIGITS", "build_lines", "build_new_lines", "compared_values", "orders_more"]

AMOUNT_DIGITS, QUANTITY_DIGITS = 4, 6
"""Decimals that are kept of amounts, and of quantities, unit prices and discounts."""

SentLine: TypeAlias = NewOrderLine | ChangeLine
Offers: TypeAlias = Mapping[str, Offer]


async def build_new_lines(
    work: Work, order: Order, sent: Sequence[NewOrderLine]
) -> tuple[list[OrderLine], dict[UUID, str]]:
    """The lines of a new order, and the codes of their products.

    Raises MissingReference (product), ProductNotSold, FractionOfUnit, PriceMissing,
    CurrencyNotSupported, InvalidInput (a line twice).
    """
    offers = await _offers(work, order, [line.product for line in sent])
    lines = _build_all(work, order, [(line, offers[line.product], None) for line in sent])
    return lines, {offer.id: offer.code for offer in offers.values()}


async def build_lines(
    work: Work, order: Order, sent: Sequence[SentLine], present: Sequence[OrderLine]
) -> list[OrderLine]:
    """The lines as requested; those that the order has already keep their ids.

    What is on the order already may stay, though it is not sold any more. Raises as
    `build_new_lines`, and UnknownLine.
    """
    named = _pair_by_id(order, sent, present)
    products = [_product_of(line, named.get(at)) for at, line in enumerate(sent)]
    offers = await _offers(work, order, products)
    found = [offers[product] for product in products]
    pairs = named | _pair_by_product(sent, found, present, named)
    return _build_all(
        work,
        order,
        [
            (line, product, pairs.get(at))
            for at, (line, product) in enumerate(zip(sent, found, strict=True))
        ],
    )


def orders_more(requested: Sequence[OrderLine], present: Sequence[OrderLine]) -> bool:
    """Whether a line is new, or more of one is ordered."""
    ordered = {line.id: line.quantity for line in present}
    return any(line.quantity > ordered.get(line.id, 0) for line in requested)


def compared_values(lines: Sequence[OrderLine]) -> list[tuple[Any, ...]]:
    """What is compared to see whether lines differ."""
    return [
        (one.id, one.product_id, one.quantity, one.unit_price, one.discount, one.external_line_id)
        for one in lines
    ]


async def _offers(work: Work, order: Order, named: Sequence[str]) -> dict[str, Offer]:
    """The products of the lines, with the prices of the account. Raises MissingReference."""
    offers = await pricing.offered(work.sql, set(named), account_id=order.account_id)
    for name in named:
        if name not in offers:
            raise MissingReference(entity="product", reference=name)
    return offers


def _pair_by_id(
    order: Order, sent: Sequence[SentLine], present: Sequence[OrderLine]
) -> dict[int, OrderLine]:
    """The present lines that sent ones name, by the place of those.

    Raises UnknownLine, InvalidInput (a line twice).
    """
    by_id = {line.id: line for line in present}
    by_external = {line.external_line_id: line for line in present if line.external_line_id}
    found: dict[int, OrderLine] = {}
    for at, line in enumerate(sent):
        line_id = line.id if isinstance(line, ChangeLine) else None
        if line_id is not None and line_id not in by_id:
            raise UnknownLine(line=line_id, number=order.number)
        old = by_id[line_id] if line_id is not None else by_external.get(line.external_line_id)
        if old is not None:
            if old in found.values():
                raise InvalidInput(errors=[_duplicate_line(at)])
            found[at] = old
    return found


def _duplicate_line(at: int) -> FieldError:
    return FieldError(f"/lines/{at}", "duplicate_line", "A line of the order is named twice.")


def _product_of(line: SentLine, old: OrderLine | None) -> str:
    """The id or code of the line's product; a line that is named may leave it out."""
    if line.product is None and old is not None:
        return str(old.product_id)
    return line.product or ""


def _pair_by_product(
    sent: Sequence[SentLine],
    products: Sequence[Offer],
    present: Sequence[OrderLine],
    named: Mapping[int, OrderLine],
) -> dict[int, OrderLine]:
    """The present lines that unnamed ones are taken for: of the same product.

    Of several, the one of the same price: what has gone out of it is not priced anew.
    """
    left = [line for line in present if line not in named.values()]
    found: dict[int, OrderLine] = {}
    for same in (_is_same_price, _is_same_product):
        for at, line in enumerate(sent):
            if at in named or at in found:
                continue
            old = next((one for one in left if same(one, line, products[at])), None)
            if old is not None:
                left.remove(old)
                found[at] = old
    return found


IsSame: TypeAlias = Callable[[OrderLine, SentLine, Offer], bool]


def _is_same_product(old: OrderLine, _line: SentLine, product: Offer) -> bool:
    return old.product_id == product.id


def _is_same_price(old: OrderLine, line: SentLine, product: Offer) -> bool:
    price = line.unit_price
    return (
        old.product_id == product.id
        and price is not None
        and (old.unit_price, old.discount) == (price.amount, line.discount)
    )


def _build_all(
    work: Work, order: Order, found: Sequence[tuple[SentLine, Offer, OrderLine | None]]
) -> list[OrderLine]:
    lines = [
        loaded(OrderLine, {**_line_values(work, order, *one), "position": position})
        for position, one in enumerate(found, 1)
    ]
    named = [line.external_line_id for line in lines]
    for at, name in enumerate(named):
        if name and name in named[:at]:
            raise InvalidInput(errors=[_duplicate_line(at)])
    return lines


def _line_values(
    work: Work, order: Order, sent: SentLine, product: Offer, old: OrderLine | None
) -> dict[str, Any]:
    agreed = old if old is not None and old.product_id == product.id else None
    quantity = rounded(sent.quantity, QUANTITY_DIGITS)
    _require_orderable(product, quantity, agreed, on=order.ordered_on)
    price, discount = _terms(work, order, sent, product, agreed)
    net = line_net(price, quantity, discount, decimals=digits_of(order.currency))
    return {
        "id": old.id if old is not None else uuid7(),
        "order_id": order.id,
        "product_id": product.id,
        "quantity": quantity,
        "unit_price": price,
        "discount": discount,
        "net": rounded(net, AMOUNT_DIGITS),
        "external_line_id": sent.external_line_id or (old.external_line_id if old else ""),
    }


def _require_orderable(
    product: Offer, quantity: Decimal, agreed: OrderLine | None, *, on: date
) -> None:
    """Raises ProductNotSold for more than is ordered, FractionOfUnit for another quantity."""
    more = agreed is None or quantity > agreed.quantity
    if more and not product.is_sold(on):
        raise ProductNotSold(product=product.code, on=on)
    same = agreed is not None and agreed.quantity == quantity
    if not same and rounded(quantity, product.unit_decimals) != quantity:
        raise FractionOfUnit(
            quantity=f"{quantity.normalize():f}",
            product=product.code,
            unit=product.unit,
            decimals=product.unit_decimals,
        )


def _terms(
    work: Work, order: Order, sent: SentLine, product: Offer, agreed: OrderLine | None
) -> tuple[Decimal, Decimal]:
    """Price and discount: as sent, as agreed for the line that it is, else of the day."""
    discount = rounded(sent.discount, QUANTITY_DIGITS)
    if agreed is not None and "discount" not in sent.model_fields_set:
        discount = agreed.discount
    if agreed is not None and sent.unit_price is None:
        return agreed.unit_price, discount
    price = sent.unit_price or _price_of_the_day(product, sent.quantity, on=order.ordered_on)
    require_supported_currency(work, price.currency)
    return rounded(price.amount, QUANTITY_DIGITS), discount


def _price_of_the_day(product: Offer, quantity: Decimal, *, on: date) -> UnitPrice:
    """The price of the catalog where none was agreed. Raises PriceMissing."""
    try:
        return pricing.price_on(product, quantity, on=on)
    except NoPrice as without:
        raise PriceMissing(product=product.code, on=on) from without
