"""Reads of demand forecasts, of histories, and what is replaced by a calculation."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.demand_forecasts.models import DemandForecast
from erp.demand_forecasts.schemas import DemandForecastQuery, DemandForecastView
from erp.demand_forecasts.states import Bucket, HistoryKind
from erp.parties.schemas import CustomerView
from erp.sql import Sql
from records.filters import among, between
from records.includes import Include
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = [
    "DEMAND_FORECASTS",
    "Period",
    "customers_by_number",
    "decimals_of",
    "forecasts_of_items",
    "found_items",
    "history_of",
    "items_by_sku",
    "overlapping",
    "skus_of",
]


def _filters(_at: Reading, query: DemandForecastQuery) -> list[Filter]:
    return [
        Filter("demand_forecast.item_id = (select id from item where sku = {})", query.sku),
        Filter(
            "demand_forecast.customer_id = (select id from customer where number = {})",
            query.customer,
        ),
        among("demand_forecast.source", query.source),
        *between("demand_forecast.from_on", query.from_on_gte, query.from_on_lte),
        *between("demand_forecast.to_on", query.to_on_gte, query.to_on_lte),
    ]


DEMAND_FORECASTS = Reads(
    name="demand_forecast",
    view=DemandForecastView,
    columns=columns_of(
        DemandForecastView, DemandForecast.__table__, sku="i.sku", customer_number="c.number"
    ),
    source="""demand_forecast join item i on i.id = demand_forecast.item_id
      left join customer c on c.id = demand_forecast.customer_id""",
    key="demand_forecast.id",
    visible=everybody,
    query=DemandForecastQuery,
    filters=_filters,
    searched=searched.DEMAND_FORECASTS,
    title="i.sku",
    subtitle="i.name",
    sorts={
        **sorts_of("demand_forecast", named=False),
        "from_on": Sort("demand_forecast.from_on", "date"),
    },
    includes={
        "item": Include(ItemView, "item_id"),
        "customer": Include(CustomerView, "customer_id"),
    },
)


class Period(NamedTuple):
    """The days of an item that a forecast covers, for a customer or for all others."""

    id: UUID
    item_id: UUID
    customer_id: UUID | None
    from_on: date
    to_on: date


class StoredForecast(NamedTuple):
    """A forecast for all customers as it stands."""

    id: UUID
    item_id: UUID
    from_on: date
    to_on: date
    source: str


_FOUND = "select i.sku, i.id from item i where i.sku = any($1::text[]) order by i.id"
_ITEMS = f"{_FOUND} for share of i"
_CUSTOMERS = "select number, id from customer where number = any($1::text[])"
_OVERLAPPING = """select n.id
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::date[])
    as n(id, item_id, customer_id, from_on, to_on)
  join demand_forecast f on f.item_id = n.item_id
    and f.customer_id is not distinct from n.customer_id
    and daterange(f.from_on, f.to_on, '[]') && daterange(n.from_on, n.to_on, '[]')
  where f.id <> all($1::uuid[]) limit 1"""
_OF_ITEMS = """select id, item_id, from_on, to_on, source from demand_forecast
  where item_id = any($1::uuid[]) and customer_id is null and to_on >= $2 and from_on <= $3
  order by item_id, from_on"""
_ORDERED = """select d.item_id, date_trunc($2, d.needed_on::timestamp)::date as begins,
    sum(d.wanted) as quantity
  from demand d where d.item_id = any($1::uuid[]) and d.needed_on >= $3 and d.needed_on < $4
    and not exists (select from production_order m where m.id = d.order_id)
  group by 1, 2"""
_SHIPPED = """select l.item_id, date_trunc($2, s.shipped_on::timestamp)::date as begins,
    sum(case when s.kind = 'delivery' then n.quantity else -n.quantity end) as quantity
  from sales_order_line l
  join shipment_line n on n.order_line_id = l.id join shipment s on s.id = n.shipment_id
  where l.item_id = any($1::uuid[]) and s.shipped_on >= $3 and s.shipped_on < $4
  group by 1, 2"""


async def found_items(sql: Sql, skus: Collection[str]) -> dict[str, UUID]:
    """Ids of items by SKU, as they are now: nothing is locked."""
    return {row["sku"]: row["id"] for row in await sql.fetch(_FOUND, list(skus))}


async def items_by_sku(sql: Sql, skus: Collection[str]) -> dict[str, UUID]:
    """Ids of items by SKU; locked, so that their units stay."""
    return {row["sku"]: row["id"] for row in await sql.fetch(_ITEMS, list(skus))}


async def decimals_of(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, int]:
    """Decimals of the units of items."""
    rows = await sql.fetch(
        """select i.id, u.decimals from item i join unit u on u.code = i.unit
            where i.id = any($1::uuid[])""",
        list(item_ids),
    )
    return {row["id"]: row["decimals"] for row in rows}


async def customers_by_number(sql: Sql, numbers: Collection[str]) -> dict[str, UUID]:
    """Ids of customers by number."""
    return {row["number"]: row["id"] for row in await sql.fetch(_CUSTOMERS, list(numbers))}


async def overlapping(sql: Sql, periods: Sequence[Period]) -> UUID | None:
    """One of the periods that a stored forecast, none of these, covers in part as well."""
    columns = [list(one) for one in zip(*periods, strict=True)]
    found: UUID | None = await sql.fetchval(_OVERLAPPING, *columns) if periods else None
    return found


async def forecasts_of_items(
    sql: Sql, item_ids: Collection[UUID], first: date, last: date
) -> list[StoredForecast]:
    """Forecasts for all customers that cover one of the days."""
    rows = await sql.fetch(_OF_ITEMS, list(item_ids), first, last)
    return [StoredForecast(*row.values()) for row in rows]


async def history_of(
    sql: Sql, kind: HistoryKind, bucket: Bucket, item_ids: Collection[UUID], days: tuple[date, date]
) -> Mapping[tuple[UUID, date], Decimal]:
    """(Item, first day of the period) -> what came in it; periods of nothing are left out.

    `days`: the first one that counts, and the one after the last. What came back of what was
    shipped is taken off, in the period in which it came.
    """
    statement = _ORDERED if kind == HistoryKind.ORDERED else _SHIPPED
    rows = await sql.fetch(statement, list(item_ids), bucket.value, *days)
    return {(row["item_id"], row["begins"]): row["quantity"] for row in rows}


async def skus_of(sql: Sql, item_ids: Sequence[UUID]) -> list[str]:
    """SKUs of items, sorted."""
    rows = await sql.fetch("select sku from item where id = any($1::uuid[]) order by sku", item_ids)
    return [row[0] for row in rows]
