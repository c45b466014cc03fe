"""Lanes and what was done to them, as lists."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg

from chassis.problems.standard import NotFound
from chassis.storage.paging import Page, PageQuery, Sort, fetch_page
from sync_bridge.lanes import searching
from sync_bridge.lanes.schemas import ActView, HoleView, LaneQuery, LaneView, PauseView
from sync_bridge.translator import Translator

__all__ = ["act_page", "hole_page", "lane_page", "lane_view", "pause_page"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
_AT = {"at": Sort("at", "timestamptz")}


async def lane_page(
    sql: Sql, wanted: LaneQuery, asked: PageQuery, translator: Translator
) -> Page[LaneView]:
    """Lanes, those first that have been as they are for longest."""
    page = await searching.find_lanes(sql, wanted, asked)
    views = await searching.lane_views(sql, page.items, translator)
    return Page(items=views, next_cursor=page.next_cursor)


async def lane_view(sql: Sql, name: str, translator: Translator) -> LaneView:
    """The lane of that key or id. Raises NotFound."""
    keys = await searching.keys_of(sql, [name])
    rows = await searching.rows_of(sql, list(keys.values()))
    if not rows:
        raise NotFound(entity="lane", id=name)
    (view,) = await searching.lane_views(sql, rows, translator)
    return view


async def hole_page(sql: Sql, asked: PageQuery) -> Page[HoleView]:
    """Events that were skipped, the newest first."""
    return await fetch_page(
        sql, columns="hole.*", source="hole", view=_hole, sorts=_AT, default="-at", asked=asked
    )


async def act_page(sql: Sql, asked: PageQuery) -> Page[ActView]:
    """What persons did to lanes, the newest first."""
    return await fetch_page(
        sql, columns="a.*", source="lane_act a", view=_act, sorts=_AT, default="-at", asked=asked
    )


async def pause_page(sql: Sql) -> Page[PauseView]:
    """Flows that are held; there are never more than a few."""
    rows = await sql.fetch("select * from pause order by kind")
    return Page(items=[PauseView.model_validate(dict(row)) for row in rows])


def _hole(row: Mapping[str, Any]) -> HoleView:
    return HoleView.model_validate(dict(row))


def _act(row: Mapping[str, Any]) -> ActView:
    return ActView.model_validate(dict(row))
