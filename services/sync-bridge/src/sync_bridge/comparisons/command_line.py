"""A comparison from the command line: waited for, levelled where asked, and shown."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from chassis.cli.console import Refusal, say, show, show_table
from chassis.storage.paging import PageQuery
from chassis.work.database import Database
from sync_bridge.comparisons import service, views
from sync_bridge.comparisons.schemas import (
    BeginComparison,
    ComparisonView,
    DifferenceQuery,
    DifferencesView,
    DifferenceView,
    LevelDifferences,
)
from sync_bridge.states import ComparisonState, DifferenceState

__all__ = ["ComparisonRun", "show_comparison"]

LOOK_SECONDS = 0.5
ROUNDS = 5
"""Copies follow the records they are on, and a change its event: so it is levelled a few times."""

COLUMNS = ("entity", "kind", "reason", "count")
LEFT = ("entity", "kind", "outcome", "count")
EXAMPLES = ("entity", "kind", "half", "leads", "number", "name", "crm_id", "erp_id", "fields")


class ComparisonRun:
    """Comparisons of what was asked, made by the worker, within a time."""

    def __init__(
        self, database: Database, asked: BeginComparison, *, timeout_seconds: float
    ) -> None:
        self._database = database
        self._asked = asked
        self._timeout_seconds = timeout_seconds
        self._deadline = asyncio.get_running_loop().time() + timeout_seconds

    async def compared(self) -> ComparisonView:
        """A comparison that is done. Raises ComparisonRunning, Refusal (not done in time)."""
        async with self._database.transaction() as work:
            begun = await service.begin(work, self._asked, connects=True)
        while True:
            async with self._database.reading() as reading:
                view = await views.COMPARISONS.get(reading, begun)
            if view.state == ComparisonState.DONE:
                return view
            await self._pause(view.trouble or "does the bridge's worker run?")

    async def levelled(self) -> tuple[ComparisonView, list[DifferencesView]]:
        """The last of several comparisons, each levelled; and what of the one before was left."""
        left: list[DifferencesView] = []
        done = await self.compared()
        for _ in range(ROUNDS):
            if not done.differences:
                break
            left = await self._level(done)
            before, done = _open(done), await self.compared()
            if done.differences and _open(done) == before and not _moving(done):
                break
        return done, left

    async def _level(self, done: ComparisonView) -> list[DifferencesView]:
        """Level what was found, and wait until it is across; what is left to a person."""
        async with self._database.transaction() as work:
            await service.level(work, done.id, LevelDifferences())
        while True:
            async with self._database.reading() as reading:
                moving = await service.moving(reading, done.id)
                view = await views.COMPARISONS.get(reading, done.id)
            if not moving:
                return [one for one in view.differences if one.state == DifferenceState.LEFT]
            await self._pause("lanes are not across; see bridge lanes list --state ready")

    async def _pause(self, why: str) -> None:
        if asyncio.get_running_loop().time() >= self._deadline:
            message = f"not done after {self._timeout_seconds:g} s: {why}"
            raise Refusal(message)
        await asyncio.sleep(LOOK_SECONDS)

    async def examples(self, done: ComparisonView, at_most: int) -> Sequence[DifferenceView]:
        """The first differences."""
        async with self._database.reading() as reading:
            asked = PageQuery(limit=max(at_most, 1))
            found = await views.difference_page(reading, done.id, DifferenceQuery(), asked)
        return found.items[:at_most]


def _open(done: ComparisonView) -> Counter[tuple[str, str, str]]:
    return Counter({(one.entity, one.kind, one.reason): one.count for one in done.differences})


def _moving(done: ComparisonView) -> bool:
    return any(one.reason == "under_way" for one in done.differences)


def show_comparison(
    done: ComparisonView,
    found: Sequence[DifferenceView],
    left: Sequence[DifferencesView],
    *,
    as_json: bool,
) -> None:
    """Show what differs, by entity and kind, with examples; and what a person must see to."""
    examples = [one.model_dump(mode="json") for one in found]
    left_rows = [one.model_dump() for one in left]
    if as_json:
        outcome = {**done.model_dump(mode="json"), "examples": examples, "left": left_rows}
        show(outcome, "", as_json=True)
        return
    records = sum(one.records for one in done.compared.values())
    count = sum(one.count for one in done.differences)
    say(f"{records} records compared, {count} differences (comparison {done.id})")
    _table("", [one.model_dump() for one in done.differences], COLUMNS)
    _table("left to a person:", left_rows if count else [], LEFT)
    rows = [{**one, "fields": [_words(each) for each in one["fields"]]} for one in examples]
    _table("examples:", rows, EXAMPLES)


def _table(title: str, rows: Sequence[dict[str, object]], columns: Sequence[str]) -> None:
    if not rows:
        return
    say()
    if title:
        say(title)
    show_table(rows, columns, as_json=False)


def _words(field: dict[str, object]) -> str:
    return f"{field['name']}: CRM {field['crm']!r}, ERP {field['erp']!r}"
