"""Paths of demand forecasts."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from erp.catalog.errors import FractionOfUnit
from erp.demand_forecasts.errors import OverlappingForecast, ReversedForecastDays
from erp.demand_forecasts.schemas import (
    CalculatedForecasts,
    CalculateForecasts,
    ChangeDemandForecast,
    NewDemandForecast,
    UpsertDemandForecast,
)
from erp.demand_forecasts.service import calculating
from erp.demand_forecasts.service.records import DEMAND_FORECAST
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["demand_forecast", "demand_forecast_router"]

READ, WRITE = "planning.read", "planning.write"
Planner = Annotated[Actor, Needs(WRITE)]

demand_forecast_router = api_router(prefix="/v1/demand-forecasts", tag="demand-forecasts")
demand_forecast = RecordRoutes(
    demand_forecast_router,
    DEMAND_FORECAST,
    one="demand forecast",
    many="demand forecasts",
    read=READ,
    write=WRITE,
    refuses=(FractionOfUnit, OverlappingForecast, ReversedForecastDays),
)
demand_forecast.list("What customers are expected to order, the newest first.")
demand_forecast.create(
    NewDemandForecast,
    "Note what customers are expected to order in a period.",
    refuses=(MissingReference,),
)
demand_forecast.upsert(UpsertDemandForecast, refuses=(MissingReference,))
demand_forecast.csv(
    references={
        "customer_id": Reference("customer", into="customer_number", take="number"),
        "sku": Reference("item", codes=("sku",), take="sku"),
    }
)


@demand_forecast_router.post("/calculate", responses=refuses(MissingReference))
async def demand_forecast_calculate(
    command: CalculateForecasts, _by: Planner, _once: OnlyOnce, work: InWork
) -> CalculatedForecasts:
    """Forecast from history by several methods, tested on its last periods; stored if asked."""
    return await calculating.calculate_forecasts(work, command)


demand_forecast.get()
demand_forecast.history()
demand_forecast.change(ChangeDemandForecast)
annotate(demand_forecast.paths)
