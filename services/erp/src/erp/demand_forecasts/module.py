"""What demand forecasts bring into the ERP."""

from chassis.service import Module
from erp.demand_forecasts.models import DemandForecast
from erp.demand_forecasts.router import demand_forecast_router

__all__ = ["MODULE"]

MODULE = Module(
    name="demand_forecasts",
    routers=(demand_forecast_router,),
    tags={"demand-forecasts": "What customers are expected to order of an item in a period."},
    tables=(DemandForecast,),
)
"""Who may read and write them is said by the permissions of planning."""
