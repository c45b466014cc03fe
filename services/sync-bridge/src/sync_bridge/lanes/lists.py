"""Lanes and what was done to them, as lists."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from sync_bridge.lanes.schemas import ActView, HoleView, LaneQuery, LaneView, PauseView

__all__ = ["act_page", "hole_page", "lane_page", "pause_page"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
_AT = {"at": Sort("at", "timestamptz")}


async def lane_page(sql: Sql, wanted: LaneQuery, asked: PageQuery) -> Page[LaneView]:
    """Lanes, those first that have been as they are for longest."""
    return await fetch_page(
        sql,
        columns="lane.*",
        source="lane",
        view=_lane,
        sorts={"since": Sort("since", "timestamptz")},
        default="since",
        asked=asked,
        where=[Filter(f"{name} = {{}}", value) for name, value in wanted],
    )


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


def _lane(row: Mapping[str, Any]) -> LaneView:
    return LaneView.model_validate(dict(row))


def _hole(row: Mapping[str, Any]) -> HoleView:
    return HoleView.model_validate(dict(row))


def _act(row: Mapping[str, Any]) -> ActView:
    return ActView.model_validate(dict(row))
