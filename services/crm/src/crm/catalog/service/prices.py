"""Prices: what is particular about writing them. Each locks its product first.

So prices of one product are written one after the other.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock, lock_all
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from crm.catalog.errors import OverlappingPrice
from crm.catalog.models import STANDARD, Product, ProductPrice
from crm.catalog.rules.pricing import as_id
from crm.catalog.schemas import ProductPriceView
from crm.catalog.states import Master, PriceStatus
from crm.ownership import ERP, ManagedByErp
from records.entities import Values
from records.types import Change, RecordType
from records.upserts import require
from values.money import UnitPriceChange, UnitPriceView
from values.units import minimum_of

__all__ = ["PRICE"]


async def _locked(work: Work, price_ids: Collection[UUID]) -> Mapping[UUID, ProductPrice]:
    """The prices, and their products before them. Raises NotFound."""
    product_ids = await queries.product_ids_of_prices(work.sql, price_ids)
    missing = next((one for one in price_ids if one not in product_ids), None)
    if missing:
        raise NotFound(entity="product_price", id=missing)
    products = await lock_all(work, Product, set(product_ids.values()))
    prices = await lock_all(work, ProductPrice, price_ids)
    for price in prices.values():
        set_committed_value(price, "product", products[price.product_id])
    return prices


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    price = {"price_list": STANDARD, "min_quantity": Decimal(0)}
    return [price | {"status": PriceStatus.ACTIVE, "master": Master.OWN}] * count


async def _prepare(work: Work, change: Change[ProductPrice], sender: str | None) -> Values:
    """The values with the product looked up, and changed parts of the price laid onto it.

    Raises MissingReference (product), InvalidInput (a new one without product or price, a known
    one of another product), CurrencyNotSupported, ManagedByErp (a new one of the ERP's product).
    """
    price, values = change.record, dict(change.values)
    product_id = await _product_id(work, values.pop("product", None))
    if change.is_new:
        given = require({"product": product_id} | values, "product", "price")
        values |= await _new_of(work, price, given["product"], sender)
    elif product_id not in {None, price.product_id}:
        message = "A price stays at its product. Withdraw it and add it to the other product."
        raise InvalidInput(errors=[FieldError("/product", "product_fixed", message)])
    amount = values.get("price")
    if isinstance(amount, UnitPriceChange):
        with errors_of_field("price"):
            amount = amount.onto(price.price)
    elif isinstance(amount, UnitPriceView):
        amount = amount.price()
    if amount:
        require_supported_currency(work, amount.currency)
        values["price"] = amount
    if "min_quantity" in values and values.get("master", price.master) == Master.OWN:
        values["min_quantity"] = minimum_of(values["min_quantity"], price.product.unit_decimals)
    return values


async def _product_id(work: Work, reference: str | None) -> UUID | None:
    """Id of the product with that id or code. Raises MissingReference."""
    if not reference:
        return None
    found = await queries.product_meant(work.sql, reference, as_id(reference))
    if found is None:
        raise MissingReference(entity="product", reference=reference)
    return found


async def _new_of(work: Work, price: ProductPrice, product_id: UUID, sender: str | None) -> Values:
    """Put a new price to its locked product; who is its master. Raises ManagedByErp."""
    price.product = await lock(work, Product, product_id)
    price.product_id = product_id
    if sender == ERP:
        return {"master": Master.ERP}
    if price.product.master == Master.ERP:
        raise ManagedByErp(fields="price", entity="product")
    return {}


async def _check(work: Work, changes: Sequence[Change[ProductPrice]], sender: str | None) -> None:
    """Raises InvalidInput (period), ManagedByErp, OverlappingPrice."""
    for one in changes:
        price = one.record
        if price.valid_from and price.valid_to and price.valid_to < price.valid_from:
            message = "The period ends before it begins."
            raise InvalidInput(errors=[FieldError("/valid_to", "period_in_order", message)])
        if price.master == Master.ERP and sender != ERP:
            raise ManagedByErp(fields=", ".join(one.fields), entity="product_price")
        if price.master == Master.OWN and price.status == PriceStatus.ACTIVE:
            await _require_no_overlap(work, price)


async def _require_no_overlap(work: Work, price: ProductPrice) -> None:
    other = await queries.overlapping(work.sql, price)
    if other:
        existing_id, valid_from, valid_to = other
        raise OverlappingPrice(
            existing_id=existing_id, valid_from=valid_from or "-", valid_to=valid_to or "-"
        )


PRICE: RecordType[ProductPrice, ProductPriceView] = RecordType(
    name="product_price",
    entity=ProductPrice,
    reads=queries.PRICES,
    required=(),
    lock=_locked,
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    in_bulk=False,
)
"""How prices are kept: as parts of their products."""
