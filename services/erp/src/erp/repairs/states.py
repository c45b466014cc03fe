"""States of repair orders, in which of them parts are a demand, and words of their lines."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "PARTS_WANTED",
    "REPAIR_FOLLOWING",
    "PieceOwner",
    "QuoteAnswer",
    "RepairLineKind",
    "RepairOutcome",
    "RepairState",
    "RepairStepKind",
]


class RepairState(StrEnum):
    """`quoted` waits for the customer's answer; `done` is worked on no more, `closed` also back."""

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
    RepairState.CONFIRMED: frozenset(
        {RepairState.IN_REPAIR, RepairState.DONE, RepairState.CANCELLED}
    ),
    RepairState.IN_REPAIR: frozenset({RepairState.DONE}),
    RepairState.DONE: frozenset({RepairState.CLOSED}),
    RepairState.CLOSED: frozenset(),
    RepairState.CANCELLED: frozenset(),
}
"""Work that began is not cancelled but ends with an outcome."""

PARTS_WANTED = frozenset({RepairState.CONFIRMED, RepairState.IN_REPAIR})
"""From confirmation until the repair is done, parts not used yet are a demand (E66)."""


class PieceOwner(StrEnum):
    """Whose the piece is."""

    OWN = "own"
    CUSTOMER = "customer"


class QuoteAnswer(StrEnum):
    """What the customer said to the quote."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class RepairOutcome(StrEnum):
    """What came of a repair."""

    REPAIRED = "repaired"
    NO_FAULT_FOUND = "no_fault_found"
    NOT_REPAIRABLE = "not_repairable"


class RepairLineKind(StrEnum):
    """A part from stock, or hours of a work centre."""

    PART = "part"
    LABOUR = "labour"


class RepairStepKind(StrEnum):
    """What was booked: parts used or brought back, hours, parts taken out of the piece."""

    USE = "use"
    RETURN = "return"
    LABOUR = "labour"
    RECOVERY = "recovery"
