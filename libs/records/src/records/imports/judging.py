"""What a row of a file would write, or all that is wrong with it. Nothing is written here."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from chassis.ids import uuid7
from chassis.problems.field_errors import field_error
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.unit_of_work import Work
from records.custom.definitions import CustomFields, current_fields
from records.custom.values import merged
from records.custom_writes import missing_references
from records.entities import Values
from records.imports.cells import EXTERNAL_REFS, ReadRow
from records.imports.resolving import Found, external_id_of, records_of, referred
from records.imports.targets import EXTERNAL_ID, ID, STATUS
from records.sheets.columns import text_of
from records.sheets.kinds import CUSTOM, TAGS, RecordSheet
from records.types import RecordType
from records.upserts import require
from records.writes import given_values
from values.text import Command

__all__ = ["Item", "judge"]

_FIXED = "This cannot be changed on a record that is known here; it is {present}."
_NO_SUCH = "There is no record {text} here that this column could mean."
_NO_STATE = "{text} is none of {known}."
_NO_ID = "Nothing in this row says which record it is: an id of 1 to 200 signs on one line."
_ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_MISSING = "missing"
_WHOLE = {"", "/"}
"""Where errors are that are of no field but of the row."""


@dataclass
class Item:
    """A row: the values of a new record, or what changes of a known one, and what is wrong.

    `custom`: all custom fields as the record is to have them. `absent`: pointers of fields that the
    row gives in vain, so that what else is said of these is a consequence only.
    """

    external_id: str
    place: int
    id: UUID
    is_new: bool
    row: ReadRow
    values: Values = field(default_factory=dict)
    command: Command | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)

    def refuse(self, name: str, code: str, text: str, facts: Mapping[str, Any]) -> None:
        """Note what is wrong with a field that the row gives."""
        pointer = _pointer(name)
        self.errors.append(FieldError(pointer, code, text, facts))
        self.absent.add(pointer)


async def judge(
    work: Work,
    sheet: RecordSheet,
    kind: RecordType[Any, Any],
    system: str,
    rows: Sequence[ReadRow],
    *,
    pending: Collection[str] = (),
) -> list[Item]:
    """Each row with all that its columns, its custom fields and its references have wrong.

    `pending`: texts by which rows of the same file will be found, of a dry run.
    """
    found = await referred(work, sheet, system, rows)
    known = await records_of(work, sheet, system, rows)
    present = await _present(work, sheet, kind, [one for one in known if one])
    custom = await current_fields(work, kind.name) if kind.has_custom_fields else None
    judged = _Judge(sheet, kind, system, pending, found, present, custom)
    items = [
        judged.item(place, row, record_id)
        for place, (row, record_id) in enumerate(zip(rows, known, strict=True))
    ]
    if custom:
        before = [present.get(item.id, {}).get(CUSTOM) or {} for item in items]
        after = [item.custom for item in items]
        missing = await missing_references(work, kind.entity, custom, after, before)
        for item, errors in zip(items, missing, strict=True):
            item.errors += errors
    return items


async def _present(
    work: Work, sheet: RecordSheet, kind: RecordType[Any, Any], ids: Sequence[UUID]
) -> dict[UUID, dict[str, Any]]:
    """The records as exports show them, ids that are shown by another text, and if taken away.

    Taken away: by the undo of an import.
    """
    views = await kind.reads.get_all(work, ids) if ids else []
    records = await sheet.records(work, views)
    away = await work.sql.fetch(_AWAY, list(ids)) if sheet.takes_away else []
    back = {row["record_id"] for row in away}
    shown = [name for name, reference in sheet.references.items() if reference.shows]
    return {
        one.id: record
        | {"_away": one.id in back, "_ids": {name: str(getattr(one, name)) for name in shown}}
        for one, record in zip(views, records, strict=True)
    }


@dataclass(frozen=True)
class _Judge:
    """Judges rows by what was looked up for all of them."""

    sheet: RecordSheet
    kind: RecordType[Any, Any]
    system: str
    pending: Collection[str]
    found: Found
    present: Mapping[UUID, Mapping[str, Any]]
    custom: CustomFields | None

    def item(self, place: int, row: ReadRow, record_id: UUID | None) -> Item:
        """What is written for a row, and all that is wrong with it."""
        their = external_id_of(row, self.sheet, self.system)
        item = Item(their, place, record_id or uuid7(), record_id is None, row)
        for name, refused in row.wrong:
            item.refuse(name, refused.code, refused.text, refused.facts)
        if item.absent & _WHOLE:
            return item
        is_named = record_id is not None or bool(_ID.fullmatch(their))
        identity = {_pointer(one) for one in (EXTERNAL_ID, ID, EXTERNAL_REFS, self.sheet.key)}
        if not is_named and not item.absent & identity:
            item.errors.append(FieldError("", "no_identity", _NO_ID))
        body = self._body(item)
        more = [*self._fill(item, body), *self._lay_custom(item, body)]
        known = {(one.pointer, one.code) for one in item.errors}
        for one in more:
            if not _follows(one, item.absent) and (is_named or one.code != _MISSING):
                item.errors += [one] if (one.pointer, one.code) not in known else []
                known.add((one.pointer, one.code))
        return item

    def _body(self, item: Item) -> dict[str, Any]:
        """The fields of the command, references looked up."""
        body, found, sheet = dict[str, Any](), self.found, self.sheet
        key_only = {sheet.key} - _fields(sheet.new) - _fields(sheet.change)
        references_last = sorted(item.row.values.items(), key=lambda one: one[0] in found)
        for name, value in references_last:  # one with an id says it surer than a number
            if name in {ID, EXTERNAL_ID, EXTERNAL_REFS, STATUS, TAGS} or name in key_only:
                continue
            reference = sheet.references.get(name)
            if reference is None:
                _put(body, name.split("."), value)
            elif value in found[name]:
                body[reference.into or name] = found[name][value]
            elif reference.table == sheet.name and value in self.pending:
                item.absent.add(_pointer(reference.into or name))
            else:
                item.refuse(name, "missing_reference", _NO_SUCH, {"text": repr(value)})
                item.absent.add(_pointer(reference.into or name))
        return body

    def _fill(self, item: Item, body: Mapping[str, Any]) -> Iterator[FieldError]:
        """Make the values of the body; what is wrong with it."""
        new, change = self.sheet.new, self.sheet.change
        before, status = self.present.get(item.id, {}), item.row.text(STATUS)
        if item.is_new:
            own = {name: one for name, one in body.items() if name in _fields(new)}
            rest = {name: one for name, one in body.items() if name not in own}
            yield from _validate(item, new, own)
        else:
            rest = {name: one for name, one in body.items() if name in _fields(change)}
            yield from _changed_fixed({one: body[one] for one in body.keys() - rest.keys()}, before)
            if before.get("_away") and not status:
                item.values = self.sheet.puts_back
        if rest:
            yield from _validate(item, change, rest)
        if status and status != before.get(STATUS, "active"):
            if status in self.sheet.states:
                item.values = {**item.values, **self.sheet.states[status]}
            else:
                facts = {"text": repr(status), "known": ", ".join(self.sheet.states)}
                yield FieldError("/status", "unknown_value", _NO_STATE, facts)
        if item.is_new:
            needed = set(self.kind.required) & _fields(new)
            yield from _errors_of(require, {**body, **item.values}, *needed)

    def _lay_custom(self, item: Item, body: Mapping[str, Any]) -> Iterator[FieldError]:
        """Read the custom fields; what is wrong with them."""
        given = body.get(CUSTOM, {})
        if self.custom is None or not (given or item.is_new):
            return
        before = self.present.get(item.id, {}).get(CUSTOM) or {}
        try:
            item.custom = merged(self.custom, before, given, is_new=item.is_new)
        except InvalidInput as refused:
            wrong = {one.pointer.split("/")[2] for one in refused.errors}
            right = {key: value for key, value in given.items() if key not in wrong}
            item.custom = merged(self.custom, before, right, is_new=False)
            yield from refused.errors


def _follows(error: FieldError, absent: Collection[str]) -> bool:
    """Whether the error says of a field, of a part of it or of the row what follows from others."""
    if error.pointer in _WHOLE:
        return bool(absent)
    return any(
        f"{error.pointer}/".startswith(f"{one}/") or f"{one}/".startswith(f"{error.pointer}/")
        for one in absent
    )


def _pointer(name: str) -> str:
    return "/" + name.replace(".", "/") if name else ""


def _fields(command: type[BaseModel] | None) -> set[str]:
    return set(command.model_fields) if command else set()


def _put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def _validate(
    item: Item, command: type[Command] | None, body: Mapping[str, Any]
) -> Iterator[FieldError]:
    """Make the command, and add its values to those of the item; what the validator refuses."""
    if command is None:
        return
    version = {"source_version": 1} if "source_version" in command.model_fields else {}
    try:
        item.command = command.model_validate({**version, **body})
    except ValidationError as wrong:
        yield from (field_error(dict(one)) for one in wrong.errors())
    else:
        item.values = {**item.values, **given_values(item.command)}


def _errors_of(check: Any, *given: Any) -> Sequence[FieldError]:
    try:
        check(*given)
    except InvalidInput as refused:
        return refused.errors
    return ()


def _changed_fixed(fixed: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[FieldError]:
    """Where the row would change what stays as it is once it is made."""
    compared = {**before, **before.get("_ids", {})}
    for name, value in sorted(fixed.items()):
        if name in before and text_of(value) != text_of(compared[name]):
            yield FieldError(f"/{name}", "fixed_field", _FIXED, {"present": text_of(before[name])})


_AWAY = """select distinct record_id from record_import_undo
  where outcome = 'put_away' and record_id = any($1::uuid[])"""
