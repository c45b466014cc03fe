"""Commands that move data through the public API: import and export."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from chassis.cli.console import FAILED, AsJson, Refusal, command, show
from chassis.production import files_of_everybody
from chassis.secret_files import VARIABLES
from chassis.service import Service
from importer.errors import MappingError, SendingFailed
from importer.exporting import export
from importer.mapping import load_mapping
from importer.reports import ImportReport, ResourceReport
from importer.running import run_import

__all__ = ["add_commands"]

ERRORS_SHOWN_MAX = 20
Url = Annotated[
    str | None, typer.Option("--url", help="The service's address; default: this machine's.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", exists=True, dir_okay=False, help="File with the key.")
]


def add_commands(cli: typer.Typer, service: Service) -> None:
    """Add the commands `import` and `export`."""
    variable = f"{service.name.upper()}_API_KEY"
    key_option = typer.Option("--key", envvar=variable, help="API key.", show_default=False)

    @cli.command(name="import")
    @command
    async def import_csv(
        mapping: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        *,
        source: Annotated[Path, typer.Option(exists=True, file_okay=False, help="CSV folder.")],
        url: Url = None,
        key: Annotated[str | None, key_option] = None,
        key_file: KeyFile = None,
        errors: Annotated[Path, typer.Option(help="Folder for rows that failed.")] = Path(
            "import-errors"
        ),
        resend: Annotated[
            Path | None, typer.Option(exists=True, file_okay=False, help="Corrected error files.")
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge all, change none.")] = False,
        limit: Annotated[int | None, typer.Option(min=1, help="Rows of each file.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Import CSV files as the mapping says. Repeatable: rows are known by external id."""
        async with _api(service, url, key, key_file) as client:
            report = await run_import(
                load_mapping(mapping),
                client,
                source=source,
                errors_to=errors,
                rows_from=resend,
                dry_run=dry_run,
                limit=limit,
            )
        show(report.as_json(), _told(report), as_json=as_json)
        if report.failed or report.stopped:
            raise typer.Exit(FAILED)

    @cli.command(name="export")
    @command
    async def export_csv(
        resource: Annotated[str, typer.Argument(help="Such as customers, or a list's path.")],
        *,
        out: Annotated[Path, typer.Option(help="The CSV file to write.")],
        url: Url = None,
        key: Annotated[str | None, key_option] = None,
        key_file: KeyFile = None,
        as_json: AsJson = False,
    ) -> None:
        """Write all records of a resource to a CSV file that is safe to open in a spreadsheet."""
        path = resource if resource.startswith("/") else f"/v1/{resource}"
        async with _api(service, url, key, key_file) as client:
            count = await export(client, path, out)
        words = f"{count} records written to {out}"
        show({"resource": path, "records": count, "file": str(out)}, words, as_json=as_json)


@asynccontextmanager
async def _api(
    service: Service, url: str | None, key: str | None, key_file: Path | None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the public API. Raises Refusal without a key."""
    if key_file:
        key = await asyncio.to_thread(_key_in, key_file)
    if not key:
        message = f"give an API key: --key, --key-file or {service.name.upper()}_API_KEY"
        raise Refusal(message)
    if url is None:
        settings = service.settings()
        url = f"http://{settings.host}:{settings.port}"
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60.0) as client:
        try:
            yield client
        except (MappingError, SendingFailed) as failed:
            raise Refusal(str(failed)) from failed


def _key_in(path: Path) -> str:
    """The key in the file. Raises Refusal in production where every user can read it."""
    if VARIABLES.get("TANDEM_ENV") == "production":
        for wrong in files_of_everybody({"--key-file": path}):
            raise Refusal(wrong)
    return path.read_text(encoding="utf-8").strip()


def _told(report: ImportReport) -> str:
    lines = ["dry run: nothing was changed"] if report.dry_run else []
    for resource in report.resources:
        counts = ", ".join(f"{count} {status}" for status, count in resource.counts.items())
        lines.append(f"{resource.name} ({resource.file}): {counts or 'no rows'}")
        lines.extend(_errors(resource))
    if report.stopped:
        lines.append(f"stopped before the last row: {report.stopped}")
    lines.append(f"{report.seconds:.1f} s, import {report.import_id}")
    return "\n".join(lines)


def _errors(resource: ResourceReport) -> list[str]:
    shown = [
        f"  row {error.row} [{error.external_id}] {error.field or 'row'}: {error.message}"
        for error in resource.errors[:ERRORS_SHOWN_MAX]
    ]
    hidden = len(resource.errors) - len(shown)
    if hidden:
        shown.append(f"  ... and {hidden} more")
    if resource.error_file:
        shown.append(f"  failed rows: {resource.error_file} (correct them, then --resend)")
    return shown
