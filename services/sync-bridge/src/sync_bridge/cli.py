"""The command line of the bridge: `bridge ...`."""

from typing import Annotated

import typer

from chassis.cli import make_cli
from chassis.cli.console import AsJson, command, show, show_table
from chassis.cli.installation import connected
from chassis.http.paging import PageQuery
from sync_bridge.app import SERVICE
from sync_bridge.lanes import lists, steering
from sync_bridge.lanes.schemas import LaneQuery, LaneView

__all__ = ["cli"]

COLUMNS = ("key", "state", "since", "pending", "attempts", "waits_for", "reason")

State = Annotated[str, typer.Option(help="idle, ready, waiting or parked.")]
Key = Annotated[str, typer.Argument(help="Such as crm.customer:<id>.")]
Note = Annotated[str, typer.Option(help="Why; kept with the act.")]

cli = make_cli(SERVICE)
lanes = typer.Typer(no_args_is_help=True, help="Lanes: one record's changes on their way across.")
cli.add_typer(lanes, name="lanes")


@lanes.command(name="list")
@command
async def list_lanes(state: State = "parked", as_json: AsJson = False) -> None:
    """List lanes, those first that have been as they are for longest; at most 200."""
    wanted = LaneQuery.model_validate({"state": state})
    async with connected(SERVICE) as (_here, database), database.driver() as sql:
        page = await lists.lane_page(sql, wanted, PageQuery(limit=200))
    rows = [one.model_dump(mode="json") for one in page.items]
    show_table(rows, COLUMNS, as_json=as_json)


@lanes.command()
@command
async def retry(key: Key, note: Note = "", as_json: AsJson = False) -> None:
    """Carry a lane that stands still again, from where it stands."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        lane = LaneView.model_validate(await steering.retry_lane(work, key, note=note))
    show(lane.model_dump(mode="json"), f"{key} is {lane.state}", as_json=as_json)


@lanes.command()
@command
async def skip(key: Key, note: Note = "", as_json: AsJson = False) -> None:
    """Go on behind the event that holds the lane; it leaves a visible hole."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        lane = LaneView.model_validate(await steering.skip_event(work, key, note=note))
    show(lane.model_dump(mode="json"), f"{key} is {lane.state}", as_json=as_json)
