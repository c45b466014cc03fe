"""Which sources this installation has: Kafka where it is configured, else the halves' feeds."""

import asyncio
import socket
from typing import TYPE_CHECKING

import httpx

from chassis.service import ServiceContext
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Cursor, Quarantined, Received
from sync_bridge.ownership import Half
from sync_bridge.settings import BridgeSettings
from sync_bridge.sources.feed import FeedSource
from sync_bridge.sources.port import Receive

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["follow_sources"]

HALVES: "tuple[Half, ...]" = ("crm", "erp")


async def follow_sources(context: ServiceContext) -> None:
    """Bring events of both halves into the inbox until cancelled."""
    settings = context.settings
    if not isinstance(settings, BridgeSettings) or not settings.connects:
        return
    receive = _door(context)
    if settings.kafka_bootstrap_servers:
        await _follow_kafka(context, settings, settings.kafka_bootstrap_servers, receive)
    else:
        async with asyncio.TaskGroup() as sources:
            for half in HALVES:
                sources.create_task(_follow_feed(context, settings, half, receive))


async def _follow_kafka(
    context: ServiceContext, settings: BridgeSettings, brokers: str, receive: Receive
) -> None:
    from sync_bridge.sources.kafka import KafkaSource  # noqa: PLC0415 - B62: only with a broker

    async with context.database.driver() as sql:
        installation = await sql.fetchrow("select id, epoch from installation")
    if installation is None:
        message = "this database is not migrated: run bridge migrate"
        raise RuntimeError(message)
    # A new or restored inbox reads everything again that Kafka still has.
    group = f"tandem-bridge-{installation['id']}-{installation['epoch']}"
    instance = settings.kafka_instance or socket.gethostname()
    await KafkaSource(brokers, receive=receive, group=group, instance=instance).run()


async def _follow_feed(
    context: ServiceContext, settings: BridgeSettings, half: Half, receive: Receive
) -> None:
    reached = settings.reaches(half)
    if reached is None:
        return
    url, key = reached
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}

    async def read_cursor(name: str) -> str | None:
        async with context.database.reading() as reading:
            return await inbox.cursor_value(reading, name)

    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        await FeedSource(half, client, receive=receive, read_cursor=read_cursor).run()


def _door(context: ServiceContext) -> Receive:
    """The inbox of this database."""

    async def receive(
        events: "Sequence[Received]",
        *,
        unreadable: "Sequence[Quarantined]" = (),
        cursor: Cursor | None = None,
    ) -> int:
        return await inbox.receive(context.database, events, unreadable=unreadable, cursor=cursor)

    return receive
