"""What approvals bring into a service."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from approvals.routes.rules import READ, WRITE
from approvals.service.sweeping import sweep
from approvals.subjects import Approvals
from approvals.tables import RIGHTS
from chassis.service import Module, Schedule
from chassis.telemetry.metrics import Metric
from chassis.work.unit_of_work import Work

__all__ = ["approvals_module"]

SWEEP = "approvals.sweep"


def approvals_module(
    of: Approvals,
    routers: Sequence[APIRouter],
    *,
    tag: str,
    permissions: Mapping[str, str],
    deciding: Collection[str],
    keeping: Collection[str],
) -> Module:
    """The module of a service's approvals, with the routers of questions, rules, delegations.

    `tag`: what its approvals are, in a sentence. `permissions`: those to see approvals and to
    decide, where no other module brings them. `deciding`: roles that decide; `keeping`: roles that
    make rules, and delegate for others.
    """

    async def sweep_steps(work: Work, _payload: Mapping[str, Any]) -> None:
        await sweep(work, of)

    own = frozenset(permissions)
    roles = {role: set(own) for role in deciding}
    for role in keeping:
        roles.setdefault(role, set()).update({READ, WRITE})
    return Module(
        name="approvals",
        routers=routers,
        tags={
            "approvals": tag,
            "approval-rules": "Who approves what: rules, who would approve, what nobody could.",
            "approval-delegations": "Who decides in whose place, and from which day to which.",
        },
        permissions={
            **permissions,
            READ: "See approval rules, ask who would approve, see what nobody can decide.",
            WRITE: "Make approval rules, and delegate approvals for others.",
        },
        roles=roles,
        rights=RIGHTS,
        jobs={SWEEP: sweep_steps},
        schedules=(Schedule(SWEEP, timedelta(minutes=1), SWEEP),),
        metrics=(
            Metric(
                "approvals_pending",
                "Questions that nobody has answered.",
                "select count(*) from approval where state = 'pending'",
            ),
        ),
    )
