"""An event as a source received it: its attributes read, its data still bytes."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

__all__ = ["BackfillPage", "Cursor", "Quarantined", "ReadMode", "ReceivedEvent"]


class ReadMode(Enum):
    """How a source is with what happens: at it, far behind, or ahead of itself.

    `LATE`: there is much before what happens now. `AHEAD`: what happens now is read beside what is
    late, and comes once more when that is through.
    """

    NOW = "now"
    LATE = "late"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """One CloudEvent from either transport.

    `source` is `/tandem/<service>/<installation id>`. `aggversion` counts the subject's changes
    within a `history` of the source's database, which is another one after a restore.
    `feed_seq` is the position in the source's feed, or None where the transport gave none.
    `data` is the body byte for byte as it came: nothing of it is lost before it is mapped.
    `is_state`: it was read as the record's present state, not told when something happened, so it
    stands for every version before it.
    """

    source: str
    event_id: UUID
    type: str
    subject: UUID
    aggversion: int
    time: datetime
    origin: str
    hops: int
    correlationid: UUID
    causationid: UUID | None
    traceparent: str | None
    feed_seq: int | None
    data: bytes
    is_state: bool = False
    history: int = 1

    @property
    def key(self) -> tuple[str, UUID]:
        """What makes it one event, whichever way and however often it came."""
        return self.source, self.event_id

    @property
    def version(self) -> tuple[int, int]:
        """What versions are compared by: in a later history each one is newer."""
        return self.history, self.aggversion

    @property
    def service(self) -> str:
        """The publishing service: "erp" or "crm"."""
        return self.source.split("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """What a source received and could not read as an event, with where it stood.

    `place` names it within the source, so that a second delivery is known: a topic, partition
    and offset, or a feed position. `event` is the one that a lane put aside, from the inbox.
    """

    source: str
    place: str
    reason: str
    raw: bytes
    headers: dict[str, str]
    event: ReceivedEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a source of that name reads on; stored in the transaction of what was read (B19).

    `place`: the feed position up to which it was read in order; None: it does not read so.
    """

    name: str
    value: str
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPage:
    """One page of a back-fill: states of a type, after a subject, up to another.

    `begun_at` tells one back-fill of the half from the next one. `low` is the feed position before
    the page was read, in the `history` the half has. `upto`: the page's last subject; None: there
    are no more.
    """

    half: str
    type: str
    begun_at: datetime
    after: UUID | None
    upto: UUID | None = None
    low: int = 0
    history: int = 1
