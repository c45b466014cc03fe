"""What suppliers ask."""

from collections.abc import Collection
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.parties.schemas import SupplierView
from erp.purchasing.models.prices import SupplierPrice
from erp.purchasing.schemas.orders import SupplierPriceQuery, SupplierPriceView
from erp.sql import Sql
from records.includes import Include
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = [
    "SUPPLIER_PRICES",
    "archived_suppliers",
    "existing_price",
    "is_bought",
    "items_not_bought",
    "supplier_by_external",
    "supplier_by_number",
]


def _filters(_at: Reading, query: SupplierPriceQuery) -> list[Filter]:
    """The conditions that the query puts on supplier prices."""
    return [
        Filter("supplier_price.supplier_id = {}", query.supplier_id),
        Filter("supplier_price.item_id = (select id from item where sku = {})", query.sku),
    ]


SUPPLIER_PRICES = Reads(
    name="supplier_price",
    view=SupplierPriceView,
    columns=columns_of(
        SupplierPriceView,
        SupplierPrice.__table__,
        supplier_number="u.number",
        supplier_name="u.name",
        sku="i.sku",
        price="""jsonb_build_object('amount', supplier_price.amount::text,
          'currency', u.currency)""",
    ),
    source="""supplier_price join supplier u on u.id = supplier_price.supplier_id
      join item i on i.id = supplier_price.item_id""",
    key="supplier_price.id",
    visible=everybody,
    query=SupplierPriceQuery,
    filters=_filters,
    searched=searched.SUPPLIER_PRICES,
    title="i.sku",
    subtitle="u.name",
    sorts=sorts_of("supplier_price", named=False),
    includes={
        "supplier": Include(SupplierView, "supplier_id"),
        "item": Include(ItemView, "item_id"),
    },
)


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
