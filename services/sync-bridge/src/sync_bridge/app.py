"""What the sync bridge is made of."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from chassis.service import Schedule, Service
from chassis.work.unit_of_work import Work
from sync_bridge.comparisons.router import comparison_router
from sync_bridge.comparisons.worker import compare_halves
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.router import inbox_router, quarantine_router
from sync_bridge.lanes import commands
from sync_bridge.lanes.dispatcher import deliver_lanes
from sync_bridge.lanes.events import LaneParked, LaneResumed
from sync_bridge.lanes.pairing import UNLINK, unlink_halves
from sync_bridge.lanes.review_router import mapping_router, review_router
from sync_bridge.lanes.router import flow_router, lane_router
from sync_bridge.metrics import METRICS
from sync_bridge.permissions import PERMISSIONS, ROLES
from sync_bridge.positions.router import backfill_router, position_router, status_router
from sync_bridge.settings import BridgeSettings
from sync_bridge.sources.following import follow_sources
from sync_bridge.tables import METADATA
from sync_bridge.tags import TAGS

__all__ = ["SERVICE"]

_HERE = Path(__file__).parent
PURGE = "inbox.purge"


async def purge_inbox(work: Work, payload: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Forget events that were settled long ago."""
    days = BridgeSettings().inbox_days
    await inbox.purge(work, days=days)
    await commands.forget_levelled(work, days=days)


SERVICE = Service(
    name="bridge",
    title="Tandem sync bridge",
    description="Keeps an ERP and a CRM in agreement through their public APIs and events.",
    version="0.1.4",
    settings=BridgeSettings,
    metadata=METADATA,
    migrations=_HERE / "migrations",
    locale=_HERE / "locale",
    routers=(
        status_router,
        position_router,
        backfill_router,
        comparison_router,
        lane_router,
        flow_router,
        mapping_router,
        review_router,
        inbox_router,
        quarantine_router,
    ),
    metrics=METRICS,
    tags=TAGS,
    permissions=PERMISSIONS,
    roles=ROLES,
    events=(LaneParked, LaneResumed),
    jobs={PURGE: purge_inbox, UNLINK: unlink_halves},
    schedules=(Schedule(PURGE, timedelta(days=1), PURGE),),
    background=(follow_sources, deliver_lanes, compare_halves),
    session={"enable_seqscan": "off"},  # plans made on small tables must not read large ones
)
