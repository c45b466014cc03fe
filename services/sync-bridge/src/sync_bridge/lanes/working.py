"""The lanes as a worker runs them."""

from typing import TYPE_CHECKING, cast

from sync_bridge.lanes.calls import Halves
from sync_bridge.lanes.deliverer import Deliverer
from sync_bridge.lanes.dispatcher import Dispatcher
from sync_bridge.settings import BridgeSettings
from sync_bridge.targets import HttpTarget

if TYPE_CHECKING:
    from chassis.service import ServiceContext
    from chassis.work.database import Database

__all__ = ["deliver_lanes", "dispatcher"]


async def deliver_lanes(context: "ServiceContext") -> None:
    """Deliver lanes until cancelled; with a half unknown there is nothing to do."""
    settings = cast("BridgeSettings", context.settings)
    crm, erp = HttpTarget.of(settings, "crm"), HttpTarget.of(settings, "erp")
    if crm is None or erp is None:
        return
    try:
        await (await dispatcher(context.database, {"crm": crm, "erp": erp}, settings)).run()
    finally:
        await crm.close()
        await erp.close()


async def dispatcher(database: "Database", halves: Halves, settings: BridgeSettings) -> Dispatcher:
    """A dispatcher for the two halves, known by the installation's own id."""
    async with database.driver() as sql:
        bridge = await sql.fetchval("select id from installation")
    return Dispatcher(database, Deliverer(database, halves, bridge=bridge), settings)
