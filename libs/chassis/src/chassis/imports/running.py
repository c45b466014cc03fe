"""One import from end to end: checks, rows, outcomes, and the file of rows that failed."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from chassis.imports.mapping import Mapping, MappingError, Resource
from chassis.imports.reading import (
    EXTRA_COLUMNS,
    Document,
    Row,
    RowError,
    documents,
    load_tables,
    missing_columns,
    read_rows,
)
from chassis.imports.sending import Outcome, Sender
from chassis.imports.values import Tables

__all__ = ["ImportReport", "ResourceReport", "run_import"]


@dataclass
class ResourceReport:
    """What became of one resource's rows."""

    name: str
    file: str
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)
    error_file: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "name": self.name,
            "file": self.file,
            "counts": dict(sorted(self.counts.items())),
            "errors": [asdict(error) for error in self.errors],
            "error_file": self.error_file,
        }


@dataclass
class ImportReport:
    """What became of an import."""

    dry_run: bool
    resources: list[ResourceReport] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many rows were not taken."""
        return sum(resource.counts["failed"] for resource in self.resources)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "dry_run": self.dry_run,
            "seconds": round(self.seconds, 3),
            "failed": self.failed,
            "resources": [resource.as_json() for resource in self.resources],
        }


Failed: TypeAlias = dict[int, tuple[Row, list[RowError]]]
"""Rows of a file that were not taken, by their number."""


@dataclass(frozen=True)
class _Run:
    """What one import works with; `failed` are the rows so far, by file: two may share one."""

    mapping: Mapping
    rows_from: Path
    errors_to: Path
    tables: Tables
    sender: Sender
    started_at_ms: int
    limit: int | None
    failed: dict[str, Failed] = field(default_factory=dict)


async def run_import(
    mapping: Mapping,
    client: httpx.AsyncClient,
    *,
    source: Path,
    errors_to: Path,
    rows_from: Path | None = None,
    dry_run: bool = False,
    limit: int | None = None,
) -> ImportReport:
    """Import every resource of the mapping, in its order; of each at most `limit` rows.

    Rows that fail are written to `errors_to` under the name of their file; corrected there, they
    are sent again with `rows_from`, while look-ups still come from `source`. Raises MappingError
    before anything is sent when mapping and files do not fit, SendingFailed when the API refuses.
    """
    started = time.monotonic()
    started_at_ms = time.time_ns() // 1_000_000
    resources = _present(mapping, source, rows_from)
    run = _Run(
        mapping=mapping,
        rows_from=rows_from or source,
        errors_to=errors_to,
        tables=load_tables(source, mapping),
        sender=Sender(client, run=str(started_at_ms), dry_run=dry_run),
        started_at_ms=started_at_ms,
        limit=limit,
    )
    report = ImportReport(dry_run=dry_run)
    for resource in resources:
        report.resources.append(await _import_resource(run, resource))
    for file, failed in run.failed.items():  # last, as rows may have been read from there
        _write_failed(errors_to / file, failed, mapping)
    report.seconds = time.monotonic() - started
    return report


def _present(mapping: Mapping, source: Path, rows_from: Path | None) -> Sequence[Resource]:
    """The resources to send; each file is there with every column that is needed."""
    resources = mapping.resources
    if rows_from:
        resources = [one for one in resources if (rows_from / one.file).exists()]
    problems = [
        problem
        for resource in resources
        for problem in missing_columns(
            (rows_from or source) / resource.file, mapping, resource.columns()
        )
    ]
    if not resources:
        problems = [f"{rows_from}: has none of the mapping's files"]
    if problems:
        raise MappingError(problems)
    return resources


async def _import_resource(run: _Run, resource: Resource) -> ResourceReport:
    report = ResourceReport(resource.name, resource.file)
    rows = islice(read_rows(run.rows_from / resource.file, run.mapping), run.limit)
    failed: Failed = {}
    made = documents(rows, resource, run.tables, imported_at_ms=run.started_at_ms)
    for ready in _batches(_sound(made, report, failed), resource.batch_size):
        for outcome in await run.sender.send(resource, ready):
            _count(report, outcome, failed)
    report.errors.sort(key=lambda error: error.row)
    if failed:
        so_far = run.failed.setdefault(resource.file, {})
        for number, (row, errors) in failed.items():
            so_far[number] = (row, [*so_far.get(number, (row, []))[1], *errors])
        report.error_file = str(run.errors_to / resource.file)
    return report


def _sound(
    made: Iterable[Document | tuple[Row, list[RowError]]],
    report: ResourceReport,
    failed: Failed,
) -> Iterator[Document]:
    """The documents; rows that make none are counted and kept for the file of failed rows."""
    for one in made:
        if isinstance(one, Document):
            yield one
        else:
            row, errors = one
            report.counts["failed"] += 1
            report.errors.extend(errors)
            failed[row.number] = (row, errors)


def _count(
    report: ResourceReport,
    outcome: Outcome,
    failed: Failed,
) -> None:
    report.counts[outcome.status] += 1
    report.errors.extend(outcome.errors)
    if outcome.status == "failed":
        row = outcome.document.row
        failed[row.number] = (row, list(outcome.errors))


def _batches(ready: Iterator[Document], size: int) -> Iterator[list[Document]]:
    while batch := list(islice(ready, size)):
        yield batch


def _write_failed(path: Path, failed: Failed, mapping: Mapping) -> None:
    """The failed rows as they were read, with their number and reasons beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(iter(failed.values()))[0]
    columns = [name for name in first.values if name not in EXTRA_COLUMNS]
    with path.open("w", encoding=mapping.encoding, newline="") as file:
        writer = csv.writer(file, delimiter=mapping.delimiter)
        writer.writerow([*columns, *EXTRA_COLUMNS])
        for number, (row, errors) in sorted(failed.items()):
            told = "; ".join(f"{error.field or 'row'}: {error.message}" for error in errors)
            writer.writerow([*(row.values[name] for name in columns), number, told])
