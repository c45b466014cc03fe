"""What reading the halves' events brings into the bridge."""

from chassis.service import Module
from sync_bridge.sources.following import follow_sources

__all__ = ["MODULE"]

MODULE = Module(
    name="sources",
    background=(follow_sources,),
)
