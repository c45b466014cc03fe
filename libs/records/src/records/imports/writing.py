"""Rows to records: each row is judged alone, and written by the kit's own write path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from chassis.http.batch import AtOnce, ItemOutcome, Outcome, Present, Sent, each_in_savepoint
from chassis.ids import uuid7
from chassis.problems.field_errors import field_error
from chassis.problems.problem import FieldError, ProblemView
from chassis.problems.standard import InvalidInput
from chassis.storage import external
from chassis.telemetry.trace import Trace
from chassis.texts import Texts
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from records.entities import Values
from records.imports.cells import EXTERNAL_REFS, ReadRow
from records.imports.links_and_tags import LinksAndTags
from records.imports.resolving import (
    Found,
    external_id_of,
    records_of,
    referred,
)
from records.imports.states import RowOutcome
from records.imports.targets import EXTERNAL_ID, ID, STATUS
from records.links import ExternalRef
from records.sheets.columns import text_of
from records.sheets.kinds import TAGS, RecordSheet
from records.types import Change, RecordType
from records.upserts import require
from records.writes import create_all, given_values, lock_visible, write
from values.text import Command

__all__ = ["CellProblem", "ChunkWriter", "RowResult"]

CellProblem = dict[str, str]
"""What is wrong: column, field, code, message."""

_FIXED = "This cannot be changed on a record that is known here; it is {present}."
_NO_SUCH = "There is no record {text} here that this column could mean."
_NO_STATE = "{text} is none of {known}."
_NO_ID = "Nothing in this row says which record it is: an id of 1 to 200 signs on one line."
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True)
class RowResult:
    """What became of a row."""

    outcome: RowOutcome
    record_id: UUID | None = None
    errors: Sequence[CellProblem] = ()


@dataclass
class Item:
    """A row that may be written: the values of a new record, or what changes of a known one."""

    external_id: str
    place: int
    id: UUID
    is_new: bool
    row: ReadRow
    values: Values = field(default_factory=dict)
    command: Command | None = None


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
        found = await referred(self.work, self.sheet, self.system, rows)
        known = await records_of(self.work, self.sheet, self.system, rows)
        present = await self._present([one for one in known if one])
        results: list[RowResult | None] = [None] * len(rows)
        items: list[Item] = []
        for place, (row, record_id) in enumerate(zip(rows, known, strict=True)):
            item, errors = self._item(place, row, record_id, found, present)
            if errors:
                results[place] = RowResult(RowOutcome.FAILED, errors=errors)
            else:
                items.append(item)
        for item, outcome in zip(items, await self._written(items), strict=True):
            results[item.place] = self._result(item, outcome)
        return [one for one in results if one is not None]

    async def _present(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """The records as exports show them, and whether an undone import took them away."""
        views = await self.kind.reads.get_all(self.work, ids) if ids else []
        records = await self.sheet.records(self.work, views)
        away = await self.work.sql.fetch(_AWAY, list(ids)) if self.sheet.takes_away else []
        back = {row["record_id"] for row in away}
        return {
            one.id: record | {"_away": one.id in back}
            for one, record in zip(views, records, strict=True)
        }

    def _item(
        self,
        place: int,
        row: ReadRow,
        record_id: UUID | None,
        found: Found,
        present: Mapping[UUID, Mapping[str, Any]],
    ) -> tuple[Item, list[CellProblem]]:
        """What is written for a row, or all that is wrong with it."""
        their = external_id_of(row, self.sheet, self.system)
        item = Item(their, place, record_id or uuid7(), record_id is None, row)
        if row.wrong:
            wrong = [
                self.problem_of(name, one.code, one.text, one.facts) for name, one in row.wrong
            ]
            return item, wrong
        if record_id is None and not _ID.fullmatch(their):
            return item, [self.problem_of("", "no_identity", _NO_ID, {})]
        body, errors = self._body(row, found)
        if errors:
            return item, errors
        before = present.get(item.id, {})
        try:
            self._fill(item, body, row.text(STATUS), before)
        except InvalidInput as refused:
            errors = [
                self.problem_of(one.pointer[1:].replace("/", "."), one.code, one.message, one.facts)
                for one in refused.errors
            ]
        return item, errors

    def _body(self, row: ReadRow, found: Found) -> tuple[dict[str, Any], list[CellProblem]]:
        """The fields of the command, references looked up."""
        body, errors = dict[str, Any](), list[CellProblem]()
        key_only = {self.sheet.key} - _fields(self.sheet.new) - _fields(self.sheet.change)
        references_last = sorted(row.values.items(), key=lambda one: one[0] in found)
        for name, value in references_last:  # one with an id says it surer than a number
            if name in {ID, EXTERNAL_ID, EXTERNAL_REFS, STATUS, TAGS} or name in key_only:
                continue
            reference = self.sheet.references.get(name)
            if reference is None:
                _put(body, name.split("."), value)
            elif value in found[name]:
                body[reference.into or name] = found[name][value]
            elif reference.table != self.sheet.name or value not in self.pending:
                facts = {"text": repr(value)}
                errors.append(self.problem_of(name, "missing_reference", _NO_SUCH, facts))
        return body, errors

    def _fill(self, item: Item, body: Mapping[str, Any], status: str, before: Any) -> None:
        """Make the values of the body. Raises InvalidInput."""
        new, change = self.sheet.new, self.sheet.change
        if item.is_new:
            own = {name: one for name, one in body.items() if name in _fields(new)}
            rest = {name: one for name, one in body.items() if name not in own}
            item.command, item.values = _validated(new, own)
        else:
            rest = {name: one for name, one in body.items() if name in _fields(change)}
            _require_same({name: body[name] for name in body.keys() - rest.keys()}, before)
            if before.get("_away") and not status:
                item.values = self.sheet.puts_back
        if rest:
            item.command, values = _validated(change, rest)
            item.values = {**item.values, **values}
        item.values = {**item.values, **self._status(status, before)}
        if item.is_new:
            require(dict(item.values), *(set(self.kind.required) & _fields(new)))

    def _status(self, text: str, before: Mapping[str, Any]) -> Values:
        if not text or text == before.get(STATUS, "active"):
            return {}
        if text not in self.sheet.states:
            facts = {"text": repr(text), "known": ", ".join(self.sheet.states)}
            raise InvalidInput(errors=[FieldError("/status", "unknown_value", _NO_STATE, facts)])
        return self.sheet.states[text]

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

    def _result(self, item: Item, outcome: ItemOutcome) -> RowResult:
        if outcome.problem is None:
            return RowResult(RowOutcome(outcome.status), item.id)
        return RowResult(RowOutcome.FAILED, errors=self._of_problem(outcome.problem))

    def _of_problem(self, problem: ProblemView) -> list[CellProblem]:
        if not problem.errors:
            return [self._told("", problem.code, problem.detail)]
        return [
            self._told(one.pointer[1:].replace("/", "."), one.code, one.message)
            for one in problem.errors
        ]

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


def _fields(command: type[BaseModel] | None) -> set[str]:
    return set(command.model_fields) if command else set()


def _put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def _validated(
    command: type[Command] | None, body: Mapping[str, Any]
) -> tuple[Command | None, Values]:
    """The command and its values. Raises InvalidInput."""
    if command is None:
        return None, {}
    version = {"source_version": 1} if "source_version" in command.model_fields else {}
    try:
        valid = command.model_validate({**version, **body})
    except ValidationError as wrong:
        errors = [field_error(dict(one)) for one in wrong.errors()]
        raise InvalidInput(errors=errors) from wrong
    return valid, given_values(valid)


def _require_same(fixed: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raise InvalidInput where the row would change what stays as it is once it is made."""
    errors = [
        FieldError(f"/{name}", "fixed_field", _FIXED, {"present": text_of(before[name])})
        for name, value in sorted(fixed.items())
        if name in before and text_of(value) != text_of(before[name])
    ]
    if errors:
        raise InvalidInput(errors=errors)


_AWAY = """select distinct record_id from record_import_undo
  where outcome = 'put_away' and record_id = any($1::uuid[])"""
