"""What is to be delivered to the other half for one event, and what came of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from sync_bridge.flows import Flow
from sync_bridge.identity import service as identity
from sync_bridge.identity.digests import digest
from sync_bridge.identity.matching import Candidate, candidate_of
from sync_bridge.identity.service import FoundPair
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.calls import Calls
from sync_bridge.lanes.queries import Shadow
from sync_bridge.lanes.stopped import Parked
from sync_bridge.messages.base import Message
from sync_bridge.states import EventOutcome, LinkOrigin
from sync_bridge.targets import Answer

__all__ = ["Attempt", "Delivered", "Delivery", "read_message", "search_candidates"]


@dataclass(frozen=True)
class Attempt:
    """An event that is to be delivered; `refusals` counts its tries, this one included.

    `decided` grows with whatever a person decides of its lane.

    `superseded` are the events before it whose state it includes, `jumped`: versions that never
    came are included too. `restored`: a state that the sender was set back to by a
    restore, as what is across was newer.
    """

    event: ReceivedEvent
    refusals: int = 1
    decided: int = 0
    superseded: tuple[ReceivedEvent, ...] = ()
    skipped_versions: bool = False
    restored: bool = False


@dataclass(frozen=True)
class Delivered:
    """What delivering an event came to.

    Its outcome is `applied`, `unchanged`, `refused`, `restored` or `not_carried`. `version` is the
    record's history and version that is across now; never less than the event's. `erased`: records
    of a person that is to be forgotten here.
    """

    outcome: EventOutcome
    version: tuple[int, int] = (0, 0)
    joined: FoundPair | None = None
    shadows: tuple[Shadow, ...] = field(default=())
    erased: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """What is to be told for one event, and what was known of its record before any call.

    `body` is all there is to tell, `mine` the sender's own part of it. `creation`: a twin that an
    earlier try began to make. The event in `calls` has the record's present state where that was
    read.
    """

    calls: Calls
    message: Message
    body: dict[str, Any]
    owned: dict[str, Any]
    twin: UUID | None
    decided: identity.Decision | None
    creation: identity.Creation | None = None

    @property
    def is_one_upsert(self) -> bool:
        """Whether one upsert is all: nothing is to be looked for, and no id to be exchanged."""
        return self.twin is not None or (
            self.decided is None and not self.calls.flow.entity.linked_both_ways and self.is_new
        )

    @property
    def is_new(self) -> bool:
        """Whether the twin is made without looking for it: a second one would be refused."""
        entity = self.calls.flow.entity
        unlike = not entity.certain and not entity.matches
        return unlike or (entity.unique_in_target and self.calls.refusals <= 1)

    @property
    def body_to_put(self) -> dict[str, Any]:
        """What is put to the other half: the sender's own part of a twin, all of a new one."""
        return self.owned if self.twin is not None else self.body

    @property
    def version(self) -> tuple[int, int]:
        """The history and version of the record that is put."""
        return self.calls.event.version

    def shadow(self) -> Shadow:
        """What the other half holds of the sender's own part once it is put."""
        flow = self.calls.flow
        return Shadow(flow.entity.name, flow.sender, self.calls.event.subject, digest(self.owned))

    def joined(self, twin: UUID, how: LinkOrigin) -> FoundPair:
        """The pair of the record and its twin; of one that is told again, of the new twin."""
        flow = self.calls.flow
        replaces = flow.entity.copy or self.twin not in {None, twin}
        return FoundPair.of(
            flow.entity.name, flow.sender, self.calls.event.subject, twin, how, replaces=replaces
        )

    def result_of(self, answer: Answer) -> Delivered:
        """What the answered upsert came to. Raises Parked.

        A twin that the receiver had lost, with a restore, and made again under the sender's id
        takes the place of the lost one, where the sender alone leads in it.
        """
        shadows, entity = (self.shadow(),), self.calls.flow.entity
        if answer.body.get("id") == str(self.twin):
            return Delivered(EventOutcome.APPLIED, self.version, shadows=shadows)
        made_again = not entity.linked_both_ways and answer.created
        if self.twin is None or entity.copy or made_again:
            joined = self.joined(UUID(str(answer.body["id"])), LinkOrigin.CREATED)
            return Delivered(EventOutcome.APPLIED, self.version, joined, shadows)
        raise Parked("twin_differs", f"{entity.name} {answer.body.get('id')}")


def read_message(event: ReceivedEvent, flow: Flow) -> Message:
    """The state an event tells of. Raises Parked."""
    try:
        return flow.reads.model_validate_json(event.data)
    except ValidationError as unreadable:
        fields = [
            f"/{'/'.join(str(step) for step in one['loc'])} {one['type']}"
            for one in unreadable.errors(include_input=False, include_url=False)
        ]
        raise Parked("unreadable_event", ", ".join(fields)) from unreadable


async def search_candidates(calls: Calls, message: Message) -> list[Candidate]:
    """Active records there with the same value. Raises RetryLater, Parked, KeyRejected."""
    return [
        candidate_of(record, why=why, sender=calls.flow.sender)
        for why, theirs in (calls.flow.entity.certain or {}).items()
        if (value := getattr(message, why, ""))
        for record in await calls.search(theirs, value)
    ]
