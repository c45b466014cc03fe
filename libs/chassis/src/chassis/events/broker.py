"""The broker as the relay sees it: what is sent, who sends it, and how that fails."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = [
    "COPIES",
    "RETENTION_MILLISECONDS",
    "BrokerTrouble",
    "Outgoing",
    "Publisher",
    "PublishingFailed",
]

COPIES = 3
RETENTION_MILLISECONDS = 14 * 24 * 3600 * 1000
"""Of a topic that the relay makes; what an operator made is left as it is."""


class Outgoing(NamedTuple):
    """One event as Kafka carries it, with its place in the feed."""

    feed_seq: int
    topic: str
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class BrokerTrouble(Exception):
    """The broker refused, or was not to be had. The publisher must be abandoned."""


class PublishingFailed(BrokerTrouble):
    """A batch failed or had no answer in time; all events up to `acknowledged` are safe."""

    def __init__(self, acknowledged: int, reason: BaseException) -> None:
        super().__init__(f"{type(reason).__name__}: {reason}")
        self.acknowledged = acknowledged


class Publisher(Protocol):
    """One producer instance, as the relay uses it."""

    async def start(self) -> None:
        """Connect. Raises BrokerTrouble."""

    async def publish(self, events: Sequence[Outgoing]) -> int:
        """Send all, given in feed order; the place of the last one. Raises PublishingFailed."""

    async def abandon(self) -> None:
        """Stop within seconds, whether or not the broker answers."""
