"""The bridge as a service: its modules."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import identity
from chassis.service import Module, Schedule, Service
from chassis.work.unit_of_work import Work
from identity.module import MODULE as CALLERS
from sync_bridge.comparisons.module import MODULE as COMPARISONS
from sync_bridge.identity.module import MODULE as IDENTITY
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.module import MODULE as INBOX
from sync_bridge.lanes import commands
from sync_bridge.lanes.module import MODULE as LANES
from sync_bridge.positions.module import MODULE as POSITIONS
from sync_bridge.settings import BridgeSettings
from sync_bridge.sources.module import MODULE as SOURCES

__all__ = ["SERVICE"]

_HERE = Path(__file__).parent
PURGE = "inbox.purge"


async def purge_inbox(work: Work, payload: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Forget events that were settled long ago."""
    days = BridgeSettings().inbox_days
    await inbox.purge(work, days=days)
    await commands.forget_levelled(work, days=days)


_WHOLE = Module(
    name="bridge",
    permissions={
        "bridge.read": "See lanes, links, reviews, events and positions.",
        "bridge.write": "Retry and skip lanes, decide reviews, replay events, resume flows.",
        "events.read": "Read the event feed.",
        "admin": "Everything, with the administration of users and keys.",
    },
    roles={
        "observer": {"bridge.read"},
        "operator": {"bridge.read", "bridge.write"},
        "admin": {"admin"},
    },
    jobs={PURGE: purge_inbox},
    schedules=(Schedule(PURGE, timedelta(days=1), PURGE),),
)
"""What belongs to no module alone."""

SERVICE = Service(
    name="bridge",
    title="Tandem sync bridge",
    description="Keeps an ERP and a CRM in agreement through their public APIs and events.",
    version="0.1.16",
    settings=BridgeSettings,
    migrations=_HERE / "migrations",
    fields=_HERE / "fields.toml",
    locale=_HERE / "locale",
    shared_locales=(identity.LOCALE,),
    modules=(CALLERS, POSITIONS, COMPARISONS, LANES, INBOX, SOURCES, IDENTITY, _WHOLE),
    session={"enable_seqscan": "off"},  # plans made on small tables must not read large ones
)
