"""Which sources this installation has: Kafka where it is configured, else the halves' feeds."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from functools import partial

import httpx

from brokers.connection import Brokers
from chassis.service import ServiceContext
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import BackfillPage, Cursor
from sync_bridge.ownership import Half
from sync_bridge.settings import BridgeSettings
from sync_bridge.sources.condition_reports import report_condition
from sync_bridge.sources.feed import BeginBackfill, FeedSource
from sync_bridge.sources.port import Source
from sync_bridge.sources.source_check import SourceCheck, installation_at
from sync_bridge.sources.states import FIRST_CONTACT, StateSource

__all__ = ["follow_sources"]

HALVES: "tuple[Half, ...]" = ("crm", "erp")


async def follow_sources(context: ServiceContext) -> None:
    """Bring events of both halves into the inbox until cancelled."""
    settings = context.settings
    if not isinstance(settings, BridgeSettings) or not settings.connects:
        return
    async with contextlib.AsyncExitStack() as open_clients:
        clients = {
            half: await open_clients.enter_async_context(client)
            for half in HALVES
            if (client := _client(settings, half)) is not None
        }
        async with asyncio.TaskGroup() as sources:
            for half, client in clients.items():
                sources.create_task(_read_states(context, half, client))
            if brokers := settings.brokers:
                sources.create_task(_follow_kafka(context, settings, brokers, clients))
                return
            for half, client in clients.items():
                sources.create_task(_follow_feed(context, half, client))


async def _read_states(context: ServiceContext, half: Half, client: httpx.AsyncClient) -> None:
    async def next_page(half: Half) -> BackfillPage | None:
        async with context.database.reading() as reading:
            return await inbox.next_backfill(reading, half)

    async def begin_first_read(half: Half) -> None:
        async with context.database.transaction() as work:
            await inbox.begin_backfill(work, half, reason=FIRST_CONTACT, again=False)

    receive = await _source_check(context, f"states:{half}", {half: client})
    source = StateSource(
        half, client, receive=receive, next_page=next_page, begin_first_read=begin_first_read
    )
    await _run(context, source)


def _backfilling(context: ServiceContext) -> BeginBackfill:
    async def begin(half: str, *, reason: str, cursor: Cursor | None = None) -> None:
        async with context.database.transaction() as work:
            await inbox.begin_backfill(work, half, reason=reason, cursor=cursor)

    return begin


async def _follow_kafka(
    context: ServiceContext,
    settings: BridgeSettings,
    brokers: Brokers,
    clients: Mapping[Half, httpx.AsyncClient],
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
    receive = await _source_check(context, "kafka", clients)
    source = KafkaSource(
        brokers,
        receive=receive,
        begin_backfill=_backfilling(context),
        group=group,
        instance=instance,
    )
    await _run(context, source)


async def _follow_feed(context: ServiceContext, half: Half, client: httpx.AsyncClient) -> None:
    async def read_cursor(name: str) -> str | None:
        async with context.database.reading() as reading:
            return await inbox.cursor_value(reading, name)

    receive = await _source_check(context, f"feed:{half}", {half: client})
    source = FeedSource(
        half,
        client,
        receive=receive,
        read_cursor=read_cursor,
        begin_backfill=_backfilling(context),
    )
    await _run(context, source)


def _client(settings: BridgeSettings, half: Half) -> httpx.AsyncClient | None:
    """A client for a half, with the bridge's key; None when the half is not known."""
    reached = settings.reaches(half)
    if reached is None:
        return None
    url, key = reached
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    verify = settings.authorities
    return httpx.AsyncClient(base_url=url, headers=headers, verify=verify, trust_env=False)


async def _run(context: ServiceContext, source: Source) -> None:
    """Follow a source and tell how it is doing, until cancelled."""
    async with asyncio.TaskGroup() as both:
        both.create_task(source.run())
        both.create_task(report_condition(context.database, source.condition))


async def _source_check(
    context: ServiceContext, name: str, clients: Mapping[Half, httpx.AsyncClient]
) -> SourceCheck:
    """The inbox of this database, for events of those halves (B60)."""
    async with context.database.reading() as reading:
        known = await inbox.sources(reading)
    asks = {half: partial(installation_at, client) for half, client in clients.items()}
    return SourceCheck(name, partial(inbox.receive, context.database), asks, known=known)
