"""The command that begins a new history, after a restore from a backup."""

import typer

from chassis.cli.console import AsJson, command, show
from chassis.cli.installation import connected
from chassis.events.feed import begin_epoch
from chassis.service import Service

__all__ = ["add_history"]


def add_history(cli: typer.Typer, service: Service) -> None:
    """Add the command `restored`."""

    @cli.command()
    @command
    async def restored(as_json: AsJson = False) -> None:
        """Run this once after a restore from a backup, before serving.

        Events told after the backup was taken are unknown here, so every reader of the feed is
        sent to fetch the records anew (410) instead of taking new events for old ones, and
        versions of records are no longer compared with those given since the backup.
        """
        async with connected(service) as (_here, database), database.driver() as sql:
            history = await begin_epoch(sql)
        show({"history": history}, f"history {history} has begun", as_json=as_json)
