"""Named reads of costs of products."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import searched
from crm.catalog.schemas import ProductView
from crm.costs.models import ProductCost
from crm.costs.schemas import ProductCostQuery, ProductCostView
from crm.sql import Sql
from records.filters import between
from records.includes import Include
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of

__all__ = ["COSTS", "COST_OF_PRODUCT", "costs_on", "taken"]

COST_OF_PRODUCT = """(select c.cost::text from product_cost c
    where c.product_id = {product_id} and c.currency = {currency} and c.valid_from <= {day}
      and c.status = 'active'
    order by c.valid_from desc limit 1)"""
"""SQL for what one unit of a product costs on a day, as text; null: it is not known."""


def _filters(_at: Reading, query: ProductCostQuery) -> Sequence[Filter]:
    return [
        *record_filters("product_cost", query),
        Filter("product_cost.product_id = {}", query.product_id),
        Filter("product_cost.currency = {}", query.currency),
        *between("product_cost.valid_from", query.valid_from_gte, query.valid_from_lte),
    ]


COSTS = Reads(
    name="product_cost",
    view=ProductCostView,
    columns=columns_of(ProductCostView, ProductCost.__table__, product_code="p.code"),
    source="product_cost join product p on p.id = product_cost.product_id",
    visible=everybody,
    query=ProductCostQuery,
    filters=_filters,
    searched=searched.PRODUCT_COSTS,
    title="p.code",
    subtitle="product_cost.valid_from::text",
    includes={"product": Include(ProductView, "product_id")},
    sorts={
        **sorts_of("product_cost", named=False),
        "valid_from": Sort("product_cost.valid_from", "date"),
    },
    key="product_cost.id",
)


async def taken(sql: Sql, costs: Sequence[ProductCost]) -> tuple[UUID, str, date] | None:
    """Product, currency and day of one of the costs that another one has already."""
    row = await sql.fetchrow(
        """select c.product_id, c.currency, c.valid_from from product_cost c
          join unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[])
              as new(id, product_id, currency, valid_from)
            on new.product_id = c.product_id and new.currency = c.currency
              and new.valid_from = c.valid_from and new.id <> c.id
          where c.status = 'active' limit 1""",
        [one.id for one in costs],
        [one.product_id for one in costs],
        [one.currency for one in costs],
        [one.valid_from for one in costs],
    )
    return (row["product_id"], row["currency"], row["valid_from"]) if row else None


async def costs_on(
    sql: Sql, product_ids: Collection[UUID], *, currency: str, day: date
) -> dict[UUID, Decimal]:
    """What one unit of each product costs on the day; those without a cost are left out."""
    rows = await sql.fetch(
        """select p.id, c.cost from unnest($1::uuid[]) as p(id) cross join lateral (
            select c.cost from product_cost c where c.product_id = p.id and c.currency = $2
              and c.valid_from <= $3 and c.status = 'active'
            order by c.valid_from desc limit 1) c""",
        list(product_ids),
        currency,
        day,
    )
    return {row["id"]: row["cost"] for row in rows}
