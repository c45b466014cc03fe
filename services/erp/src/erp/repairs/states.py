"""States of repair orders, and in which of them parts are a demand."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["PARTS_WANTED", "REPAIR_FOLLOWING", "RepairState"]


class RepairState(StrEnum):
    """`quoted` waits for the customer's answer; `done` is repaired, `closed` also sent back."""

    DRAFT = "draft"
    QUOTED = "quoted"
    CONFIRMED = "confirmed"
    IN_REPAIR = "in_repair"
    DONE = "done"
    CLOSED = "closed"
    CANCELLED = "cancelled"


REPAIR_FOLLOWING: Mapping[RepairState, frozenset[RepairState]] = {
    RepairState.DRAFT: frozenset(
        {RepairState.QUOTED, RepairState.CONFIRMED, RepairState.CANCELLED}
    ),
    RepairState.QUOTED: frozenset(
        {RepairState.DRAFT, RepairState.CONFIRMED, RepairState.CANCELLED}
    ),
    RepairState.CONFIRMED: frozenset({RepairState.IN_REPAIR, RepairState.CANCELLED}),
    RepairState.IN_REPAIR: frozenset({RepairState.DONE}),
    RepairState.DONE: frozenset({RepairState.CLOSED}),
    RepairState.CLOSED: frozenset(),
    RepairState.CANCELLED: frozenset(),
}

PARTS_WANTED = frozenset({RepairState.CONFIRMED, RepairState.IN_REPAIR})
"""From confirmation until the repair is done, parts not used yet are a demand (E66)."""
