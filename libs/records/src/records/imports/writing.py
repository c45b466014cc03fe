"""Rows to records: what is right of them is written by the kit's own write path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.http.batch import AtOnce, ItemOutcome, Outcome, Present, Sent, each_in_savepoint
from chassis.problems.problem import ProblemView
from chassis.storage import external
from chassis.telemetry.trace import Trace
from chassis.texts import Texts
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from records.imports.cells import ReadRow
from records.imports.judging import Item, judge
from records.imports.links_and_tags import LinksAndTags
from records.imports.states import RowOutcome
from records.links import ExternalRef
from records.sheets.kinds import RecordSheet
from records.types import Change, RecordType
from records.writes import create_all, lock_visible, write
from values.text import Command

__all__ = ["CellProblem", "ChunkWriter", "RowResult"]

CellProblem = dict[str, str]
"""What is wrong: column, field, code, message."""


@dataclass(frozen=True)
class RowResult:
    """What became of a row."""

    outcome: RowOutcome
    record_id: UUID | None = None
    errors: Sequence[CellProblem] = ()


@dataclass(frozen=True)
class SentRow:
    """A row as `lock_batch` sees items of batches; a field that its command has not is None."""

    external_id: str
    command: Command

    def __getattr__(self, name: str) -> Any:
        """What the command has of a field."""
        return getattr(self.command, name, None)


@dataclass(frozen=True)
class ChunkWriter:
    """Writes rows of an import; refused ones leave the others as they are.

    `pending`: texts by which rows of the same file will be found, of a dry run.
    """

    work: Work
    sheet: RecordSheet
    kind: RecordType[Any, Any]
    system: str
    columns: Mapping[str, str]
    texts: Texts
    language: str
    pending: frozenset[str] = frozenset()

    async def write(self, rows: Sequence[ReadRow]) -> list[RowResult]:
        """What became of each row."""
        await advisory_lock(self.work, f"batch:{self.sheet.name}:{self.system}")
        items = await judge(
            self.work, self.sheet, self.kind, self.system, rows, pending=self.pending
        )
        results = [self._refused(item) for item in items]
        right = [item for item in items if not item.errors]
        for item, outcome in zip(right, await self._written(right), strict=True):
            results[item.place] = self._result(item, outcome)
        return results

    async def _written(self, items: Sequence[Item]) -> list[ItemOutcome]:
        if self.kind.lock_batch:
            sent = [SentRow(item.external_id, item.command) for item in items if item.command]
            await self.kind.lock_batch(self.work, self.system, sent)
        reply = await each_in_savepoint(
            self.work,
            items,
            self._one,
            language=self.language,
            texts=self.texts,
            at_once=AtOnce(self._fits, self._several),
        )
        return reply.items

    def _fits(self, _item: Item, _trace: Trace) -> bool:
        return self.kind.in_bulk

    async def _one(self, item: Item) -> tuple[Outcome, Present]:
        return (await self._several([(item, self.work.trace)]))[0]

    async def _several(self, sent: Sequence[Sent[Item]]) -> list[tuple[Outcome, Present]]:
        """Write the items, all or none of them."""
        items = [item for item, _ in sent]
        new = [item for item in items if item.is_new]
        known = [item for item in items if not item.is_new]
        if new:
            claims = [(item.external_id, item.id, 0, None, None) for item in new]
            await external.claim_all(self.work.sql, self.sheet.name, self.system, claims)
            links = [ExternalRef(system=self.system, external_id=item.external_id) for item in new]
            values = [(item.id, item.values) for item in new]
            await create_all(self.work, self.kind, values, links=links)
        changed = await self._change(known) if known else set()
        more = LinksAndTags(self.work, self.kind, self.system, self._view)
        changed |= await more.keep([(item.id, item.row) for item in items])
        return [(_outcome(item, changed), Present(item.id, 1, 1)) for item in items]

    async def _change(self, known: Sequence[Item]) -> set[UUID]:
        found = await lock_visible(self.work, self.kind, [item.id for item in known])
        changes = [Change(found[item.id], item.values) for item in known]
        done = await write(self.work, self.kind, changes)
        return {item.id for item, one in zip(known, done, strict=True) if one}

    def _refused(self, item: Item) -> RowResult:
        errors = [
            self.problem_of(_field(one.pointer), one.code, one.message, one.facts)
            for one in item.errors
        ]
        return RowResult(RowOutcome.FAILED, errors=errors)

    def _result(self, item: Item, outcome: ItemOutcome) -> RowResult:
        if outcome.problem is None:
            return RowResult(RowOutcome(outcome.status), item.id)
        return RowResult(RowOutcome.FAILED, errors=self._of_problem(item, outcome.problem))

    def _of_problem(self, item: Item, problem: ProblemView) -> list[CellProblem]:
        if not problem.errors:
            return [self._told(_field_meant(item.row, problem), problem.code, problem.detail)]
        return [self._told(_field(one.pointer), one.code, one.message) for one in problem.errors]

    def problem_of(self, name: str, code: str, text: str, facts: Mapping[str, Any]) -> CellProblem:
        """What is wrong with the field, in the importer's language."""
        message = self.texts.text(text, self.language)
        return self._told(name, code, message.format(**facts) if facts else message)

    def _told(self, name: str, code: str, message: str) -> CellProblem:
        column = self.columns.get(name) or next(
            (one for field, one in self.columns.items() if field.startswith(f"{name}.")), ""
        )
        return {"column": column if name else "", "field": name, "code": code, "message": message}

    def _view(self, problem: Any) -> ProblemView:
        view = problem.view(self.texts, self.language, self.work.trace.request_id)
        return ProblemView.model_validate(view)


def _outcome(item: Item, changed: set[UUID]) -> Outcome:
    if item.is_new:
        return "created"
    return "updated" if item.id in changed else "unchanged"


def _field(pointer: str) -> str:
    """The field of a pointer; empty where that is of the whole row."""
    return pointer[1:].replace("/", ".")


def _field_meant(row: ReadRow, problem: ProblemView) -> str:
    """The only field of the row that has the name and the value of a fact; empty without one."""
    facts = {name: str(value) for name, value in problem.facts.items()}
    names = [name for name in row.values if facts.get(name.split(".")[-1]) == row.text(name)]
    return names[0] if len(names) == 1 else ""
