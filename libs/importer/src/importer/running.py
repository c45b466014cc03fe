"""One import from end to end: checks, rows, outcomes, and the files of rows that failed."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import httpx

from importer.documents import Document, Skipped, Unsound, documents, load_tables
from importer.errors import MappingError, RowError, SendingFailed
from importer.failures import Failed, check_apart, set_aside, write_failed
from importer.files import open_csv
from importer.mapping import Mapping, Resource
from importer.reports import ImportReport, ResourceReport
from importer.sending import Outcome, Sender
from importer.values import Tables
from values.sheets.csv_files import CsvFile, Row

__all__ = ["run_import"]


@dataclass(frozen=True)
class _Run:
    """What one import works with; `failed` are the rows so far, by file: two may share one."""

    files: dict[str, CsvFile]
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
    before anything is sent when mapping and files do not fit, SendingFailed when the API refuses
    before it took anything; later the report says why it `stopped`.
    """
    started = time.monotonic()
    started_at_ms = time.time_ns() // 1_000_000
    resources = _present(mapping, rows_from)
    check_apart(errors_to, source, [one.file for one in mapping.resources])
    report = ImportReport(dry_run=dry_run)
    run = _Run(
        files=_opened(resources, rows_from or source),
        errors_to=errors_to,
        tables=load_tables(source, mapping),
        sender=Sender(client, run=str(started_at_ms), import_id=report.import_id, dry_run=dry_run),
        started_at_ms=started_at_ms,
        limit=limit,
    )
    try:
        for resource in resources:
            report.resources.append(ResourceReport(resource.name, resource.file))
            await _import_resource(run, resource, report.resources[-1])
    except SendingFailed as stopped:
        if not run.sender.sent:
            raise
        report.stopped = str(stopped)
    _write_files(run, report, rows_from)
    report.seconds = time.monotonic() - started
    return report


def _present(mapping: Mapping, rows_from: Path | None) -> Sequence[Resource]:
    """The resources to send: all, or those whose corrected rows are there."""
    if rows_from is None:
        return mapping.resources
    resources = [one for one in mapping.resources if (rows_from / one.file).exists()]
    if not resources:
        raise MappingError([f"{rows_from}: has none of the mapping's files"])
    return resources


def _opened(resources: Iterable[Resource], folder: Path) -> dict[str, CsvFile]:
    """The file of each resource, by its name. Raises MappingError with what is wrong in any."""
    opened: dict[str, CsvFile] = {}
    problems: list[str] = []
    for resource in resources:
        try:
            opened[resource.name] = open_csv(folder / resource.file, resource, resource.columns())
        except MappingError as wrong:
            problems += wrong.problems
    if problems:
        raise MappingError(problems)
    return opened


async def _import_resource(run: _Run, resource: Resource, report: ResourceReport) -> None:
    rows = islice(run.files[resource.name].rows(), run.limit)
    failed: Failed = {}
    made = documents(rows, resource, run.tables, imported_at_ms=run.started_at_ms)
    try:
        for ready in _batches(_sound(made, report, failed), resource.batch_size):
            for outcome in await run.sender.send(resource, ready):
                _count(report, outcome, failed)
    finally:
        report.errors.sort(key=lambda error: error.row)
        so_far = run.failed.setdefault(resource.file, {})
        for number, (row, errors) in failed.items():
            so_far[number] = (row, [*so_far.get(number, (row, []))[1], *errors])


def _sound(
    made: Iterable[Document | Unsound | Skipped], report: ResourceReport, failed: Failed
) -> Iterator[Document]:
    """The documents; rows that make none are counted, and kept where they failed."""
    for one in made:
        if isinstance(one, Document):
            yield one
        elif isinstance(one, Skipped):
            report.counts[one.why] += 1
        else:
            report.counts["failed"] += 1
            _keep(report, failed, one.rows, one.errors)


def _count(report: ResourceReport, outcome: Outcome, failed: Failed) -> None:
    report.counts[outcome.status] += 1
    if outcome.status == "failed":
        _keep(report, failed, outcome.document.rows, outcome.errors)
    else:
        report.errors.extend(outcome.errors)


def _keep(
    report: ResourceReport, failed: Failed, rows: Sequence[Row], errors: Sequence[RowError]
) -> None:
    """Note why a document was not taken; all its rows go to the file of failed rows."""
    report.errors.extend(errors)
    for row in rows:
        own = [error for error in errors if error.row == row.number]
        failed[row.number] = (row, own or [_with_another(row, errors[0])])


def _with_another(row: Row, error: RowError) -> RowError:
    told = f"row {error.row} of the same document was refused"
    return replace(error, row=row.number, field="", column="", code="same_document", message=told)


def _batches(ready: Iterator[Document], size: int) -> Iterator[list[Document]]:
    while batch := list(islice(ready, size)):
        yield batch


def _write_files(run: _Run, report: ImportReport, rows_from: Path | None) -> None:
    """The files of failed rows; those that were sent again are set aside, as they are done."""
    if rows_from and (report.dry_run or report.stopped):
        return  # they are still to be sent
    for name, file in {one.file: run.files[one.name] for one in report.resources}.items():
        if rows_from:
            set_aside(rows_from / name)
        if failed := run.failed.get(name):
            write_failed(run.errors_to / name, failed, file)
    for resource in report.resources:
        if resource.counts["failed"]:
            resource.error_file = str(run.errors_to / resource.file)
