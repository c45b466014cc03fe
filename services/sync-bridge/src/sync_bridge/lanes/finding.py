"""Records across that are alike in a field that makes it certain."""

from sync_bridge.identity.service import Candidate, candidate_of
from sync_bridge.lanes.calls import Calls
from sync_bridge.messages.base import Message

__all__ = ["found"]


async def found(calls: Calls, message: Message) -> list[Candidate]:
    """Active records there with the same value. Raises RetryLater, Parked, KeyRejected."""
    return [
        candidate_of(record, why=why, sender=calls.flow.sender)
        for why, theirs in (calls.flow.entity.certain or {}).items()
        if (value := getattr(message, why, ""))
        for record in await calls.search(theirs, value)
    ]
