"""What suppliers ask: entered by a buyer, or taken over from another system."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.ids import uuid7
from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import MissingReference, NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.purchasing.errors import DuplicateSupplierPrice
from erp.purchasing.models import SupplierPrice
from erp.purchasing.queries import prices as queries
from erp.purchasing.queries import suggestions as suggested
from erp.purchasing.schemas import (
    ChangeSupplierPrice,
    NewSupplierPrice,
    SupplierPriceView,
    UpsertSupplierPrice,
    UpsertSupplierPriceItem,
)
from erp.purchasing.service.orders import require_bought
from erp.purchasing.service.suggesting import update_suggestions
from erp.sql import Sql
from erp.stock import service as stock
from records.batches import upsert_each
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, require, upsert
from values.money import UnitPrice, UnitPriceChange

__all__ = ["add_price", "change_price", "get_price", "upsert_price", "upsert_prices"]

KIND = "supplier_price"


async def get_price(sql: Sql, price_id: UUID) -> SupplierPriceView:
    """The price as callers see it. Raises NotFound."""
    view = await queries.price_view(sql, price_id)
    if view is None:
        raise NotFound(entity="supplier price", id=price_id)
    return view


async def add_price(work: Work, command: NewSupplierPrice) -> UUID:
    """Note what a supplier asks.

    Raises MissingReference, CurrencyNotSupported, DuplicateSupplierPrice.
    """
    supplier_id = await queries.supplier_by_number(work.sql, command.supplier_number)
    if supplier_id is None:
        raise MissingReference(entity="supplier", reference=command.supplier_number)
    price_id = uuid7()
    await _add(work, command.changes() | {"supplier_id": supplier_id}, price_id)
    return price_id


async def change_price(
    work: Work, price_id: UUID, command: ChangeSupplierPrice, *, revision: int
) -> None:
    """Change what the caller saw as `revision`. Raises NotFound, StaleRevision."""
    price = await _locked(work, price_id)
    price.check_revision(revision)
    await _change(work, price, command.changes())


async def upsert_prices(
    work: Work, requested: BatchRequest, items: Sequence[UpsertSupplierPriceItem]
) -> BatchReply:
    """Take over prices as another system knows them; each is judged alone."""
    skus = [item.sku for item in items if "sku" in item.model_fields_set]
    await stock.lock_items(work, list((await suggested.items_by_sku(work.sql, skus)).values()))
    return await upsert_each(work, requested, SupplierPrice, items, upsert_price)


async def upsert_price(
    work: Work, system: str, external_id: str, command: UpsertSupplierPrice
) -> Upserted:
    """Take over a price as another system knows it.

    Raises InvalidInput (a new one without supplier, SKU or price), MissingReference, and what
    `add_price` raises.
    """
    changes = {name: value for name, value in command.changes().items() if name in _FIELDS}
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add_sent, work, system, changes),
        change=partial(_change_sent, work, changes),
    )


_FIELDS = frozenset(
    {"supplier_external_id", "sku", "price", "lead_time_days", "min_quantity", "multiple"}
)
_TERMS = ("lead_time_days", "min_quantity", "multiple")


async def _add_sent(work: Work, system: str, changes: dict[str, Any], price_id: UUID) -> None:
    known = require(changes, "supplier_external_id", "sku", "price")
    named = known["supplier_external_id"]
    supplier_id = await queries.supplier_by_external(work.sql, system, named)
    if supplier_id is None:
        raise MissingReference(entity="supplier", reference=named)
    await _add(work, known | {"supplier_id": supplier_id}, price_id)


async def _change_sent(work: Work, changes: dict[str, Any], price_id: UUID) -> bool:
    return await _change(work, await _locked(work, price_id), changes)


async def _add(work: Work, changes: Mapping[str, Any], price_id: UUID) -> None:
    given = changes["price"]
    with errors_of_field("price"):
        price = given.onto(None) if isinstance(given, UnitPriceChange) else given
    require_supported_currency(work, price.currency)
    supplier_id, sku = changes["supplier_id"], changes["sku"]
    item_id = (await suggested.items_by_sku(work.sql, [sku])).get(sku)
    if item_id is None:
        raise MissingReference(entity="item", reference=sku)
    await advisory_lock(work, f"supplier_price:{supplier_id}:{item_id}")
    await require_bought(work, [supplier_id], [item_id])
    await _require_countable(work, item_id, changes)
    existing_id = await queries.existing_price(work.sql, supplier_id, item_id)
    if existing_id:
        raise DuplicateSupplierPrice(sku=sku, existing_id=existing_id)
    terms = {name: changes[name] for name in _TERMS if name in changes}
    work.session.add(
        SupplierPrice(
            id=price_id,
            created_at=work.now,
            updated_at=work.now,
            supplier_id=supplier_id,
            item_id=item_id,
            amount=price.amount,
            **terms,
        )
    )
    await _update_suggestions(work, item_id)


async def _change(work: Work, price: SupplierPrice, changes: Mapping[str, Any]) -> bool:
    """Whether anything changed; supplier and item of a price stay."""
    kept = {name: changes[name] for name in _TERMS if name in changes}
    await _require_countable(work, price.item_id, kept)
    if "price" in changes:
        present = UnitPrice(price.amount, work.setting.currency)
        with errors_of_field("price"):
            requested = changes["price"].onto(present)
        require_supported_currency(work, requested.currency)
        kept["amount"] = requested.amount
    if not price.change(kept, work.now):
        return False
    await _update_suggestions(work, price.item_id)
    return True


async def _require_countable(work: Work, item_id: UUID, changes: Mapping[str, Any]) -> None:
    """Order lots in what the unit of the item can count. Raises FractionOfUnit."""
    lots = [(item_id, changes[name]) for name in ("min_quantity", "multiple") if name in changes]
    if lots:
        await stock.check_quantities(work.sql, lots)


async def _update_suggestions(work: Work, item_id: UUID) -> None:
    """Let an open suggestion take the new terms up."""
    await work.flush()
    await stock.lock_items(work, [item_id])
    await update_suggestions(work, [item_id])


async def _locked(work: Work, price_id: UUID) -> SupplierPrice:
    price = await queries.price_for_update(work, price_id)
    if price is None:
        raise NotFound(entity="supplier price", id=price_id)
    return price
