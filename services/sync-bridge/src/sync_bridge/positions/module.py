"""What the bridge's positions bring into it."""

from chassis.service import Module
from sync_bridge.positions.router import backfill_router, position_router, status_router

__all__ = ["MODULE"]

MODULE = Module(
    name="positions",
    routers=(status_router, position_router, backfill_router),
    tags={
        "status": "How far the bridge has come; waiting for a position; reading a half anew.",
    },
)
