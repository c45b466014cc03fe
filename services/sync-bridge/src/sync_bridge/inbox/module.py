"""What received events bring into the bridge."""

from chassis.service import Module
from chassis.telemetry.metrics import Metric
from sync_bridge.inbox.models import (
    Backfill,
    ErasedSubject,
    InboxEvent,
    Position,
    Quarantine,
    SourceCondition,
    StoredCursor,
)
from sync_bridge.inbox.router import inbox_router, quarantine_router

__all__ = ["MODULE"]

MODULE = Module(
    name="inbox",
    routers=(inbox_router, quarantine_router),
    tags={
        "inbox": (
            "Events that were read, whether they were settled, and replaying what was unknown."
        ),
        "quarantine": (
            "Events that could not be read, kept until someone releases or dismisses them."
        ),
    },
    tables=(
        InboxEvent,
        ErasedSubject,
        StoredCursor,
        Backfill,
        Position,
        SourceCondition,
        Quarantine,
    ),
    rights={
        "inbox": "select, insert, update, delete",
        "cursor": "select, insert, update, delete",
    },
    metrics=(
        Metric(
            "bridge_events_open",
            "Events that were taken in and are not settled.",
            "select count(*) from inbox where state = 'received'",
        ),
        Metric(
            "bridge_quarantined",
            "What was put aside, unread or as a loop, and nobody has decided on.",
            "select count(*) from quarantine where state = 'open'",
        ),
    ),
)
