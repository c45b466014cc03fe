"""What deals of the past say (C22, C30)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from crm.insights.queries import deals, follow_ups
from crm.insights.rules.days import quarter_end
from crm.insights.rules.shares import share_of
from crm.insights.schemas import (
    Closed,
    Conversion,
    ConversionQuery,
    FollowUpBucket,
    FollowUpQuery,
    FollowUps,
    LossQuery,
    LostFor,
    LostReasons,
    StageReached,
    Velocity,
    WinRate,
    WinRateQuery,
    WinRates,
)
from crm.insights.states import Dimension
from crm.opportunities.states import StageKind, TouchDirection

__all__ = ["conversion", "followed_up", "lost_reasons", "velocity", "win_rates"]

LIST = "/v1/opportunities"
_NONE: Mapping[Dimension, str] = {Dimension.OWNER: "owned", Dimension.TEAM: "in_team"}
_CLOSED = f"{StageKind.WON},{StageKind.LOST}"
_BUCKETS = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 7), (8, None))
_READING = (
    "Deals of equal age are compared: those that were open for longer than these days, by the"
    " follow-ups of these days. It is an association: who follows up more may choose better deals."
)


async def conversion(at: Reading, wanted: ConversionQuery) -> Conversion:
    """How far the deals opened in some days came (C22). Raises MissingReference (pipeline)."""
    found = await deals.reached_stages(at, wanted)
    if not found:
        raise MissingReference(entity="pipeline", reference=wanted.pipeline_id or "default")
    whole = found[0]
    cohort = _cohort(wanted, whole["pipeline_id"])
    stages = [
        StageReached.model_validate(
            {
                **one,
                "share": share_of(one["reached"], one["deals"]),
                "list": _path(cohort | {"reached_stage_id": one["stage_id"]}),
            }
        )
        for one in found
    ]
    counts = {name: whole[name] for name in ("pipeline_id", "deals", "open", "won", "lost")}
    return Conversion.model_validate(counts | {"stages": stages, "list": _path(cohort)})


def _cohort(wanted: ConversionQuery, pipeline_id: UUID) -> dict[str, Any]:
    """What the list is asked for, to have the deals of the cohort."""
    return {
        "status": "active",
        "pipeline_id": pipeline_id,
        "opened_on_gte": wanted.opened_gte,
        "opened_on_lte": wanted.opened_lte,
        "owner_id": wanted.owner_id,
        "team_id": wanted.team_id,
    }


def _path(asked: Mapping[str, Any]) -> str:
    """The path of the list that is asked for these."""
    given = {name: value for name, value in asked.items() if value is not None}
    return f"{LIST}?{urlencode(given)}"


async def win_rates(at: Reading, wanted: WinRateQuery) -> WinRates:
    """Won of closed deals, by owner, source or the like, with interval."""
    rows = await deals.won_and_lost(at, wanted, wanted.by)
    return WinRates(items=[_win_rate(one, wanted) for one in rows])


def _win_rate(row: Mapping[str, Any], wanted: WinRateQuery) -> WinRate:
    share = share_of(row["won"], row["won"] + row["lost"])
    return WinRate.model_validate({**row, "share": share, "list": _won_of(row["key"], wanted)})


def _won_of(key: str | None, wanted: WinRateQuery) -> str | None:
    """The path of the list of the deals won."""
    asked = _asked(wanted) | {"state": "won"}
    by = wanted.by
    if by == Dimension.QUARTER and key is not None:
        first = date.fromisoformat(key)
        last = quarter_end(first)
        asked["closes_on_gte"] = max(first, wanted.closed_gte or first).isoformat()
        asked["closes_on_lte"] = min(last, wanted.closed_lte or last).isoformat()
    elif key is not None:
        asked[by if by == Dimension.SOURCE else f"{by}_id"] = key
    elif by in _NONE:
        asked[_NONE[by]] = "false"
    else:
        return None
    return _path(asked)


def _asked(wanted: Closed) -> dict[str, Any]:
    """What the list is asked for, to have the closed deals that are counted."""
    given = {
        "closes_on_gte": wanted.closed_gte,
        "closes_on_lte": wanted.closed_lte,
        "pipeline_id": wanted.pipeline_id,
        "owner_id": wanted.owner_id,
        "team_id": wanted.team_id,
    }
    return {"status": "active"} | {
        name: str(value) for name, value in given.items() if value is not None
    }


async def lost_reasons(at: Reading, wanted: LossQuery) -> LostReasons:
    """For what deals were lost."""
    rows = await deals.lost_by_reason(at, wanted)
    whole = sum(one["count"] for one in rows)
    return LostReasons(items=[_lost_for(one, whole, wanted) for one in rows])


def _lost_for(row: Mapping[str, Any], whole: int, wanted: LossQuery) -> LostFor:
    reason = {"state": "lost", "lost_reason_id": str(row["lost_reason_id"])}
    path = _path(_asked(wanted) | reason)
    return LostFor.model_validate({**row, "share": share_of(row["count"], whole), "list": path})


async def velocity(at: Reading, wanted: Closed) -> Velocity:
    """How long won deals took, and how long closed ones were in each stage."""
    days = await deals.cycle_days(at, wanted)
    closed = _asked(wanted) | {"state": _CLOSED}
    stages = [
        {**one, "list": _path(closed | {"left_stage_id": one["stage_id"]})}
        for one in await deals.stage_days(at, wanted)
    ]
    won = _path(_asked(wanted) | {"state": "won"})
    return Velocity.model_validate({**days, "stages": stages, "list": won})


async def followed_up(at: Reading, wanted: FollowUpQuery) -> FollowUps:
    """Win rates by follow-ups in the first days, at equal age (C30)."""
    rows = await follow_ups.by_touches(at, wanted)
    return FollowUps(
        days=wanted.days,
        deals=sum(one["deals"] for one in rows),
        left_out=rows[0]["left_out"] if rows else 0,
        outbound=_buckets(rows, wanted, TouchDirection.OUTBOUND),
        inbound=_buckets(rows, wanted, TouchDirection.INBOUND),
        reading=_READING,
    )


def _buckets(
    rows: Sequence[Mapping[str, Any]], wanted: FollowUpQuery, series: TouchDirection
) -> list[FollowUpBucket]:
    found = []
    asked = _asked(wanted) | {"state": _CLOSED, "source": wanted.source}
    asked |= {"touch_days": wanted.days, "touch_channel": wanted.channel}
    asked |= {"touch_direction": series}
    for at_least, at_most in _BUCKETS:
        within = [
            one
            for one in rows
            if one[series] >= at_least and (at_most is None or one[series] <= at_most)
        ]
        n, won = sum(one["deals"] for one in within), sum(one["won"] for one in within)
        facts = {"at_least": at_least, "at_most": at_most, "deals": n, "won": won}
        path = _path(asked | {"touches_gte": at_least, "touches_lte": at_most})
        found.append(
            FollowUpBucket.model_validate(facts | {"share": share_of(won, n), "list": path})
        )
    return found
