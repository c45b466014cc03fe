"""Reads of planning parameters."""

from collections.abc import Collection
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from erp import searched
from erp.catalog.schemas import ItemView
from erp.planning.models import PlanningParameter
from erp.planning.schemas.parameters import PlanningParameterQuery, PlanningParameterView
from erp.sql import Sql
from records.filters import among
from records.includes import Include
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = ["PARAMETERS", "items_by_sku", "planned_already"]


def _filters(_at: Reading, query: PlanningParameterQuery) -> list[Filter]:
    return [
        Filter("planning_parameter.item_id = (select id from item where sku = {})", query.sku),
        among("planning_parameter.policy", query.policy),
    ]


PARAMETERS = Reads(
    name="planning_parameter",
    view=PlanningParameterView,
    columns=columns_of(PlanningParameterView, PlanningParameter.__table__, sku="i.sku"),
    source="planning_parameter join item i on i.id = planning_parameter.item_id",
    key="planning_parameter.id",
    visible=everybody,
    query=PlanningParameterQuery,
    filters=_filters,
    searched=searched.PLANNING_PARAMETERS,
    title="i.sku",
    subtitle="i.name",
    sorts=sorts_of("planning_parameter", named=False),
    includes={"item": Include(ItemView, "item_id")},
)


async def items_by_sku(sql: Sql, skus: Collection[str]) -> dict[str, tuple[UUID, str, int]]:
    """Id, unit and the unit's decimals of items by SKU; locked, so that the unit stays."""
    rows = await sql.fetch(
        """select i.sku, i.id, i.unit, u.decimals from item i join unit u on u.code = i.unit
            where i.sku = any($1::text[]) order by i.id for share of i""",
        list(skus),
    )
    return {row["sku"]: (row["id"], row["unit"], row["decimals"]) for row in rows}


async def planned_already(sql: Sql, item_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Item -> its planning parameters."""
    rows = await sql.fetch(
        "select item_id, id from planning_parameter where item_id = any($1::uuid[])",
        list(item_ids),
    )
    return {row["item_id"]: row["id"] for row in rows}
