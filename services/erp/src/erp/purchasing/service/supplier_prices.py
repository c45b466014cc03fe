"""Supplier prices: what is particular about writing them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.purchasing.errors import DuplicateSupplierPrice
from erp.purchasing.models.prices import SupplierPrice
from erp.purchasing.queries import prices as queries
from erp.purchasing.queries.suggestions import items_by_sku
from erp.purchasing.schemas.orders import SupplierPriceView, UpsertSupplierPrice
from erp.purchasing.service.orders import require_bought
from erp.purchasing.service.suggesting import update_suggestions
from erp.stock.service.booking import check_quantities
from erp.stock.service.expected_receipts import lock_items
from records.entities import Values
from records.shown import in_company_currency
from records.types import Change, RecordType
from values.money import UnitPrice, UnitPriceChange

__all__ = ["SUPPLIER_PRICE"]

_TERMS = ("lead_time_days", "min_quantity", "multiple")


async def _lock_items(work: Work, _sender: str, items: Sequence[UpsertSupplierPrice]) -> None:
    """Lock the items of a batch in the order of single acts: their suggestions will follow."""
    skus = [item.sku for item in items if "sku" in item.model_fields_set]
    await lock_items(work, list((await items_by_sku(work.sql, skus)).values()))


async def _prepare(work: Work, change: Change[SupplierPrice], sender: str | None) -> Values:
    """The terms and the bare amount; of a new price, supplier and item, which stay for good.

    Raises MissingReference (supplier, item), FractionOfUnit, CurrencyNotSupported, InvalidInput (a
    new one with a part of a price only).
    """
    price, given = change.record, change.values
    values: dict[str, Any] = {name: given[name] for name in _TERMS if name in given}
    if change.is_new:
        values["supplier_id"] = await _supplier_id(work, given, sender)
        values["item_id"] = await _item_id(work, given["sku"])
    item_id = values.get("item_id", price.item_id)
    lots = [(item_id, values[name]) for name in ("min_quantity", "multiple") if name in values]
    if lots:
        await check_quantities(work.sql, lots)
    if "price" in given:
        values["amount"] = _amount(work, change)
    return values


async def _supplier_id(work: Work, given: Values, sender: str | None) -> UUID:
    """The supplier by our number, or by the sender's id."""
    if sender is None:
        named = given["supplier_number"]
        found = await queries.supplier_by_number(work.sql, named)
    else:
        named = given["supplier_external_id"]
        found = await queries.supplier_by_external(work.sql, sender, named)
    if found is None:
        raise MissingReference(entity="supplier", reference=named)
    return found


async def _item_id(work: Work, sku: str) -> UUID:
    found = (await items_by_sku(work.sql, [sku])).get(sku)
    if found is None:
        raise MissingReference(entity="item", reference=sku)
    return found


def _amount(work: Work, change: Change[SupplierPrice]) -> Decimal:
    """What one unit costs, in the installation's currency."""
    present = None if change.is_new else UnitPrice(change.record.amount, work.setting.currency)
    given = change.values["price"]
    with errors_of_field("price"):
        cost = given.onto(present) if isinstance(given, UnitPriceChange) else given
    require_supported_currency(work, cost.currency)
    amount: Decimal = cost.amount
    return amount


async def _check(work: Work, changes: Sequence[Change[SupplierPrice]], _sender: str | None) -> None:
    """Raises PartyArchived, NotBought, DuplicateSupplierPrice."""
    for one in (change for change in changes if change.is_new):
        supplier_id, item_id = one.record.supplier_id, one.record.item_id
        await advisory_lock(work, f"supplier_price:{supplier_id}:{item_id}")
        await require_bought(work, [supplier_id], [item_id])
        existing_id = await queries.existing_price(work.sql, supplier_id, item_id)
        if existing_id:
            raise DuplicateSupplierPrice(sku=one.values["sku"], existing_id=existing_id)


async def _publish(work: Work, changes: Sequence[Change[SupplierPrice]]) -> None:
    """Let open suggestions take the new terms up."""
    item_ids = [one.record.item_id for one in changes]
    await lock_items(work, item_ids)
    await update_suggestions(work, item_ids)


SUPPLIER_PRICE: RecordType[SupplierPrice, SupplierPriceView] = RecordType(
    name="supplier_price",
    entity=SupplierPrice,
    reads=queries.SUPPLIER_PRICES,
    required=("supplier_external_id", "sku", "price"),
    lock_batch=_lock_items,
    prepare=_prepare,
    check=_check,
    publish=_publish,
    in_bulk=False,
    shown={"amount": in_company_currency("price")},
)
"""How supplier prices are kept; in turn, because two of a batch may be of one item.

Raises MissingReference, CurrencyNotSupported, FractionOfUnit, NotBought, PartyArchived,
DuplicateSupplierPrice.
"""
