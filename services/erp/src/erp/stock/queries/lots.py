"""Reads of lots."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.sql import Sql
from erp.stock.models.lots import Lot
from erp.stock.schemas.lots import LotQuery, LotView
from records.filters import among, between
from records.includes import Include
from records.links import linked_to
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = [
    "LOTS",
    "existing_parties",
    "items_of_lots",
    "lots_by_number",
    "skus_of",
    "tracked_items",
]

_STOCK = "(select coalesce(sum(s.{0}), 0) from lot_stock s where s.lot_id = lot.id)"


def _filters(_at: Reading, query: LotQuery) -> list[Filter]:
    """The conditions that the query puts on lots."""
    return [
        Filter("lot.item_id = (select id from item where sku = {})", query.sku),
        Filter("lot.number = {}", query.number),
        Filter("lot.supplier_lot = {}", query.supplier_lot),
        Filter("lot.supplier_id = {}", query.supplier_id),
        among("lot.owner", query.owner),
        Filter("lot.owner_id = {}", query.owner_id),
        among("lot.quality", query.quality),
        Filter(
            "exists (select from lot_stock s where s.lot_id = lot.id and s.on_hand > 0) = {}",
            query.on_hand,
        ),
        *between("lot.expires_on", query.expires_on_gte, query.expires_on_lte),
        linked_to("lot", query.external_system, query.external_id),
    ]


LOTS = Reads(
    name="lot",
    view=LotView,
    columns=columns_of(
        LotView,
        Lot.__table__,
        sku="i.sku",
        on_hand=_STOCK.format("on_hand"),
        reserved=_STOCK.format("reserved"),
    ),
    source="lot join item i on i.id = lot.item_id",
    key="lot.id",
    visible=everybody,
    query=LotQuery,
    filters=_filters,
    searched=searched.LOTS,
    title="lot.number",
    subtitle="i.sku",
    sorts=sorts_of("lot", named=False, texts=("number",))
    | {"usable_until": Sort("lot.usable_until", "date")},
    includes={"item": Include(ItemView, "item_id")},
)


async def tracked_items(
    sql: Sql, *, skus: Collection[str] = (), item_ids: Collection[UUID] = ()
) -> list[Mapping[str, Any]]:
    """Id, SKU, tracking and shelf life of items, which keep their tracking until the act ends."""
    rows = await sql.fetch(
        """select id, sku, tracking, shelf_life_days from item
            where sku = any($1::text[]) or id = any($2::uuid[]) order by id for key share""",
        list(skus),
        list(item_ids),
    )
    return [dict(row) for row in rows]


async def skus_of(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, str]:
    """The SKUs of items."""
    rows = await sql.fetch("select id, sku from item where id = any($1::uuid[])", list(item_ids))
    return {row["id"]: row["sku"] for row in rows}


async def existing_parties(
    sql: Sql, customer_ids: Collection[UUID], supplier_ids: Collection[UUID]
) -> set[UUID]:
    """Those of the customers and suppliers that there are."""
    rows = await sql.fetch(
        """select id from customer where id = any($1::uuid[])
            union all select id from supplier where id = any($2::uuid[])""",
        list(customer_ids),
        list(supplier_ids),
    )
    return {row["id"] for row in rows}


async def items_of_lots(sql: Sql, lot_ids: Collection[UUID]) -> list[UUID]:
    """The items that lots are of; a lot never changes its item."""
    rows = await sql.fetch(
        "select distinct item_id from lot where id = any($1::uuid[])", list(lot_ids)
    )
    return [row["item_id"] for row in rows]


async def lots_by_number(
    sql: Sql, keys: Collection[tuple[UUID, str, UUID | None]]
) -> dict[tuple[UUID, str, UUID | None], UUID]:
    """Ids of lots by item, number and owner; what there is not is left out."""
    items, numbers, owners = zip(*keys, strict=True)
    rows = await sql.fetch(
        """select l.id, l.item_id, l.number, l.owner_id
             from unnest($1::uuid[], $2::text[], $3::uuid[]) as n(item_id, number, owner_id)
             join lot l on l.item_id = n.item_id and l.number = n.number
               and l.owner_id is not distinct from n.owner_id""",
        items,
        numbers,
        owners,
    )
    return {(row["item_id"], row["number"], row["owner_id"]): row["id"] for row in rows}
