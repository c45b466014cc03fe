"""The command line of the bridge: `bridge ...`."""

import json
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

import typer

from chassis.cli.console import AsJson, command, show, show_table
from chassis.cli.installation import Installation, connected
from chassis.cli.making import make_cli
from chassis.problems.problem import Problem, ProblemView
from chassis.storage.paging import PageQuery
from chassis.texts import Texts
from sync_bridge.app import SERVICE
from sync_bridge.comparisons.command_line import ComparisonRun, show_comparison
from sync_bridge.comparisons.schemas import BeginComparison
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox import views as quarantined
from sync_bridge.inbox.schemas import QuarantineQuery
from sync_bridge.lanes import commands, views
from sync_bridge.lanes.schemas import LaneFilter, LaneQuery, RetryLanes
from sync_bridge.positions import service as positions
from sync_bridge.states import QuarantineState
from sync_bridge.translator import Translator

__all__ = ["cli"]

COLUMNS = ("key", "number", "name", "state", "since", "pending", "attempts", "reason")

BACKFILLS = ("half", "type", "read", "finished", "reason")
QUARANTINED = ("id", "reason", "type", "number", "name", "source", "received_at")

FOLLOWED = ("name", "state", "reason", "missing", "failures", "answered_at", "told_at")

Half = Annotated[Literal["crm", "erp"], typer.Argument(help="Whose feed.")]
State = Annotated[str, typer.Option(help="idle, ready, waiting or parked.")]
StoppedState = Annotated[str, typer.Option("--state", help="parked, waiting or ready (failing).")]
Kind = Annotated[str | None, typer.Option(help="Only this kind, such as crm.customer.")]
Reason = Annotated[str | None, typer.Option(help="Only what stands for this reason.")]
Number = Annotated[str | None, typer.Option(help="Only the record of this number or SKU.")]
Name = Annotated[str | None, typer.Option(help="Only records whose names begin so.")]
Key = Annotated[str, typer.Argument(help="Such as crm.customer:<id>; or the lane's id.")]
Entry = Annotated[UUID, typer.Argument(help="Id of the entry.")]
Entities = Annotated[
    list[str] | None, typer.Option("--entity", help="Only this, such as customer; repeatable.")
]
Level = Annotated[bool, typer.Option("--level", help="Level what differs; compare again.")]
Examples = Annotated[int, typer.Option(min=0, max=200, help="Show so many of them.")]
Patience = Annotated[float, typer.Option("--timeout", help="Seconds to wait at most.")]
Note = Annotated[str, typer.Option(help="Why; kept with the act.")]

cli = make_cli(SERVICE)


def _translator(here: Installation) -> Translator:
    return Translator(Texts.load([SERVICE.locale]), here.settings.language)


def _problem_view(translator: Translator, problem: Problem) -> ProblemView:
    return ProblemView.model_validate(problem.view(translator.texts, translator.language, ""))


lanes = typer.Typer(no_args_is_help=True, help="Lanes: one record's changes on their way across.")
cli.add_typer(lanes, name="lanes")
quarantine = typer.Typer(no_args_is_help=True, help="What was put aside, unread or as a loop.")
cli.add_typer(quarantine, name="quarantine")
feeds = typer.Typer(no_args_is_help=True, help="Feeds of the halves, and where they are read on.")
cli.add_typer(feeds, name="feeds")


@lanes.command(name="list")
@command
async def list_lanes(
    state: State = "parked",
    kind: Kind = None,
    reason: Reason = None,
    *,
    number: Number = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """List lanes, those first that have been as they are for longest; at most 200."""
    given = {"state": state, "kind": kind, "reason": reason, "number": number, "name": name}
    wanted = LaneQuery.model_validate(given)
    async with connected(SERVICE) as (here, database), database.reading() as reading:
        page = await views.lane_page(reading, wanted, PageQuery(limit=200), _translator(here))
    rows = [one.model_dump(mode="json") for one in page.items]
    show_table(rows, COLUMNS, as_json=as_json)


@lanes.command(name="show")
@command
async def show_lane(key: Key, as_json: AsJson = False) -> None:
    """Show a lane: what holds it, and what to do."""
    async with connected(SERVICE) as (here, database), database.reading() as reading:
        lane = await views.lane_view(reading, key, _translator(here))
    words = lane.explanation or f"{lane.key} is {lane.state}; nothing holds it"
    show(lane.model_dump(mode="json"), words, as_json=as_json)


@lanes.command(name="retry-all")
@command
async def retry_all(
    state: StoppedState = "parked",
    kind: Kind = None,
    reason: Reason = None,
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Deliver all lanes again that are held so, those first that stand for longest; at most 500."""
    asked = RetryLanes(
        filter=LaneFilter.model_validate({"state": state, "kind": kind, "reason": reason}),
        note=note,
    )
    async with connected(SERVICE) as (here, database), database.transaction() as work:
        view_of = partial(_problem_view, _translator(here))
        done = await commands.retry_requested(work, asked, view_of=view_of)
    words = f"{done.retried} lanes are delivered again" + ("; there are more" if done.more else "")
    show(done.model_dump(mode="json"), words, as_json=as_json)


@lanes.command()
@command
async def retry(key: Key, note: Note = "", as_json: AsJson = False) -> None:
    """Deliver a lane that is stopped again, from where it stands."""
    async with connected(SERVICE) as (here, database), database.transaction() as work:
        done = await commands.retry_lane(work, key, note=note)
        lane = await views.lane_view(work, done, _translator(here))
    show(lane.model_dump(mode="json"), f"{lane.key} is {lane.state}", as_json=as_json)


@lanes.command()
@command
async def skip(key: Key, note: Note = "", as_json: AsJson = False) -> None:
    """Go on behind the event that holds the lane; it leaves a visible hole."""
    async with connected(SERVICE) as (here, database), database.transaction() as work:
        done = await commands.skip_event(work, key, note=note)
        lane = await views.lane_view(work, done, _translator(here))
    show(lane.model_dump(mode="json"), f"{lane.key} is {lane.state}", as_json=as_json)


@quarantine.command(name="list")
@command
async def list_quarantine(as_json: AsJson = False) -> None:
    """List what is in quarantine and not decided on, the newest first; at most 200."""
    wanted = QuarantineQuery(state=QuarantineState.OPEN)
    async with connected(SERVICE) as (_here, database), database.reading() as reading:
        page = await quarantined.QUARANTINE.page(reading, wanted, PageQuery(limit=200))
    rows = [one.model_dump(mode="json") for one in page.items]
    show_table(rows, QUARANTINED, as_json=as_json)


@quarantine.command(name="show")
@command
async def show_quarantined(entry: Entry, as_json: AsJson = False) -> None:
    """Show what is in it, why it is there, and from whom."""
    async with connected(SERVICE) as (_here, database), database.reading() as reading:
        seen = (await quarantined.quarantine_entry(reading, entry)).model_dump(mode="json")
    words = json.dumps(seen, indent=2, ensure_ascii=False)
    show(seen, words, as_json=as_json)


@quarantine.command()
@command
async def release(entry: Entry, note: Note = "", as_json: AsJson = False) -> None:
    """Let an event go its ordinary way after all."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        await inbox.release_quarantined(work, entry, note=note)
    show(
        {"id": str(entry), "state": QuarantineState.RELEASED},
        f"{entry} is released",
        as_json=as_json,
    )


@quarantine.command()
@command
async def dismiss(entry: Entry, note: Note = "", as_json: AsJson = False) -> None:
    """Leave it where it is for good."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        await inbox.dismiss_quarantined(work, entry, note=note)
    show(
        {"id": str(entry), "state": QuarantineState.DISMISSED},
        f"{entry} is dismissed",
        as_json=as_json,
    )


@feeds.command(name="list")
@command
async def list_feeds(as_json: AsJson = False) -> None:
    """Tell how following each source goes."""
    async with connected(SERVICE) as (_here, database), database.reading() as reading:
        rows = [one.model_dump(mode="json") for one in await positions.followed(reading)]
    show_table(rows, FOLLOWED, as_json=as_json)


backfill = typer.Typer(no_args_is_help=True, help="Records of the halves, read as they are now.")
cli.add_typer(backfill, name="backfill")


@backfill.command(name="list")
@command
async def list_backfills(as_json: AsJson = False) -> None:
    """Tell how far the records of each half were read."""
    async with connected(SERVICE) as (_here, database), database.reading() as reading:
        found = await positions.backfills(reading)
    rows = [
        {"half": one.half, "reason": one.reason, "finished_at": one.finished_at} | dict(kind)
        for one in found
        for kind in one.types
    ]
    show_table(rows, BACKFILLS, as_json=as_json)


@backfill.command(name="start")
@command
async def start_backfill(half: Half, as_json: AsJson = False) -> None:
    """Read all records of a half as they are now; what is across already changes nothing."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        begun = await positions.begin_backfill(work, half)
    words = f"the worker reads the records of the {half}; bridge backfill list tells how far it is"
    show(begun.model_dump(mode="json"), words, as_json=as_json)


@feeds.command(name="restart")
@command
async def restart_feed(half: Half, as_json: AsJson = False) -> None:
    """Read a half's feed on from its oldest event; nothing is done twice."""
    async with connected(SERVICE) as (_here, database), database.transaction() as work:
        known = await inbox.forget_cursor(work, f"feed:{half}")
    words = f"the feed of {half} is read from its oldest event within seconds"
    outcome = {"feed": half, "had_position": known}
    show(outcome, words if known else f"the feed of {half} had no position", as_json=as_json)


@cli.command()
@command
async def compare(
    entity: Entities = None,
    *,
    level: Level = False,
    examples: Examples = 10,
    timeout_seconds: Patience = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Compare what both halves have, as after a restore; exit code 1 where they differ.

    The worker reads all records of both halves. Nothing changes by comparing; with --level both
    get what the half has that leads, and are compared again.
    """
    asked = BeginComparison.model_validate({"entities": entity} if entity else {})
    async with connected(SERVICE) as (_here, database):
        run = ComparisonRun(database, asked, timeout_seconds=timeout_seconds)
        done, left = (await run.levelled()) if level else (await run.compared(), [])
        found = await run.examples(done, examples)
    show_comparison(done, found, left, as_json=as_json)
    if done.differences:
        raise typer.Exit(1)
