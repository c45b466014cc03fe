"""Lanes and what was done to them, as lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from sync_bridge.labels import BY_NAME, BY_NUMBER
from sync_bridge.lanes.rules.explanations import BY_REASON, Needed, explain
from sync_bridge.lanes.schemas import ActView, HoleView, LaneQuery, LaneView, NeededView, PauseView
from sync_bridge.states import LaneState
from sync_bridge.translator import Translator

__all__ = [
    "act_page",
    "find_lanes",
    "hole_page",
    "keys_of",
    "lane_page",
    "lane_view",
    "lane_views",
    "pause_page",
    "rows_of",
]

_AT = {"at": Sort("at", "timestamptz")}


async def lane_page(
    at: Reading, wanted: LaneQuery, asked: PageQuery, translator: Translator
) -> Page[LaneView]:
    """Lanes, those first that have been as they are for longest."""
    page = await find_lanes(at, wanted, asked)
    views = await lane_views(at, page.items, translator)
    return Page(items=views, next_cursor=page.next_cursor)


async def lane_view(at: Reading, name: str, translator: Translator) -> LaneView:
    """The lane of that key or id. Raises NotFound."""
    keys = await keys_of(at, [name])
    rows = await rows_of(at, list(keys.values()))
    if not rows:
        raise NotFound(entity="lane", id=name)
    (view,) = await lane_views(at, rows, translator)
    return view


async def hole_page(at: Reading, asked: PageQuery) -> Page[HoleView]:
    """Events that were skipped, the newest first."""
    return await fetch_page(
        at.sql, columns="hole.*", source="hole", view=_hole, sorts=_AT, default="-at", asked=asked
    )


async def act_page(at: Reading, asked: PageQuery) -> Page[ActView]:
    """What persons did to lanes, the newest first."""
    return await fetch_page(
        at.sql, columns="a.*", source="lane_act a", view=_act, sorts=_AT, default="-at", asked=asked
    )


async def pause_page(at: Reading) -> Page[PauseView]:
    """Flows that are held; there are never more than a few."""
    rows = await at.sql.fetch("select * from pause order by kind")
    return Page(items=[PauseView.model_validate(dict(row)) for row in rows])


def _hole(row: Mapping[str, Any]) -> HoleView:
    return HoleView.model_validate(dict(row))


def _act(row: Mapping[str, Any]) -> ActView:
    return ActView.model_validate(dict(row))


NEEDED = """select n.key, n.entity, n.half, n.subject, l.number, l.name, l.state, l.reason,
    r.id as review
  from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as n(key, entity, half, subject)
  left join lane l on l.key = n.key
  left join review r on r.entity = n.entity and r.half = n.half and r.subject = n.subject
    and r.state = 'open'"""

BY_KEYS = "select * from lane where key = any($1::text[]) order by key"


@dataclass(frozen=True)
class Need:
    """What a lane waits for, read from how lanes write it."""

    entity: str
    half: str
    subject: UUID
    review: bool

    @classmethod
    def parse(cls, written: str) -> "Need":
        """Read `customer crm:<id>` or `review customer crm:<id>`."""
        what, _, record = written.rpartition(" ")
        half, _, subject = record.partition(":")
        entity = what.removeprefix("review ")
        return cls(entity, half, UUID(subject), review=entity != what)

    @property
    def lane(self) -> str:
        """The lane of that record's own events."""
        return f"{self.half}.{self.entity}:{self.subject}"


async def find_lanes(
    at: Reading, wanted: LaneQuery, asked: PageQuery, *, held: bool = False
) -> Page[Mapping[str, Any]]:
    """Lanes as they are stored, those first that have been as they are for longest.

    `held`: only those that something holds.
    """
    return await fetch_page(
        at.sql,
        columns="lane.*",
        source="lane",
        view=dict,
        sorts={"since": Sort("since", "timestamptz")},
        default="since",
        asked=asked,
        where=[
            Filter("state = {}", wanted.state),
            Filter("kind = {}", wanted.kind),
            Filter("reason = {}", wanted.reason),
            Filter("subject = {}", wanted.subject),
            Filter(BY_NUMBER, wanted.number_key),
            Filter(BY_NAME, wanted.name_key),
            Filter("({} and reason is not null)", held or None),
        ],
    )


async def keys_of(at: Reading, names: Sequence[str]) -> dict[str, str]:
    """The keys of lanes that are named by key or id; what is no id is a key."""
    ids = {name: lane for name in names if (lane := _id(name)) is not None}
    rows = await at.sql.fetch("select id, key from lane where id = any($1::uuid[])", ids.values())
    keys = {row["id"]: row["key"] for row in rows}
    return {name: keys.get(ids[name], name) if name in ids else name for name in names}


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


async def rows_of(at: Reading, keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """The lanes as they are stored, in key order."""
    return [dict(row) for row in await at.sql.fetch(BY_KEYS, keys)]


async def lane_views(
    at: Reading, lanes: Sequence[Mapping[str, Any]], translator: Translator
) -> list[LaneView]:
    """Lanes as callers see them, with what holds each of them in words."""
    needs = {lane["key"]: Need.parse(lane["waits_for"]) for lane in lanes if lane["waits_for"]}
    found = await _needed(at, list(needs.values()))
    pauses = (
        await at.sql.fetch("select kind, until from pause where until > now()") if lanes else []
    )
    until = {row["kind"]: row["until"] for row in pauses}
    return [_view(lane, needs.get(lane["key"]), found, until, translator) for lane in lanes]


def _view(
    lane: Mapping[str, Any],
    need: Need | None,
    found: Mapping[str, NeededView],
    until: Mapping[str, datetime],
    translator: Translator,
) -> LaneView:
    view = found[need.lane] if need else None
    needed = _facts(need, view) if need and view else None
    if lane["reason"] not in BY_REASON:
        lane = {**lane, "detail": translator.summary(lane["detail"] or "")}
    told = explain(lane, needed=needed, paused_until=until.get(lane["kind"]))
    shown = dict(lane) | {"needs": view, "explanation": told and translator.write(told)}
    return LaneView.model_validate(shown)


async def _needed(at: Reading, needs: Sequence[Need]) -> dict[str, NeededView]:
    """What is known of the records that are waited for, by their lanes."""
    if not needs:
        return {}
    once = {need.lane: need for need in needs}
    rows = await at.sql.fetch(
        NEEDED,
        list(once),
        [need.entity for need in once.values()],
        [need.half for need in once.values()],
        [need.subject for need in once.values()],
    )
    return {row["key"]: _needed_view(row) for row in rows}


def _needed_view(row: asyncpg.Record) -> NeededView:
    return NeededView(
        type=row["entity"],
        half=row["half"],
        subject=row["subject"],
        number=row["number"] or "",
        name=row["name"] or "",
        lane=row["key"] if row["state"] else None,
        lane_state=row["state"],
        lane_reason=row["reason"],
        review=row["review"],
    )


def _facts(need: Need, view: NeededView) -> Needed:
    label = " ".join(filter(None, (view.number, view.name))) or str(view.subject)
    parked_for = view.lane_reason if view.lane_state == LaneState.PARKED else None
    asked = view.review is not None
    return Needed(need.entity, need.half, label, need.review, asked, parked_for)
