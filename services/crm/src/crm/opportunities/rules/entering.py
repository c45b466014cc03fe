"""What a deal becomes that enters a stage, and what the stage asks of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crm.opportunities.rules.stages import PipelineStage
from crm.opportunities.states import StageKind

__all__ = ["Days", "entered", "missing_fields", "to_check"]


@dataclass(frozen=True, slots=True)
class Days:
    """When the deal enters the stage, and the close date that it has then."""

    at: datetime
    today: date
    closes_on: date | None


def entered(stage: PipelineStage, given: Mapping[str, Any], days: Days) -> dict[str, Any]:
    """The fields that follow from entering the stage; probability and category may be given.

    A deal that closes has a close date: the one given, else today.
    """
    is_open = stage.kind == StageKind.OPEN
    values: dict[str, Any] = {
        "pipeline_id": stage.pipeline_id,
        "stage_id": stage.id,
        "state": StageKind(stage.kind),
        "stage_since": days.at,
        "closed_at": None if is_open else days.at,
        "probability": stage.probability,
        "forecast_category": stage.forecast_category,
    }
    if is_open:
        own = ("probability", "forecast_category")
        values |= {name: given[name] for name in own if given.get(name) is not None}
    else:
        values["closes_on"] = days.closes_on or days.today
    return values


def to_check(
    stage: PipelineStage, left: PipelineStage | None, changed: Collection[str]
) -> Sequence[str]:
    """Fields that the deal must have: all that the stage requires where it was entered now.

    Who goes on from the stage left has what that asks for; who stays loses nothing that the stage
    requires.
    """
    wanted = list(stage.required_fields)
    if stage.kind != StageKind.OPEN and "closes_on" not in wanted:
        wanted.append("closes_on")
    if "stage_id" not in changed:
        return [one for one in wanted if one in changed]
    if left is not None and _goes_on(left, stage):
        wanted += [one for one in left.exit_fields if one not in wanted]
    return wanted


def _goes_on(left: PipelineStage, entered_now: PipelineStage) -> bool:
    """Whether the deal is nearer to being won."""
    if entered_now.kind != StageKind.OPEN:
        return entered_now.kind == StageKind.WON
    forward = entered_now.position > left.position
    return left.kind == StageKind.OPEN and left.pipeline_id == entered_now.pipeline_id and forward


def missing_fields(fields: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Those of the fields that are empty."""
    return [name for name in wanted if fields[name] in (None, "", [])]
