"""Rows to documents: what is sent for each, or every reason why it cannot be."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from importer.errors import MappingError, Refused, RowError
from importer.files import Row, open_csv
from importer.mapping import Mapping as SourceMapping
from importer.mapping import Resource, VersionRule
from importer.numbers import check_undamaged, whole_number
from importer.rules import fill, placeholders
from importer.values import (
    OMIT,
    Tables,
    check_readable,
    column_of,
    field_value,
    table_of,
)

__all__ = ["Document", "Skipped", "Unsound", "document", "documents", "load_tables"]


@dataclass(frozen=True)
class Document:
    """What is sent for a row."""

    row: Row
    external_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Unsound:
    """A row that makes no document."""

    row: Row
    errors: list[RowError]


@dataclass(frozen=True)
class Skipped:
    """A row that is rightly left out.

    `footer`: a line of totals at the end; `repeated`: the same row once more.
    """

    row: Row
    why: str


def load_tables(folder: Path, source: SourceMapping) -> Tables:
    """Every look-up table of the mapping. Raises MappingError.

    A key that stands in the file twice with different values is refused.
    """
    tables: dict[tuple[str, str, str], dict[str, str]] = {}
    for lookup in (one for resource in source.resources for one in resource.lookups()):
        if table_of(lookup) in tables:
            continue
        table = tables.setdefault(table_of(lookup), {})
        file = open_csv(folder / lookup.file, source, {lookup.key, lookup.value})
        for row in file.rows():
            problem = str(row.unread) if row.unread else None
            key, value = (row.values[name] for name in (lookup.key, lookup.value))
            if problem is None and table.setdefault(key, value) != value:
                problem = f"{lookup.key} {key!r} stands twice, as {table[key]!r} and {value!r}"
            if problem:
                raise MappingError([f"{file.path}: row {row.number}: {problem}"])
    return tables


def documents(
    rows: Iterator[Row], resource: Resource, tables: Tables, *, imported_at_ms: int
) -> Iterator[Document | Unsound | Skipped]:
    """For each row what to send, or why it cannot be; rows that are not wanted do not count."""
    seen = _Seen()
    for row, footer in _with_footers(rows, resource):
        if footer:
            yield Skipped(row, "footer")
        elif row.unread or _wanted(resource, row):
            made = document(row, resource, tables, imported_at_ms=imported_at_ms)
            yield seen.judge(made, resource) if isinstance(made, Document) else Unsound(row, made)


def _wanted(resource: Resource, row: Row) -> bool:
    kept = all(row.values[name] in some for name, some in resource.only.items())
    return kept and not any(row.values[name] in some for name, some in resource.without.items())


def _with_footers(rows: Iterable[Row], resource: Resource) -> Iterator[tuple[Row, bool]]:
    """The rows, and whether each is a footer: lines of totals after which only such follow."""
    waiting: list[Row] = []
    for row in rows:
        if row.is_total(resource.id_columns()):
            waiting.append(row)
            continue
        yield from ((one, False) for one in waiting)
        waiting.clear()
        yield row, False
    yield from ((one, True) for one in waiting)


class _Seen:
    """The ids of a file so far: one that comes again with other content is an error."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[int, bytes]] = {}

    def judge(self, made: Document, resource: Resource) -> Document | Unsound | Skipped:
        content = orjson.dumps(made.body, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(content, digest_size=12).digest()
        number, first = self._first.setdefault(made.external_id, (made.row.number, digest))
        if number == made.row.number:
            return made
        if first == digest:
            return Skipped(made.row, "repeated")
        told = f"{made.external_id!r} stands in row {number} already, with other values."
        column = ", ".join(sorted(resource.id_columns()))
        error = RowError(made.row.number, made.external_id, "external_id", column, "id_twice", told)
        return Unsound(made.row, [error])


def document(
    row: Row, resource: Resource, tables: Tables, *, imported_at_ms: int
) -> Document | list[RowError]:
    """The document of one row, or everything that is wrong with it."""
    if row.unread:
        return [RowError(row.number, "", "", "", row.unread.code, str(row.unread))]
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    wrong: list[tuple[str, str, Refused]] = []
    external_id = ""
    try:
        external_id = _external_id(resource, row)
    except Refused as refused:
        wrong.append(("external_id", ", ".join(sorted(resource.id_columns())), refused))
    for path, rule in resource.fields.items():
        try:
            _put(found, path, field_value(rule, row.values, tables))
        except Refused as refused:
            wrong.append((path, column_of(rule), refused))
    try:
        own = _own_fields(resource, row, external_id, imported_at_ms)
    except Refused as refused:
        wrong.append(("source_version", getattr(resource.source_version, "column", ""), refused))
    if wrong:
        return [
            RowError(row.number, external_id, field, column, refused.code, str(refused))
            for field, column, refused in wrong
        ]
    return Document(row, external_id, _with_lists(found) | own)


def _own_fields(
    resource: Resource, row: Row, external_id: str, imported_at_ms: int
) -> dict[str, Any]:
    """What every upsert carries beside the mapped fields."""
    own: dict[str, Any] = {"external_id": external_id} if resource.method == "batch" else {}
    version = _version(resource, row, imported_at_ms)
    return own if version is None else own | {"source_version": version}


def _external_id(resource: Resource, row: Row) -> str:
    """The row's id. Raises Refused: it is empty, damaged or a line of totals."""
    for column in resource.id_columns():
        check_readable(row.values[column])
        check_undamaged(row.values[column])
    if row.is_total(resource.id_columns()):
        raise Refused("total_row", "This looks like a line of totals; name it in `without`.")
    if placeholders(resource.external_id):
        empty = [one for one in resource.id_columns() if not row.values[one]]
        external_id = "" if empty else fill(resource.external_id, row.values)
    else:
        external_id = row.values[resource.external_id]
    if not external_id:
        raise Refused("empty", "The id is empty.")
    return external_id


def _version(resource: Resource, row: Row, imported_at_ms: int) -> int | None:
    rule = resource.source_version
    if isinstance(rule, VersionRule):
        return whole_number(row.values[rule.column])
    if isinstance(rule, int):
        return rule
    return imported_at_ms if rule == "time" else None


def _put(found: dict[str, Any], path: str, value: Any) -> None:
    if value is OMIT:
        return
    *outer, last = path.split(".")
    for part in outer:
        found = found.setdefault(part, {})
    found[last] = value


def _with_lists(value: Any) -> Any:
    """Parts whose keys are all numbers become lists: `lines.0.sku`."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(one) for key, one in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
