"""Lanes and what was done to them, as lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.problems.standard import NotFound
from chassis.storage.paging import Filter, Page, PageQuery, Sort
from chassis.storage.reading import Reading
from records.filters import among, on_days
from records.reads import Reads, everybody
from sync_bridge.labels import BY_NAME, BY_NUMBER
from sync_bridge.lanes.rules.explanations import BY_REASON, Needed, explain
from sync_bridge.lanes.schemas import (
    ActView,
    HeldLaneQuery,
    HoleView,
    LaneQuery,
    LaneView,
    NeededView,
    OfLane,
    PauseView,
)
from sync_bridge.states import LaneState
from sync_bridge.translator import Translator

__all__ = [
    "ACTS",
    "HOLES",
    "LANES",
    "explain_lanes",
    "keys_of",
    "lane_page",
    "lane_view",
    "pause_page",
]


def _filters(at: Reading, wanted: LaneQuery) -> list[Filter]:
    held = isinstance(wanted, HeldLaneQuery)
    return [
        among("state", wanted.state),
        Filter("kind = {}", wanted.kind),
        Filter("reason = {}", wanted.reason),
        Filter("subject = {}", wanted.subject),
        Filter(BY_NUMBER, wanted.number_key),
        Filter(BY_NAME, wanted.name_key),
        Filter("({} and reason is not null)", held or None),
        *on_days(at, "since", wanted.since_from, wanted.since_to),
    ]


LANES = Reads(
    name="lane",
    view=LaneView,
    columns="lane.*, null as explanation, null as needs",
    source="lane",
    visible=everybody,
    query=LaneQuery,
    filters=_filters,
    sorts={"since": Sort("since", "timestamptz")},
    default_sort="since",
)


def _of_lane(_at: Reading, wanted: OfLane) -> list[Filter]:
    return [Filter("lane = {}", wanted.lane)]


_AT = dict.fromkeys(("created_at", "updated_at", "at"), Sort("at", "timestamptz"))
"""What is recorded once has changed when it was recorded."""
HOLES = Reads(
    name="lane_hole",
    view=HoleView,
    columns="hole.*",
    source="hole",
    visible=everybody,
    query=OfLane,
    filters=_of_lane,
    sorts=_AT,
    default_sort="-at",
)
ACTS = Reads(
    name="lane_act",
    view=ActView,
    columns="lane_act.*",
    source="lane_act",
    visible=everybody,
    query=OfLane,
    filters=_of_lane,
    sorts=_AT,
    default_sort="-at",
)


async def lane_page(
    at: Reading, wanted: LaneQuery, asked: PageQuery, translator: Translator
) -> Page[LaneView]:
    """Lanes, those first that have been as they are for longest."""
    page = await LANES.page(at, wanted, asked)
    return page.model_copy(update={"items": await explain_lanes(at, page.items, translator)})


async def lane_view(at: Reading, name: str, translator: Translator) -> LaneView:
    """The lane of that key or id. Raises NotFound."""
    keys = await keys_of(at, [name])
    row = await at.sql.fetchrow(BY_KEY, keys[name])
    if row is None:
        raise NotFound(entity="lane", id=name)
    (view,) = await explain_lanes(at, [LaneView.model_validate(dict(row))], translator)
    return view


async def pause_page(at: Reading) -> Page[PauseView]:
    """Flows that are held; there are never more than a few."""
    rows = await at.sql.fetch("select * from pause order by kind")
    return Page(items=[PauseView.model_validate(dict(row)) for row in rows])


NEEDED = """select n.key, n.entity, n.half, n.subject, l.number, l.name, l.state, l.reason,
    r.id as review
  from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as n(key, entity, half, subject)
  left join lane l on l.key = n.key
  left join review r on r.entity = n.entity and r.half = n.half and r.subject = n.subject
    and r.state = 'open'"""

BY_KEY = f"select {LANES.columns} from lane where key = $1"


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


async def explain_lanes(
    at: Reading, lanes: Sequence[LaneView], translator: Translator
) -> list[LaneView]:
    """The lanes with what holds each of them in words."""
    needs = {lane.key: Need.parse(lane.waits_for) for lane in lanes if lane.waits_for}
    found = await _needed(at, list(needs.values()))
    pauses = (
        await at.sql.fetch("select kind, until from pause where until > now()") if lanes else []
    )
    until = {row["kind"]: row["until"] for row in pauses}
    return [_explained(lane, needs.get(lane.key), found, until, translator) for lane in lanes]


def _explained(
    lane: LaneView,
    need: Need | None,
    found: Mapping[str, NeededView],
    until: Mapping[str, datetime],
    translator: Translator,
) -> LaneView:
    view = found[need.lane] if need else None
    needed = _facts(need, view) if need and view else None
    shown: dict[str, Any] = {"needs": view}
    if lane.reason not in BY_REASON:
        shown["detail"] = translator.summary(lane.detail or "")
    stored = lane.model_dump() | shown
    sentence = explain(stored, needed=needed, paused_until=until.get(lane.kind))
    shown["explanation"] = sentence and translator.write(sentence)
    return lane.model_copy(update=shown)


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
