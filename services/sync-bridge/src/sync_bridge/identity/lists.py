"""Links and reviews as lists."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from sync_bridge.identity.schemas import PairQuery, PairView, ReviewQuery, ReviewView

__all__ = ["pair_page", "review_page"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
_CREATED = {"created_at": Sort("created_at", "timestamptz")}


async def pair_page(sql: Sql, wanted: PairQuery, asked: PageQuery) -> Page[PairView]:
    """Links, the newest first."""
    return await fetch_page(
        sql,
        columns="pair.*, pair.entity as type",
        source="pair",
        view=_pair,
        sorts=_CREATED,
        default="-created_at",
        asked=asked,
        where=[
            Filter("entity = {}", wanted.type),
            Filter("crm_id = {}", wanted.crm_id),
            Filter("erp_id = {}", wanted.erp_id),
        ],
    )


async def review_page(sql: Sql, wanted: ReviewQuery, asked: PageQuery) -> Page[ReviewView]:
    """Reviews, the oldest first."""
    return await fetch_page(
        sql,
        columns="review.*",
        source="review",
        view=_review,
        sorts=_CREATED,
        default="created_at",
        asked=asked,
        where=[
            Filter("state = {}", wanted.state),
            Filter("entity = {}", wanted.entity),
            Filter("half = {}", wanted.half),
            Filter("subject = {}", wanted.subject),
            Filter("candidates @> {}::jsonb", _naming(id=wanted.candidate)),
            Filter("candidates @> {}::jsonb", _naming(reasons=wanted.reason)),
        ],
    )


def _naming(**wanted: UUID | str | None) -> str | None:
    """A list with a candidate of whom that holds; None where nothing is wanted."""
    [(name, value)] = wanted.items()
    if value is None:
        return None
    return orjson.dumps([{name: [value] if name == "reasons" else str(value)}]).decode()


def _pair(row: Mapping[str, Any]) -> PairView:
    return PairView.model_validate(dict(row))


def _review(row: Mapping[str, Any]) -> ReviewView:
    return ReviewView.model_validate(dict(row))
