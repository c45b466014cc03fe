"""Named reads of follow up plans."""

from collections.abc import Sequence

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.follow_up_plans.models import FollowUpPlan
from crm.follow_up_plans.schemas import FollowUpPlanQuery, FollowUpPlanView
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["FOLLOW_UP_PLANS"]


def _filters(_at: Reading, query: FollowUpPlanQuery) -> Sequence[Filter]:
    return record_filters("follow_up_plan", query)


FOLLOW_UP_PLANS = Reads(
    name="follow_up_plan",
    view=FollowUpPlanView,
    columns=columns_of(FollowUpPlanView, FollowUpPlan.__table__),
    source="follow_up_plan",
    visible=everybody,
    query=FollowUpPlanQuery,
    filters=_filters,
    searched=searched.FOLLOW_UP_PLANS,
    sorts=BY_NAME,
)
