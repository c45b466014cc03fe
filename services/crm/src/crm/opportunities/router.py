"""Paths of opportunities, and of the pipelines on which they go."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import TAGGED, reply_with
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from chassis.storage.paging import Page
from crm.accounts.errors import AccountArchived
from crm.opportunities.errors import (
    AmountFromProducts,
    CodeTaken,
    DefaultPipeline,
    FieldsRequired,
    LostReasonRequired,
    NoSuchStageKind,
    OpportunityClosed,
    OpportunityOpen,
    PipelineArchived,
    PipelineInUse,
    StageArchived,
    StageInUse,
    StageOfOtherPipeline,
)
from crm.opportunities.schemas.deals import (
    Board,
    BoardQuery,
    ChangeOpportunity,
    CloseOpportunity,
    LoseOpportunity,
    Moved,
    MoveOpportunity,
    NewOpportunity,
    OpportunityQuery,
    OpportunityView,
    ReopenOpportunity,
    UpsertOpportunity,
)
from crm.opportunities.schemas.pipelines import (
    ChangeCompetitor,
    ChangeLostReason,
    ChangePipeline,
    ChangeStage,
    NewCompetitor,
    NewLostReason,
    NewPipeline,
    NewStage,
    UpsertCompetitor,
    UpsertLostReason,
    UpsertPipeline,
    UpsertStage,
)
from crm.opportunities.schemas.stages import StageChangeView, StageTimes
from crm.opportunities.service import acts, reading
from crm.opportunities.service.opportunities import OPPORTUNITY
from crm.opportunities.service.pipelines import COMPETITOR, LOST_REASON, PIPELINE, STAGE
from crm.orders.errors import FractionOfUnit, ProductNotSold
from records.annotations import annotate
from records.entities import ACTIVE, ARCHIVED
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = [
    "competitor_router",
    "lost_reason_router",
    "opportunity_router",
    "pipeline_router",
    "stage_router",
]

READ, WRITE = "opportunities.read", "opportunities.write"
SEE, GOVERN = "pipelines.read", "pipelines.write"
Reader = Annotated[Actor, Needs(READ)]
Seller = Annotated[Actor, Needs(WRITE)]
ENTERING = (
    MissingReference,
    AccountArchived,
    FractionOfUnit,
    ProductNotSold,
    FieldsRequired,
    LostReasonRequired,
    NoSuchStageKind,
    OpportunityClosed,
    PipelineArchived,
    StageArchived,
    StageOfOtherPipeline,
)

pipeline_router = api_router(prefix="/v1/pipelines", tag="pipelines")
pipeline = RecordRoutes(
    pipeline_router,
    PIPELINE,
    one="pipeline",
    many="pipelines",
    read=SEE,
    write=GOVERN,
    refuses=(CodeTaken, DefaultPipeline, PipelineInUse),
)
pipeline.list("Pipelines, the newest first; `sort` by created_at, updated_at or name.")
pipeline.create(NewPipeline, "Create a pipeline; its stages come after it.")
pipeline.upsert(UpsertPipeline)
pipeline.links()
pipeline.csv(key="code")
pipeline.get()
pipeline.history()
pipeline.change(ChangePipeline)
pipeline.put(
    "archive",
    {"status": ARCHIVED},
    "Take no more opportunities into the pipeline; those that went through it stay.",
    refuses=(DefaultPipeline, PipelineInUse),
)
pipeline.put("restore", {"status": ACTIVE}, "Use the pipeline again.")
pipeline.link()
pipeline.unlink()
annotate(pipeline.paths)

stage_router = api_router(prefix="/v1/pipeline-stages", tag="pipelines")
stage = RecordRoutes(
    stage_router,
    STAGE,
    one="stage",
    many="stages",
    read=SEE,
    write=GOVERN,
    refuses=(CodeTaken, MissingReference, StageInUse),
)
stage.list("Stages, the newest first; `sort` by position, created_at, updated_at or name.")
stage.create(NewStage, "Create a stage of a pipeline.")
stage.upsert(UpsertStage)
stage.links()
stage.get()
stage.history()
stage.change(ChangeStage)
stage.put(
    "archive",
    {"status": ARCHIVED},
    "Let no more opportunities into the stage; it is kept for those that were there.",
    refuses=(StageInUse,),
)
stage.put("restore", {"status": ACTIVE}, "Use the stage again.")
stage.link()
stage.unlink()
annotate(stage.paths)

lost_reason_router = api_router(prefix="/v1/lost-reasons", tag="pipelines")
lost_reason = RecordRoutes(
    lost_reason_router,
    LOST_REASON,
    one="lost reason",
    many="lost reasons",
    read=SEE,
    write=GOVERN,
    refuses=(CodeTaken,),
)
lost_reason.list("Lost reasons, the newest first; `sort` by created_at, updated_at or name.")
lost_reason.create(NewLostReason, "Create a reason for which opportunities are lost.")
lost_reason.upsert(UpsertLostReason)
lost_reason.links()
lost_reason.csv(key="code")
lost_reason.get()
lost_reason.history()
lost_reason.change(ChangeLostReason)
lost_reason.archive("Offer the lost reason no more.", "Offer the lost reason again.")
lost_reason.link()
lost_reason.unlink()
annotate(lost_reason.paths)

competitor_router = api_router(prefix="/v1/competitors", tag="pipelines")
competitor = RecordRoutes(
    competitor_router,
    COMPETITOR,
    one="competitor",
    many="competitors",
    read=SEE,
    write=GOVERN,
)
competitor.list("Competitors, the newest first; `sort` by created_at, updated_at or name.")
competitor.create(NewCompetitor, "Create a competitor.")
competitor.upsert(UpsertCompetitor)
competitor.links()
competitor.csv()
competitor.get()
competitor.history()
competitor.change(ChangeCompetitor)
competitor.archive("Offer the competitor no more.", "Offer the competitor again.")
competitor.link()
competitor.unlink()
annotate(competitor.paths)

opportunity_router = api_router(prefix="/v1/opportunities", tag="opportunities")
opportunity = RecordRoutes(
    opportunity_router,
    OPPORTUNITY,
    one="opportunity",
    many="opportunities",
    read=READ,
    write=WRITE,
    refuses=(
        *ENTERING,
        AmountFromProducts,
        CurrencyNotSupported,
    ),
)
opportunity.list(
    "Opportunities, the newest first; `sort` by created_at, updated_at, name, closes_on or amount."
)
opportunity.create(NewOpportunity, "Open an opportunity.")
opportunity.upsert(UpsertOpportunity)
opportunity.links()
opportunity.csv(
    renamed={
        "pipeline_code": "pipeline",
        "stage_code": "stage",
        "lost_reason_code": "lost_reason",
    },
    references={
        "account_id": Reference("account"),
        "owner_id": USER,
        "team_id": Reference("team", codes=("name",)),
    },
)


@opportunity_router.get("/board", responses=refuses(MissingReference))
async def opportunity_board(
    wanted: Annotated[BoardQuery, Query()], _by: Reader, at: InReading
) -> Board:
    """The stages of a pipeline with counts, sums and the first cards of each, in one call."""
    return await reading.board_of(at, wanted)


opportunity.get()
opportunity.history()
opportunity.change(ChangeOpportunity)


@opportunity_router.get("/{opportunity_id}/stage-changes", responses=refuses(NotFound))
async def opportunity_stage_change_list(
    opportunity_id: UUID, _by: Reader, asked: PageAsked, at: InReading
) -> Page[StageChangeView]:
    """The stages that the opportunity entered, the last first."""
    return await reading.stage_changes(at, opportunity_id, asked)


@opportunity_router.get("/{opportunity_id}/stages", responses=refuses(NotFound))
async def opportunity_stage_time_list(
    opportunity_id: UUID, _by: Reader, at: InReading
) -> StageTimes:
    """How long the opportunity was in each stage, all visits together."""
    return await reading.stage_times(at, opportunity_id)


@opportunity_router.patch(
    "/{opportunity_id}/stage", responses={**refuses(NotFound, *ENTERING), **TAGGED}
)
async def opportunity_move(  # noqa: PLR0917 - a route is all of these
    opportunity_id: UUID,
    command: MoveOpportunity,
    wanted: Annotated[OpportunityQuery, Query()],
    _by: Seller,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> Moved:
    """Move it to another stage; the reply has the totals of both columns of the board."""
    moved = await acts.move(work, opportunity_id, command, wanted, revision=revision)
    reply_with(response, moved.opportunity)
    return moved


@opportunity_router.post("/{opportunity_id}/win", responses=refuses(NotFound, *ENTERING))
async def opportunity_win(
    opportunity_id: UUID,
    command: CloseOpportunity,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> OpportunityView:
    """Win it: it needs what the stage requires. That places its order, where it has products.

    The order has the lines of the quote that was accepted, else those of the deal.
    """
    await acts.win(work, opportunity_id, command)
    return await opportunity.reply(response, work, opportunity_id)


@opportunity_router.post("/{opportunity_id}/lose", responses=refuses(NotFound, *ENTERING))
async def opportunity_lose(
    opportunity_id: UUID,
    command: LoseOpportunity,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> OpportunityView:
    """Lose it, for a reason."""
    await acts.lose(work, opportunity_id, command)
    return await opportunity.reply(response, work, opportunity_id)


@opportunity_router.post(
    "/{opportunity_id}/reopen", responses=refuses(NotFound, OpportunityOpen, *ENTERING)
)
async def opportunity_reopen(
    opportunity_id: UUID,
    command: ReopenOpportunity,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> OpportunityView:
    """Go on with a closed one, in the stage that it was closed from or in another one."""
    await acts.reopen(work, opportunity_id, command)
    return await opportunity.reply(response, work, opportunity_id)


opportunity.archive("Take it out of the way; its history stays.", "Work on it again.")
opportunity.link()
opportunity.unlink()
annotate(opportunity.paths)
