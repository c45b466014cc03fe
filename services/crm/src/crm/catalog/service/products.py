"""Products: what is particular about writing them. The ERP becomes master of what it sends."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.field_errors import errors_of_field
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from crm.catalog.errors import DuplicateCode
from crm.catalog.models import Product
from crm.catalog.schemas import ProductView
from crm.catalog.service.prices import PRICE
from crm.catalog.states import Master, PriceStatus
from crm.ownership import ERP, ManagedByErp
from records.entities import Values
from records.history import keep_change, keep_link
from records.links import ExternalRef, LinkExternal, link
from records.types import Change, RecordType
from records.writes import lock_visible, unlink, write
from values.money import UnitPriceChange, UnitPriceView

__all__ = ["PRODUCT", "link_product", "unlink_product"]


async def link_product(work: Work, product_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system it is; the ERP becomes master of what it has.

    Raises NotFound, AlreadyLinked, SystemReserved.
    """
    product = (await lock_visible(work, PRODUCT, [product_id]))[product_id]
    made = await link(work, PRODUCT.name, product_id, command)
    if made:
        keep_link(work, PRODUCT.name, product, made=made)
    if command.system == ERP:
        await write(work, PRODUCT, [Change(product, {})], sender=ERP)


async def unlink_product(work: Work, product_id: UUID, gone: ExternalRef) -> None:
    """Forget which record of another system it is; of what the ERP had, this half is master again.

    It has no list price then until one is given. Raises NotFound.
    """
    await unlink(work, PRODUCT, product_id, gone)
    product = (await lock_visible(work, PRODUCT, [product_id]))[product_id]
    if gone.system == ERP and product.master == Master.ERP:
        await write(work, PRODUCT, [Change(product, {"master": Master.OWN})], sender=ERP)


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    return [{"currency": work.setting.currency, "master": Master.OWN}] * count


async def _prepare(work: Work, change: Change[Product], sender: str | None) -> Values:
    """The values with changed parts of the list price laid onto the present one.

    Where the ERP becomes master it prices the product from now on: our list price ends. Raises
    InvalidInput (a new price has only one of its parts), CurrencyNotSupported.
    """
    product, values = change.record, dict(change.values)
    present = product.list_price
    if sender == ERP and product.master != Master.ERP:
        values = {"master": Master.ERP, "list_price": None} | values
        present = None
    price = values.get("list_price")
    if isinstance(price, UnitPriceChange):
        with errors_of_field("list_price"):
            price = price.onto(present)
    elif isinstance(price, UnitPriceView):
        price = price.price()
    if price:
        require_supported_currency(work, price.currency)
        values["list_price"] = price
    return values


async def _check(work: Work, changes: Sequence[Change[Product]], sender: str | None) -> None:
    """Raises ManagedByErp, DuplicateCode."""
    for one in changes:
        if one.record.master == Master.ERP and sender != ERP:
            raise ManagedByErp(fields=", ".join(one.fields), entity="product")
    handed_over = [
        one.record.id
        for one in changes
        if "master" in one.before and one.record.master == Master.ERP
    ]
    if handed_over:
        await _end_own_prices(work, handed_over)
    await _claim_codes(work, [one.record for one in changes if one.touches("code")])


async def _end_own_prices(work: Work, product_ids: Sequence[UUID]) -> None:
    for price in await queries.own_active_prices(work, product_ids):
        before = price.change({"status": PriceStatus.WITHDRAWN}, work.now)
        keep_change(work, PRICE.name, price, before)


async def _claim_codes(work: Work, products: Sequence[Product]) -> None:
    """See to it that each code is of one product. Raises DuplicateCode."""
    if not products:
        return
    await advisory_lock(work, *sorted({f"product_code:{product.code}" for product in products}))
    taken = await queries.products_with_codes(work.sql, [product.code for product in products])
    for product in products:
        existing_id = taken.setdefault(product.code, product.id)
        if existing_id != product.id:
            raise DuplicateCode(product_code=product.code, existing_id=existing_id)


PRODUCT: RecordType[Product, ProductView] = RecordType(
    name="product",
    entity=Product,
    reads=queries.PRODUCTS,
    required=("code", "name"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
)
"""How products are kept. Raises DuplicateCode, CurrencyNotSupported, ManagedByErp."""
