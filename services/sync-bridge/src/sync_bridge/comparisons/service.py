"""Acts on comparisons: begin one, take in what a half has, and compare."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from sync_bridge.comparisons import queries
from sync_bridge.comparisons.errors import ComparisonRunning, NothingToCompare
from sync_bridge.comparisons.queries import Page
from sync_bridge.comparisons.rules.levelling import Difference
from sync_bridge.comparisons.rules.records import Record, sources_of
from sync_bridge.comparisons.schemas import BeginComparison, LevelDifferences
from sync_bridge.flows import ENTITIES
from sync_bridge.states import ComparisonState

__all__ = [
    "asked",
    "begin",
    "compare",
    "level",
    "moving",
    "next_page",
    "running",
    "settle",
    "take_page",
    "trouble",
]

KEPT = 10
"""So many comparisons are kept; a new one forgets the oldest."""

WITHOUT_RECORDS = frozenset({"fulfilment", "availability", "debt"})
"""Copies on other records: where one is missing, that record is."""

TELL_LINKS = {
    "customer": ("crm", "erp"),
    "product": ("crm",),
    "price_list": ("crm",),
    "price": ("crm",),
    "order": ("erp",),
}
"""The halves that show to which record of the other half theirs is linked."""


async def begin(work: Work, command: BeginComparison, *, connects: bool) -> UUID:
    """Compare what both halves have. Raises ComparisonRunning, NothingToCompare."""
    if not connects:
        raise NothingToCompare
    await queries.lock_begin(work.sql)
    under_way = await queries.running(work.sql)
    if under_way:
        raise ComparisonRunning(comparison=under_way["id"])
    comparison_id, entities = uuid7(), [one for one in ENTITIES if one in command.entities]
    sources = [(one.half, one.name) for one in sources_of(entities)]
    await queries.begin(
        work.sql, comparison_id, entities=entities, by=work.actor.reference, sources=sources
    )
    await queries.forget_older(work.sql, keep=KEPT)
    return comparison_id


async def running(reading: Reading) -> Any:
    """The comparison that is under way, if any."""
    return await queries.running(reading.sql)


async def next_page(reading: Reading, comparison_id: UUID) -> Page | None:
    """Where the reading goes on; None: all is read."""
    return await queries.next_page(reading.sql, comparison_id)


async def take_page(
    work: Work, page: Page, records: Sequence[Record], *, upto: str | None, read: int
) -> None:
    """Keep a page of a half's records, unless another process did."""
    if not await queries.advance(work.sql, page, upto=upto, read=read):
        return
    await queries.note_trouble(work.sql, page.comparison_id, "")
    await queries.store_records(work.sql, page, records)


async def trouble(work: Work, comparison_id: UUID, words: str) -> None:
    """Say why the comparison does not get on."""
    await queries.note_trouble(work.sql, comparison_id, words)


async def compare(work: Work, comparison_id: UUID) -> None:
    """Note in what the halves differ, once all of both is read."""
    under_way = await queries.lock_reading(work.sql, comparison_id)
    if under_way is None:
        return
    for entity in under_way["entities"]:
        await queries.compare(
            work.sql,
            comparison_id,
            entity,
            begun_at=under_way["begun_at"],
            has_records=entity not in WITHOUT_RECORDS,
            tell_links=TELL_LINKS.get(entity, ()),
            keeps_lost=ENTITIES[entity].sends_current_state,
        )
        await queries.count(work.sql, comparison_id, entity)
    await queries.finish(work.sql, comparison_id)


async def level(work: Work, comparison_id: UUID, command: LevelDifferences) -> None:
    """Level what a comparison found: all, or what is named. What was levelled stays as it is.

    Raises NotFound, ComparisonRunning.
    """
    state = await queries.state_of(work.sql, comparison_id)
    if state is None:
        raise NotFound(entity="comparison", id=comparison_id)
    if state == ComparisonState.READING:
        raise ComparisonRunning(comparison=comparison_id)
    await queries.ask(
        work.sql,
        comparison_id,
        entities=command.entities,
        differences=command.differences,
    )


async def moving(reading: Reading, comparison_id: UUID) -> bool:
    """Whether something that it found is still to be levelled, or on its way."""
    return await queries.moving(reading.sql, comparison_id)


async def asked(reading: Reading, *, at_most: int) -> list[Difference]:
    """Differences of one sort that are to be levelled."""
    rows = await queries.asked(reading.sql, at_most=at_most)
    return [Difference(**dict(row)) for row in rows]


async def settle(work: Work, outcomes: Mapping[UUID, str]) -> None:
    """Note which differences were levelled (empty), and why others are left to a person."""
    await queries.settle(work.sql, outcomes)
