"""What is read of opportunities beside the list: the board, and the stages of one."""

from collections.abc import Sequence
from uuid import UUID

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from crm.opportunities.queries import board, history
from crm.opportunities.queries.deals import OPPORTUNITIES, PLACE, WEIGHTED
from crm.opportunities.schemas.deals import Board, BoardQuery, OpportunityQuery
from crm.opportunities.schemas.stages import StageChangeView, StageTimes

__all__ = [
    "STAGE_PLACE",
    "WEIGHTED_AMOUNT",
    "board_of",
    "listed",
    "stage_changes",
    "stage_times",
]

WEIGHTED_AMOUNT = WEIGHTED
"""SQL of what a deal counts in a forecast (C21), as its list shows it."""

STAGE_PLACE = PLACE
"""SQL of how far a stage is in its pipeline; `{0}` stands for the table."""


def listed(at: Reading, wanted: OpportunityQuery) -> Sequence[Filter]:
    """The conditions of the deals that the list shows, of table `opportunity`.

    Only those in use, where no status is asked for. Raises InvalidInput (a range upside down).
    """
    return board.conditions_in_use(at, wanted)


async def board_of(at: Reading, wanted: BoardQuery) -> Board:
    """The columns of a pipeline. Raises MissingReference (pipeline), InvalidInput (sort)."""
    return await board.read(at, wanted)


async def stage_changes(
    at: Reading, opportunity_id: UUID, asked: PageQuery
) -> Page[StageChangeView]:
    """A page of the stages that the deal entered, the last first. Raises NotFound."""
    await OPPORTUNITIES.require(at, opportunity_id)
    return await fetch_page(
        at.sql,
        columns=history.COLUMNS,
        source=history.SOURCE,
        view=lambda row: StageChangeView.model_validate(dict(row)),
        sorts={"revision": Sort("c.revision", "integer")},
        default="-revision",
        asked=asked,
        where=[Filter("c.opportunity_id = {}", opportunity_id)],
        key="c.id",
    )


async def stage_times(at: Reading, opportunity_id: UUID) -> StageTimes:
    """How long the deal was in each stage, all visits together. Raises NotFound."""
    await OPPORTUNITIES.require(at, opportunity_id)
    return StageTimes(items=await history.times(at, opportunity_id))
