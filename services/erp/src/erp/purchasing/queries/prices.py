"""What suppliers ask."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.searching import containing
from chassis.work.unit_of_work import Work
from erp.purchasing.models import SupplierPrice
from erp.purchasing.schemas import SupplierPriceView
from erp.searched import SUPPLIER_PRICES
from erp.sql import Sql
from records.links import references

__all__ = [
    "archived_suppliers",
    "existing_price",
    "is_bought",
    "items_not_bought",
    "price_for_update",
    "price_page",
    "price_view",
    "supplier_by_external",
    "supplier_by_number",
]

_VIEW = f"""supplier_price.id, supplier_price.version, supplier_price.created_at,
  supplier_price.updated_at, supplier_price.supplier_id, u.number as supplier_number,
  u.name as supplier_name, u.currency, supplier_price.item_id, i.sku, supplier_price.amount,
  supplier_price.lead_time_days, supplier_price.min_quantity, supplier_price.multiple,
  {references("supplier_price")}"""
_FROM = """supplier_price join supplier u on u.id = supplier_price.supplier_id
  join item i on i.id = supplier_price.item_id"""


async def supplier_by_number(sql: Sql, number: str) -> UUID | None:
    """The supplier with the number."""
    found: UUID | None = await sql.fetchval("select id from supplier where number = $1", number)
    return found


async def supplier_by_external(sql: Sql, system: str, external_id: str) -> UUID | None:
    """The supplier as another system knows it."""
    found: UUID | None = await sql.fetchval(
        "select entity_id from external_reference"
        " where entity_type = 'supplier' and system = $1 and external_id = $2",
        system,
        external_id,
    )
    return found


async def existing_price(sql: Sql, supplier_id: UUID, item_id: UUID) -> UUID | None:
    """The supplier's price of the item, if there is one."""
    found: UUID | None = await sql.fetchval(
        "select id from supplier_price where supplier_id = $1 and item_id = $2",
        supplier_id,
        item_id,
    )
    return found


async def archived_suppliers(sql: Sql, supplier_ids: Collection[UUID]) -> list[str]:
    """The numbers of those among the suppliers that are archived."""
    rows = await sql.fetch(
        """select number from supplier where id = any($1::uuid[]) and status = 'archived'
           order by number""",
        list(supplier_ids),
    )
    return [row[0] for row in rows]


async def items_not_bought(sql: Sql, item_ids: Collection[UUID]) -> list[str]:
    """The SKUs of those among the items that are archived, or not bought."""
    rows = await sql.fetch(
        """select sku from item
           where id = any($1::uuid[]) and (status = 'archived' or not bought) order by sku""",
        list(item_ids),
    )
    return [row[0] for row in rows]


async def is_bought(sql: Sql, item_id: UUID) -> bool:
    """Whether a supplier's price or a purchase order names the item."""
    found: bool = await sql.fetchval(
        """select exists (select from supplier_price where item_id = $1)
             or exists (select from purchase_order_line where item_id = $1)""",
        item_id,
    )
    return found


async def price_for_update(work: Work, price_id: UUID) -> SupplierPrice | None:
    """The price, locked."""
    return await work.session.get(
        SupplierPrice, price_id, with_for_update={"key_share": True}, populate_existing=True
    )


async def price_view(sql: Sql, price_id: UUID) -> SupplierPriceView | None:
    """One price."""
    row: Any = await sql.fetchrow(
        f"select {_VIEW} from {_FROM} where supplier_price.id = $1", price_id
    )
    return SupplierPriceView.of(dict(row)) if row else None


async def price_page(
    sql: Sql, asked: PageQuery, *, supplier_id: UUID | None, sku: str | None
) -> Page[SupplierPriceView]:
    """One page of prices, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source=_FROM,
        where=[
            *await containing(sql, asked.q, SUPPLIER_PRICES),
            Filter("supplier_price.supplier_id = {}", supplier_id),
            Filter("supplier_price.item_id = (select id from item where sku = {})", sku),
        ],
        sorts={"created_at": Sort("supplier_price.created_at", "timestamptz")},
        default="-created_at",
        asked=asked,
        key="supplier_price.id",
        view=lambda row: SupplierPriceView.of(dict(row)),
    )
