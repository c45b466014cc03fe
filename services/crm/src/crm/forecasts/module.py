"""What forecasts, quotas and snapshots bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.forecasts.events import QuotaChanged
from crm.forecasts.models import ForecastSnapshot, Quota, SnapshotDeal
from crm.forecasts.router import forecast_router, quota_router, snapshot_router
from crm.forecasts.service.quotas import quota_states

__all__ = ["MODULE"]

MODULE = Module(
    name="forecasts",
    routers=(forecast_router, snapshot_router, quota_router),
    tags={"forecasts": "What deals will come to: figures by category, quotas, snapshots."},
    permissions={
        "forecasts.read": "See forecasts of the deals that one may see, quotas and snapshots.",
        "forecasts.write": "Set quotas, and keep forecasts as they are.",
    },
    roles={
        "seller": {"forecasts.read"},
        "sales_manager": {"forecasts.read", "forecasts.write"},
    },
    tables=(Quota, ForecastSnapshot, SnapshotDeal),
    rights={
        "forecast_snapshot": "select, insert",
        "forecast_snapshot_deal": "select, insert",
    },
    events=(QuotaChanged,),
    states={QuotaChanged: States("sales_quota", quota_states)},
)
