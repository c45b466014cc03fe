"""Commands about the readers of the feed for which events are kept."""

from typing import Annotated

import typer

from chassis.cli.console import AsJson, command, show, show_table
from chassis.cli.installation import connected
from chassis.events import consumers
from chassis.problems.standard import NotFound
from chassis.service import Service

__all__ = ["add_consumers"]

COLUMNS = ("name", "sequence", "behind", "seen_at", "age_seconds")
Name = Annotated[str, typer.Argument(help="As the reader names itself.")]


def add_consumers(cli: typer.Typer, service: Service) -> None:
    """Add the commands `consumers list` and `consumers drop`."""
    group = typer.Typer(no_args_is_help=True, help="Readers of the feed: events are kept for them.")
    cli.add_typer(group, name="consumers")

    @group.command(name="list")
    @command
    async def list_consumers(as_json: AsJson = False) -> None:
        """List them: how far each has read, and for how long it has not come."""
        async with connected(service) as (_here, database), database.driver() as sql:
            rows = [dict(row) for row in await consumers.consumers(sql)]
        show_table(rows, COLUMNS, as_json=as_json)

    @group.command()
    @command
    async def drop(name: Name, as_json: AsJson = False) -> None:
        """Keep events no longer for a reader that is gone. One that comes back is told 410."""
        async with connected(service) as (_here, database), database.driver() as sql:
            if not await consumers.forget(sql, name):
                raise NotFound(entity="consumer", id=name)
        show({"dropped": name}, f"events are no longer kept for {name}", as_json=as_json)
