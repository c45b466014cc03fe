"""Who of a rule's users gets the next subject.

The one whose last turn is longest ago comes first. So of the same users each has a turn before
one has a second (C16); who joins or returns has the next turn and no more than one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crm.assignment.states import Method, Reason

__all__ = ["Candidate", "choose"]


@dataclass(slots=True)
class Candidate:
    """A user as the rules see one. `load` counts open records; `capacity` None: no limit."""

    user_id: UUID
    name: str
    team_id: UUID | None
    active: bool
    on_shift: bool
    absent: bool
    load: int
    capacity: int | None

    @property
    def reason(self) -> Reason | None:
        """Why the user gets nothing now (C17); None: may get something."""
        if not self.active:
            return Reason.DISABLED
        if self.absent:
            return Reason.ABSENT
        if not self.on_shift:
            return Reason.OFF_SHIFT
        if self.capacity is not None and self.load >= self.capacity:
            return Reason.AT_CAPACITY
        return None

    def shown(self, last_turn: int) -> dict[str, Any]:
        """As a decision keeps it."""
        return {
            "user_id": str(self.user_id),
            "name": self.name,
            "eligible": self.reason is None,
            "reason": self.reason,
            "load": self.load,
            "capacity": self.capacity,
            "last_turn": last_turn,
        }


def choose(
    candidates: Iterable[Candidate], turns: dict[UUID, int], method: Method
) -> Candidate | None:
    """Who gets it; `turns`: the last turn of each, nothing for who never had one."""
    eligible = [one for one in candidates if one.reason is None]
    by_load = method == Method.LOAD
    return min(
        eligible,
        key=lambda one: (one.load if by_load else 0, turns.get(one.user_id, 0), one.user_id),
        default=None,
    )
