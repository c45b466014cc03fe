"""Suggestions: what should be bought, of whom, at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.storage.bulk import Bulk
from chassis.storage.loading import loaded
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.schemas import ItemView
from erp.parties.schemas import SupplierView
from erp.purchasing.models.prices import PurchaseSuggestion, SupplierPrice
from erp.purchasing.rules.replenishing import SupplierTerms
from erp.purchasing.schemas.orders import PurchaseOrderView, SuggestionQuery, SuggestionView
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, everybody, sorts_of

__all__ = [
    "SUGGESTIONS",
    "ItemSourcing",
    "Offer",
    "items_by_sku",
    "offers_for",
    "open_items",
    "open_suggestions",
    "save_suggestions",
    "sourcing_of",
    "suggested_items",
]

_SUGGESTION = """s.id, s.version, s.created_at, s.updated_at, s.item_id, s.quantity, s.needed_on,
  s.order_by, s.supplier_id, s.state, s.order_line_id"""


def _filters(_at: Reading, query: SuggestionQuery) -> list[Filter]:
    return [
        among("s.state", query.state),
        Filter("s.item_id = (select id from item where sku = {})", query.sku),
    ]


SUGGESTIONS = Reads(
    name="purchase_suggestion",
    view=SuggestionView,
    columns=f"""{_SUGGESTION}, i.sku, u.number as supplier_number, u.name as supplier_name,
      l.purchase_order_id""",
    source="""purchase_suggestion s join item i on i.id = s.item_id
      left join supplier u on u.id = s.supplier_id
      left join purchase_order_line l on l.id = s.order_line_id""",
    key="s.id",
    visible=everybody,
    query=SuggestionQuery,
    filters=_filters,
    searched=searched.SUGGESTIONS,
    sorts=sorts_of("s", named=False),
    title="i.sku",
    subtitle="u.name",
    includes={
        "item": Include(ItemView, "item_id"),
        "supplier": Include(SupplierView, "supplier_id"),
        "order": Include(PurchaseOrderView, "purchase_order_id"),
    },
)

_OPEN = f"select {_SUGGESTION} from purchase_suggestion s where s.state = 'open'"

# The cheapest of the suppliers we still buy from; of equals the fastest.
# What waits for approval covers what is short, though nobody is promised it.
_PROSPECTS = f"""with pending as materialized (
    select l.item_id, sum(l.quantity) as quantity from purchase_order o
      join purchase_order_line l on l.purchase_order_id = o.id
     where o.state = 'pending_approval' and l.item_id = any($1::uuid[]) group by l.item_id)
  select i.id as prospect_id, coalesce(n.quantity, 0) as pending,
    i.bought and i.status = 'active' as bought, p.supplier_id as source_id,
    p.lead_time_days, p.min_quantity, p.multiple, {_SUGGESTION}
  from item i
  left join pending n on n.item_id = i.id
  left join purchase_suggestion s on s.item_id = i.id and s.state = 'open'
  left join lateral (select p.* from supplier_price p
    join supplier u on u.id = p.supplier_id and u.status = 'active'
    where p.item_id = i.id order by p.amount, p.lead_time_days, p.supplier_id limit 1) p on true
  where i.id = any($1::uuid[])"""

_OFFERS = """select item_id, supplier_id, amount, lead_time_days from supplier_price
  where (supplier_id, item_id) in (select n.supplier_id, n.item_id from {rows})"""
_COLUMNS = (
    *("id", "version", "created_at", "updated_at", "item_id", "quantity", "needed_on"),
    *("order_by", "supplier_id", "state", "order_line_id"),
)


class _Pair(NamedTuple):
    """An item, and who sells it."""

    supplier_id: UUID
    item_id: UUID


@dataclass(frozen=True)
class ItemSourcing:
    """An item that may have to be bought; `pending`: ordered, and not approved yet."""

    bought: bool
    pending: Decimal
    source: SupplierTerms | None
    suggestion: PurchaseSuggestion | None


@dataclass(frozen=True)
class Offer:
    """A supplier's price of an item, and how long it takes."""

    amount: Decimal
    lead_time_days: int


async def open_suggestions(work: Work, item_ids: Sequence[UUID]) -> dict[UUID, PurchaseSuggestion]:
    """The open suggestions of items, once the items are locked."""
    rows = await work.sql.fetch(f"{_OPEN} and s.item_id = any($1::uuid[])", item_ids)
    return {row["item_id"]: loaded(PurchaseSuggestion, row) for row in rows}


async def open_items(sql: Sql) -> list[UUID]:
    """The items with an open suggestion."""
    rows = await sql.fetch("select item_id from purchase_suggestion where state = 'open'")
    return [row[0] for row in rows]


async def items_by_sku(sql: Sql, skus: Sequence[str]) -> dict[str, UUID]:
    """The items with these SKUs."""
    rows = await sql.fetch("select sku, id from item where sku = any($1::text[])", skus)
    return {row["sku"]: row["id"] for row in rows}


async def suggested_items(sql: Sql, suggestion_ids: Sequence[UUID]) -> list[UUID]:
    """The items of suggestions, open or not."""
    rows = await sql.fetch(
        "select distinct item_id from purchase_suggestion where id = any($1::uuid[])",
        suggestion_ids,
    )
    return [row[0] for row in rows]


async def sourcing_of(at: Reading, item_ids: Sequence[UUID]) -> dict[UUID, ItemSourcing]:
    """Whether and of whom items are bought, and what is suggested of them already."""
    return {
        row["prospect_id"]: ItemSourcing(
            bought=row["bought"],
            pending=row["pending"],
            source=_source(row) if row["source_id"] else None,
            suggestion=_suggestion(row) if row["id"] else None,
        )
        for row in await at.sql.fetch(_PROSPECTS, item_ids)
    }


def _source(row: Mapping[str, Any]) -> SupplierTerms:
    return SupplierTerms(
        row["source_id"], row["lead_time_days"], row["min_quantity"], row["multiple"]
    )


def _suggestion(row: Mapping[str, Any]) -> PurchaseSuggestion:
    return loaded(PurchaseSuggestion, {name: row[name] for name in _COLUMNS})


async def offers_for(
    sql: Sql, pairs: Sequence[tuple[UUID, UUID]]
) -> Mapping[tuple[UUID, UUID], Offer]:
    """What suppliers ask for items; pairs of supplier and item without a price are left out."""
    asked = [_Pair(*one) for one in pairs]
    rows = await Bulk().fetch(sql, _OFFERS, SupplierPrice, asked, *_Pair._fields)
    return {
        (row["supplier_id"], row["item_id"]): Offer(row["amount"], row["lead_time_days"])
        for row in rows
    }


async def save_suggestions(work: Work, suggestions: Sequence[PurchaseSuggestion]) -> None:
    """Store suggestions, new or changed; their items are locked."""
    write = Bulk()
    write.upsert(PurchaseSuggestion, suggestions, *_COLUMNS)
    await write.execute(work.sql)
