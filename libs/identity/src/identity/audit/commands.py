"""Commands about the audit log: is it whole, and out into a file that can be checked elsewhere."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chassis.cli.console import AsJson, Refusal, command, show
from chassis.cli.installation import connected
from chassis.service import Service
from identity.audit.verifying import Verified, export_lines, verify_file, verify_log

__all__ = ["add_audit"]

After = Annotated[int, typer.Option(min=0, help="Only entries after this position.")]
Target = Annotated[Path, typer.Argument(dir_okay=False, help="The file to be made, JSON lines.")]
Source = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file of `export`.")]
LastHash = Annotated[
    str | None,
    typer.Option(help="The hash that the last entry must have, as it was written down elsewhere."),
]


def add_audit(cli: typer.Typer, service: Service) -> None:
    """Add the group `audit`."""
    group = typer.Typer(no_args_is_help=True, help="The audit log: check it, take it out.")
    cli.add_typer(group, name="audit")

    @group.command()
    @command
    async def verify(as_json: AsJson = False) -> None:
        """Compute the hash of every entry anew."""
        async with connected(service) as (_here, database), database.driver() as sql:
            _show(await verify_log(sql), as_json=as_json)

    @group.command()
    @command
    async def export(target: Target, *, after: After = 0, as_json: AsJson = False) -> None:
        """Write entries to a new file, which `verify-file` checks without a database."""
        number = 0
        try:
            file = target.open("x", encoding="utf-8")
        except OSError as wrong:
            message = f"cannot make {target}: {wrong.strerror}"
            raise Refusal(message) from wrong
        with file:
            async with connected(service) as (_here, database), database.driver() as sql:
                async for line in export_lines(sql, after=after):
                    file.write(f"{line}\n")
                    number += 1
        show({"entries": number, "file": str(target)}, f"{number} entries", as_json=as_json)

    @group.command(name="verify-file")
    @command
    async def verify_exported(
        source: Source, *, last_hash: LastHash = None, as_json: AsJson = False
    ) -> None:
        """Check a file of `export`; needs no database."""
        try:
            with source.open(encoding="utf-8") as file:
                found = verify_file(file, expected_last=last_hash)
        except ValueError as wrong:
            raise Refusal(str(wrong)) from wrong
        _show(found, as_json=as_json)


def _show(found: Verified, *, as_json: bool) -> None:
    """Say what was found. Raises Refusal where the log is not whole."""
    if not found.is_whole:
        message = f"the audit log is not whole: see the entry at position {found.broken_at}"
        raise Refusal(message)
    words = f"{found.entries} entries, whole; the last is {found.last_position}, {found.last_hash}"
    show(asdict(found), words, as_json=as_json)
