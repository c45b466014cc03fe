"""Rows to documents: what is sent for each, or every reason why it cannot be."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from importer.errors import MappingError, RowError
from importer.files import open_csv
from importer.mapping import Mapping as SourceMapping
from importer.mapping import Resource, VersionRule
from importer.rules import FieldRule, fill, placeholders
from importer.values import OMIT, Tables, column_of, field_value, table_of
from values.sheets.cells import check_readable
from values.sheets.csv_files import Row
from values.sheets.numbers import check_undamaged, whole_number
from values.sheets.refused import Refused

__all__ = ["Document", "Skipped", "Unsound", "documents", "load_tables"]


@dataclass(frozen=True)
class Document:
    """What is sent for a row, or for several rows that make one document."""

    rows: Sequence[Row]
    external_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Unsound:
    """Rows that make no document, and why."""

    rows: Sequence[Row]
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
    """For each row what to send, or why it cannot be; rows that are not wanted do not count.

    Where rows make documents together, they need not stand together: the whole file is read.
    """
    making = _Making(resource, tables, imported_at_ms)
    seen = _Seen()
    groups: dict[str, list[Row]] = {}
    for row, footer in _with_footers(rows, resource):
        if footer:
            yield Skipped(row, "footer")
        elif row.unread:
            error = RowError(row.number, "", "", "", row.unread.code, str(row.unread))
            yield Unsound([row], [error])
        elif not _wanted(resource, row):
            continue
        elif resource.rows is None:
            made = making.document([row])
            yield seen.judge(made, resource) if isinstance(made, Document) else made
        else:
            key = "\n".join(row.values[name] for name in sorted(resource.id_columns()))
            groups.setdefault(key, []).append(row)
    for group in groups.values():
        yield making.document(group)


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
        content = orjson.dumps(made.body, option=orjson.OPT_SORT_KEYS, default=repr)
        digest = hashlib.blake2b(content, digest_size=12).digest()
        [row] = made.rows
        number, first = self._first.setdefault(made.external_id, (row.number, digest))
        if number == row.number:
            return made
        if first == digest:
            return Skipped(row, "repeated")
        told = f"{made.external_id!r} stands in row {number} already, with other values."
        column = ", ".join(sorted(resource.id_columns()))
        error = RowError(row.number, made.external_id, "external_id", column, "id_twice", told)
        return Unsound([row], [error])


@dataclass(frozen=True)
class _Making:
    """Makes documents of rows, and notes everything that is wrong with them."""

    resource: Resource
    tables: Tables
    imported_at_ms: int

    def document(self, rows: Sequence[Row]) -> Document | Unsound:
        """The document of the rows: their common fields, and a list entry of each."""
        first, wrong = rows[0], list[RowError]()
        external_id = ""
        try:
            external_id = _external_id(self.resource, first)
        except Refused as refused:
            columns = ", ".join(sorted(self.resource.id_columns()))
            wrong.append(_error(first, "", "external_id", columns, refused))
        body = self._fields(first, external_id, self.resource.fields, wrong)
        if self.resource.rows:
            for row in rows[1:]:
                self._agrees(row, external_id, body, wrong)
            body[self.resource.rows.into] = [
                self._fields(row, external_id, self.resource.rows.fields, wrong) for row in rows
            ]
        try:
            body |= _own_fields(self.resource, first, external_id, self.imported_at_ms)
        except Refused as refused:
            column = getattr(self.resource.source_version, "column", "")
            wrong.append(_error(first, external_id, "source_version", column, refused))
        return Unsound(rows, wrong) if wrong else Document(rows, external_id, body)

    def _fields(
        self,
        row: Row,
        external_id: str,
        rules: Mapping[str, FieldRule],
        wrong: list[RowError],
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path, rule in rules.items():
            try:
                _put(found, path, field_value(rule, row.values, self.tables))
            except Refused as refused:
                wrong.append(_error(row, external_id, path, column_of(rule), refused))
        return dict(_with_lists(found))

    def _agrees(
        self, row: Row, external_id: str, body: Mapping[str, Any], wrong: list[RowError]
    ) -> None:
        """What is said for the whole document is the same in each of its rows."""
        own = self._fields(row, external_id, self.resource.fields, [])
        if differing := sorted(name for name in {*own, *body} if own.get(name) != body.get(name)):
            columns = {
                column
                for path, rule in self.resource.fields.items()
                if path.split(".")[0] in differing
                for column in rule.columns()
            }
            told = f"{', '.join(differing)}: other than in the document's first row."
            refused = Refused("rows_differ", told)
            wrong.append(
                _error(row, external_id, differing[0], ", ".join(sorted(columns)), refused)
            )


def _error(row: Row, external_id: str, field: str, column: str, refused: Refused) -> RowError:
    return RowError(row.number, external_id, field, column, refused.code, str(refused))


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
