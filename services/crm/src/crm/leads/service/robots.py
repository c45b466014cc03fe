"""What robots sent to public forms is deleted after some days, by the worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.service import Schedule
from chassis.work.unit_of_work import Work
from crm.leads.queries.forms import delete_robot_posts
from crm.settings import settings_of

__all__ = ["FORGET_ROBOTS", "SCHEDULE", "forget_robots"]

FORGET_ROBOTS = "crm.robot_posts"
SCHEDULE = Schedule(name=FORGET_ROBOTS, every=timedelta(hours=6), kind=FORGET_ROBOTS)
AT_ONCE = 5000


async def forget_robots(work: Work, _payload: Mapping[str, Any]) -> None:
    """Delete posts of robots that are older than the setting says. A full pass asks for another."""
    days = timedelta(days=settings_of(work.setting).robot_post_days)
    if await delete_robot_posts(work.sql, work.now - days, AT_ONCE) == AT_ONCE:
        work.enqueue(FORGET_ROBOTS, {}, key="again")
