"""Paths of forecasts, quotas and snapshots."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from crm.forecasts.errors import QuotaOverlaps
from crm.forecasts.queries import snapshots as kept
from crm.forecasts.schemas import (
    ChangeSalesQuota,
    Forecast,
    ForecastQuery,
    NewSalesQuota,
    NewSnapshot,
    SnapshotDivision,
    SnapshotFigures,
    SnapshotView,
    UpsertSalesQuota,
)
from crm.forecasts.service import forecasting, snapshots
from crm.forecasts.service.quotas import QUOTA
from crm.rates.errors import RateMissing, RateStale
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["forecast_router", "quota", "quota_router", "snapshot_router"]

READ, WRITE = "forecasts.read", "forecasts.write"
Reader = Annotated[Actor, Needs(READ)]

forecast_router = api_router(prefix="/v1/forecast", tag="forecasts")


@forecast_router.get("", responses=refuses(RateMissing, RateStale))
async def forecast_get(
    wanted: Annotated[ForecastQuery, Query()], _by: Reader, at: InReading
) -> Forecast:
    """What the deals that close in a period come to, by category, each with its list."""
    return await forecasting.forecast(at, wanted)


snapshot_router = api_router(prefix="/v1/forecast-snapshots", tag="forecasts")
PATHS = RecordPaths(snapshot_router, kept.SNAPSHOTS, "forecast snapshot", READ, WRITE)
list_route(PATHS, "Snapshots of forecasts, the newest first.")


@snapshot_router.post(
    "", status_code=status.HTTP_201_CREATED, responses=refuses(RateMissing, RateStale)
)
async def forecast_snapshot_create(
    command: NewSnapshot,
    _by: Annotated[Actor, Needs(WRITE)],
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> SnapshotView:
    """Keep the forecast of a period as it is now, of all deals."""
    snapshot_id = await snapshots.take(work, command)
    response.headers["Location"] = f"/v1/forecast-snapshots/{snapshot_id}"
    return await kept.SNAPSHOTS.get(work, snapshot_id)


get_route(PATHS)


@snapshot_router.get("/{forecast_snapshot_id}/figures", responses=refuses(NotFound))
async def forecast_snapshot_figures(
    forecast_snapshot_id: UUID,
    wanted: Annotated[SnapshotDivision, Query()],
    _by: Reader,
    at: InReading,
) -> SnapshotFigures:
    """What the deals of the snapshot came to then, and what of them was won since."""
    return await snapshots.figures_of(at, forecast_snapshot_id, wanted)


quota_router = api_router(prefix="/v1/sales-quotas", tag="forecasts")
quota = RecordRoutes(
    quota_router,
    QUOTA,
    one="sales quota",
    many="sales quotas",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, MissingReference, QuotaOverlaps),
)
quota.list("Quotas; `sort` by created_at, updated_at or name.")
quota.create(NewSalesQuota, "Say what a user, a team or the company is to win in a period.")
quota.upsert(UpsertSalesQuota)
quota.links()
quota.csv(references={"owner_id": USER, "team_id": Reference("team", codes=("name",))})
quota.get()
quota.history()
quota.change(ChangeSalesQuota)
quota.archive("The quota holds no more.", "The quota holds again.", refuses=(QuotaOverlaps,))
quota.link()
quota.unlink()
annotate(quota.paths)
