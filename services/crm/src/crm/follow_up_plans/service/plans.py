"""Follow-up plans: what is particular about writing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.follow_up_plans.events import FollowUpPlanChanged
from crm.follow_up_plans.models import FollowUpPlan
from crm.follow_up_plans.queries.plans import FOLLOW_UP_PLANS
from crm.follow_up_plans.schemas import FollowUpPlanView
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = ["FOLLOW_UP_PLAN", "follow_up_plan_states"]


async def follow_up_plan_states(at: Reading, ids: Sequence[UUID]) -> list[FollowUpPlanChanged]:
    """What is published of follow-up plans, as they are now."""
    return [FollowUpPlanChanged.of(one, []) for one in await read_all(at, FollowUpPlan, ids)]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"stop_on_reply": True, "stop_stages": []}] * count


async def _prepare(_work: Work, change: Change[FollowUpPlan], _sender: str | None) -> Values:
    """The values with steps as JSON keeps them."""
    values = dict(change.values)
    if "steps" in values:
        values["steps"] = [_kept(one) for one in values["steps"]]
    return values


def _kept(step: Any) -> Any:
    return step if isinstance(step, dict) else step.model_dump(mode="json")


async def _publish(work: Work, changes: Sequence[Change[FollowUpPlan]]) -> None:
    events = [
        FollowUpPlanChanged.of(one.record, changed_fields(FollowUpPlanChanged, one))
        for one in changes
    ]
    await work.record(*events)


FOLLOW_UP_PLAN: RecordType[FollowUpPlan, FollowUpPlanView] = RecordType(
    name="follow_up_plan",
    entity=FollowUpPlan,
    reads=FOLLOW_UP_PLANS,
    required=("name", "steps"),
    defaults=_defaults,
    prepare=_prepare,
    publish=_publish,
)
"""How follow-up plans are kept."""
