"""Rows to documents: pure functions, with every reason why a row cannot be sent."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.imports.mapping import Mapping as SourceMapping
from chassis.imports.mapping import MappingError, Resource, VersionRule, fill
from chassis.imports.values import (
    OMIT,
    Refused,
    Tables,
    column_of,
    field_value,
    table_of,
    whole_number,
)

__all__ = [
    "EXTRA_COLUMNS",
    "Document",
    "Row",
    "RowError",
    "document",
    "documents",
    "load_tables",
    "missing_columns",
    "read_rows",
]


EXTRA_COLUMNS = ("import_row", "import_error")
"""What a file of failed rows has beside the source's own columns; ignored when it is re-sent."""


@dataclass(frozen=True)
class Row:
    """One record of a file. `number` counts as a spreadsheet does: the header is row 1."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class RowError:
    """Why a row was not taken: which field, which column it came from, what is wrong."""

    row: int
    external_id: str
    field: str
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class Document:
    """What is sent for a row."""

    row: Row
    external_id: str
    body: Mapping[str, Any]


def read_rows(path: Path, source: SourceMapping) -> Iterator[Row]:
    """The rows of a file, one at a time. Raises MappingError when it cannot be read as CSV."""
    number = 1
    try:
        with path.open(encoding=source.encoding, newline="") as file:
            for number, values in enumerate(_reader(file, source), 2):
                if None in values or None in values.values():
                    problem = "this row has more or fewer fields than the header"
                    raise MappingError([f"{path}: row {number}: {problem}"])
                yield Row(_first_number(number, values), values)
    except (OSError, csv.Error) as unreadable:
        raise MappingError([f"{path}: row {number}: {unreadable}"]) from unreadable
    except UnicodeDecodeError as wrong:
        problem = f"near row {number} is not {source.encoding}; set `encoding` in the mapping"
        raise MappingError([f"{path}: {problem}"]) from wrong


def _reader(file: Any, source: SourceMapping) -> Iterator[dict[str, str]]:
    return csv.DictReader(file, delimiter=source.delimiter, strict=True)


def _first_number(number: int, values: Mapping[str, str]) -> int:
    """The row's number in the first file, also when it comes from a file of failed rows."""
    known = values.get(EXTRA_COLUMNS[0], "")
    return int(known) if known.isdigit() else number


def missing_columns(path: Path, source: SourceMapping, needed: set[str]) -> list[str]:
    """A problem for each needed column that the file lacks, and one when it is no file."""
    try:
        with path.open(encoding=source.encoding, newline="") as file:
            present = next(csv.reader(file, delimiter=source.delimiter), [])
    except (OSError, UnicodeDecodeError) as unreadable:
        return [f"{path}: {unreadable}"]
    known = ", ".join(present)
    return [
        f"{path}: there is no column {column!r}; it has: {known}"
        for column in sorted(needed - set(present))
    ]


def load_tables(folder: Path, source: SourceMapping) -> Tables:
    """Every look-up table of the mapping. Raises MappingError."""
    tables: dict[tuple[str, str, str], dict[str, str]] = {}
    for lookup in (one for resource in source.resources for one in resource.lookups()):
        path = folder / lookup.file
        problems = missing_columns(path, source, {lookup.key, lookup.value})
        if problems:
            raise MappingError(problems)
        tables[table_of(lookup)] = {
            row.values[lookup.key].strip(): row.values[lookup.value].strip()
            for row in read_rows(path, source)
        }
    return tables


def documents(
    rows: Iterator[Row], resource: Resource, tables: Tables, *, imported_at_ms: int
) -> Iterator[Document | tuple[Row, list[RowError]]]:
    """For each row what to send, or why it cannot be; rows that are not wanted do not count."""
    for row in rows:
        if _wanted(resource, row):
            made = document(row, resource, tables, imported_at_ms=imported_at_ms)
            yield made if isinstance(made, Document) else (row, made)


def _wanted(resource: Resource, row: Row) -> bool:
    kept = all(row.values[name].strip() in some for name, some in resource.only.items())
    return kept and not any(
        row.values[name].strip() in some for name, some in resource.without.items()
    )


def document(
    row: Row, resource: Resource, tables: Tables, *, imported_at_ms: int
) -> Document | list[RowError]:
    """The document of one row, or everything that is wrong with it."""
    external_id = _external_id(resource, row)
    found: dict[str, Any] = {}
    wrong: list[tuple[str, str, Refused]] = []
    if not external_id:
        refused = Refused("empty", "The id is empty.")
        wrong.append(("external_id", resource.external_id, refused))
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
    if "{" in resource.external_id:
        return fill(resource.external_id, row.values)
    return row.values[resource.external_id].strip()


def _version(resource: Resource, row: Row, imported_at_ms: int) -> int | None:
    rule = resource.source_version
    if isinstance(rule, VersionRule):
        return whole_number(row.values[rule.column].strip())
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
