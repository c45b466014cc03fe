"""Comparisons as a worker makes them: in the background, page by page, on after any crash."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import cast
from uuid import UUID

import httpx

from chassis.service import ServiceContext
from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from sync_bridge.comparisons import service
from sync_bridge.comparisons.half_reader import LIMIT, read_page, source_of
from sync_bridge.comparisons.levelling import level_step
from sync_bridge.comparisons.queries import Page
from sync_bridge.comparisons.rules.records import needs_of, records_of
from sync_bridge.identity import service as identity
from sync_bridge.ownership import Half
from sync_bridge.settings import BridgeSettings
from sync_bridge.sources.port import TROUBLE, pause_seconds
from sync_bridge.targets import HttpTarget

__all__ = ["compare_halves", "keep_comparing", "step"]

LOOK_SECONDS = 1.0
"""A comparison is begun by another process, so there is nothing here to be woken by."""
log = get_logger("sync_bridge.comparisons")

SURVIVES: tuple[type[Exception], ...] = (*TROUBLE, httpx.TransportError)
"""What passes: nothing was stored of the page, so it is read again."""

Clients = Mapping[Half, httpx.AsyncClient]


async def compare_halves(context: ServiceContext) -> None:
    """Make what comparisons are asked for, until cancelled."""
    settings = cast("BridgeSettings", context.settings)
    crm, erp = HttpTarget.of(settings, "crm"), HttpTarget.of(settings, "erp")
    if crm is None or erp is None:
        return
    try:
        await keep_comparing(context.database, {"crm": crm.client, "erp": erp.client})
    finally:
        await crm.close()
        await erp.close()


async def keep_comparing(database: Database, clients: Clients) -> None:
    """Make what comparisons are asked for; survive a lost half and a lost database."""
    failures = 0
    while True:
        try:
            did = await step(database, clients) or await level_step(database, clients)
        except SURVIVES as trouble:
            failures += 1
            log.warning("comparison_interrupted", reason=str(trouble), failures=failures)
            await _note_trouble(database, trouble)
            await asyncio.sleep(pause_seconds(failures, trouble))
        else:
            failures = 0
            if not did:
                await asyncio.sleep(LOOK_SECONDS)


async def _note_trouble(database: Database, trouble: Exception) -> None:
    words = f"{type(trouble).__name__}: {trouble}"[:500]
    with contextlib.suppress(*TROUBLE):
        async with database.transaction() as work:
            under_way = await service.running(work)
            if under_way:
                await service.trouble(work, under_way["id"], words)


async def step(database: Database, clients: Clients, *, limit: int = LIMIT) -> bool:
    """Read one page of the comparison under way, or compare what was read; False: there is none.

    Whatever dies in between, the page is read again.
    """
    async with database.reading() as reading:
        under_way = await service.running(reading)
        if under_way is None:
            return False
        page = await service.next_page(reading, under_way["id"])
    if page is not None:
        await _take(database, clients, page, limit)
    else:
        await _compare(database, under_way["id"])
    return True


async def _take(database: Database, clients: Clients, page: Page, limit: int) -> None:
    read = await read_page(clients, page, limit=limit)
    source = source_of(page)
    async with database.transaction() as work:
        twins = await identity.twins_of(work, needs_of(source, read.states))
        records = [one for state in read.states for one in records_of(source, state, twins)]
        await service.take_page(work, page, records, upto=read.upto, read=len(read.states))


async def _compare(database: Database, comparison_id: UUID) -> None:
    async with database.transaction() as work:
        await service.compare(work, comparison_id)
    log.info("comparison_done", comparison_id=str(comparison_id))
