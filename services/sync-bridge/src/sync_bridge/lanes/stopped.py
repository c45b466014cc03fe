"""Why an event could not be delivered now: raised by the deliverer, kept by `recording`."""

from collections.abc import Sequence
from uuid import UUID

from sync_bridge.flows import Need
from sync_bridge.identity.matching import Candidate
from sync_bridge.states import EventOutcome

__all__ = [
    "DeliveryStopped",
    "KeyRejected",
    "LoopDetected",
    "Parked",
    "RecordRejected",
    "RetryLater",
    "ReviewNeeded",
    "WaitsForRecord",
]


class DeliveryStopped(Exception):
    """The event stays where it is. `reason` is a stable code, `detail` more for a person."""

    reason = "standstill"
    detail = ""


class RetryLater(DeliveryStopped):
    """To be tried again: nothing is wrong with the event as far as is known.

    `exhaustible` marks what may be the event's own fault after all: after many such tries the lane
    is parked.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        retry_after_seconds: float | None = None,
        counts_as_refusal: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.counts_as_refusal = counts_as_refusal


class Parked(DeliveryStopped):
    """Refused for good as it stands: a person must act."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class RecordRejected(Parked):
    """The other half does not take the record as it is, by a rule of the business."""


class WaitsForRecord(DeliveryStopped):
    """Another record must be across first (B54)."""

    reason = "missing_dependency"

    def __init__(self, need: Need) -> None:
        super().__init__(str(need))
        self.need = need


class ReviewNeeded(DeliveryStopped):
    """A person must say which of the candidates is the twin (B52).

    `of_a_pair`: it has a twin, and the candidates stand in the way of what it becomes.
    """

    reason = "review"

    def __init__(
        self,
        entity: str,
        half: str,
        subject: UUID,
        found: Sequence[Candidate],
        *,
        already_linked: bool = False,
    ) -> None:
        super().__init__(f"{entity} {half}:{subject}")
        self.candidates = found
        self.already_linked = already_linked


class KeyRejected(DeliveryStopped):
    """The other half refuses the bridge's credentials: every lane of the kind would fail."""

    reason = "denied"

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class LoopDetected(DeliveryStopped):
    """The event goes in circles (B47)."""

    def __init__(self, outcome: EventOutcome) -> None:
        super().__init__(outcome)
        self.reason = self.outcome = outcome
