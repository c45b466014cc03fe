"""Acts on opportunities: move, win, lose, reopen. Each is one change, kept for good (C20)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.unit_of_work import Work
from crm.opportunities.errors import OpportunityClosed, OpportunityOpen
from crm.opportunities.models import Opportunity
from crm.opportunities.queries import board, deals, pipelines
from crm.opportunities.rules.stages import PipelineStage
from crm.opportunities.schemas.deals import (
    CloseOpportunity,
    LoseOpportunity,
    Moved,
    MoveOpportunity,
    OpportunityQuery,
    ReopenOpportunity,
)
from crm.opportunities.service.opportunities import OPPORTUNITY, REOPEN
from crm.opportunities.states import StageKind
from records.conflicts import require_revision
from records.types import Change
from records.writes import given_values, lock_visible, write

__all__ = ["lose", "move", "reopen", "win"]


async def move(
    work: Work,
    opportunity_id: UUID,
    command: MoveOpportunity,
    wanted: OpportunityQuery,
    *,
    revision: int,
) -> Moved:
    """Move an open deal to another stage; to a won or lost one closes it.

    The reply has the totals of both columns, of the deals that `wanted` lets through. Raises
    NotFound, StaleRevision, OpportunityClosed, and what entering the stage raises.
    """
    deal = await _lock(work, opportunity_id)
    await require_revision(work, OPPORTUNITY, deal, command, revision=revision)
    left = deal.stage_id
    await write(work, OPPORTUNITY, [Change(deal, given_values(command))])
    stages = [left, deal.stage_id] if deal.stage_id != left else [left]
    totals = await board.column_totals(work, wanted, stages)
    view = await OPPORTUNITY.reads.get(work, opportunity_id)
    return Moved(opportunity=view, columns=[totals[one] for one in stages])


async def win(work: Work, opportunity_id: UUID, command: CloseOpportunity) -> None:
    """Win an open deal, which places its order.

    Raises OpportunityClosed, FieldsRequired, and what `place_orders` raises.
    """
    await _close(work, opportunity_id, command, StageKind.WON)


async def lose(work: Work, opportunity_id: UUID, command: LoseOpportunity) -> None:
    """Lose an open deal, for a reason. Raises OpportunityClosed, LostReasonRequired."""
    await _close(work, opportunity_id, command, StageKind.LOST)


async def _close(
    work: Work, opportunity_id: UUID, command: CloseOpportunity, kind: StageKind
) -> None:
    deal = await _lock(work, opportunity_id)
    if deal.state != StageKind.OPEN:
        raise OpportunityClosed(name=deal.name, state=deal.state)
    await _enter(work, deal, given_values(command), kind)


async def reopen(work: Work, opportunity_id: UUID, command: ReopenOpportunity) -> None:
    """Go on with a closed deal where it was closed from, else in the first open stage.

    Raises OpportunityOpen, and what entering the stage raises.
    """
    deal = await _lock(work, opportunity_id)
    if deal.state == StageKind.OPEN:
        raise OpportunityOpen(name=deal.name)
    values = given_values(command)
    if "stage" not in values:
        last = await deals.last_open_stage(work.sql, deal)
        values |= {"stage": str(last)} if last else {}
    await _enter(work, deal, values | {REOPEN: True}, StageKind.OPEN)


async def _enter(work: Work, deal: Opportunity, values: dict[str, Any], kind: StageKind) -> None:
    stages = await pipelines.stages_for(work.sql, [deal.pipeline_id], _names(values))
    if "stage" in values:
        _require_kind(stages.named(values["stage"], deal.pipeline_id), kind)
    else:
        values |= {"stage": str(stages.first(kind, deal.pipeline_id).id)}
    await write(work, OPPORTUNITY, [Change(deal, values)])


def _names(values: dict[str, Any]) -> Sequence[str]:
    return [values["stage"]] if "stage" in values else []


def _require_kind(stage: PipelineStage, kind: StageKind) -> None:
    if stage.kind != kind:
        message = "Name a stage that is {kind}."
        raise InvalidInput(errors=[FieldError("/stage", "other_kind", message, {"kind": kind})])


async def _lock(work: Work, opportunity_id: UUID) -> Opportunity:
    return (await lock_visible(work, OPPORTUNITY, [opportunity_id]))[opportunity_id]
