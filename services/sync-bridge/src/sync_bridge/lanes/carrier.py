"""Carries one event across: read, translate, find the twin, call. Writes nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import ValidationError

from sync_bridge.flows import Flow, Need
from sync_bridge.identity import service as identity
from sync_bridge.identity.rules.matching import Finding, candidate_of, judge_finds
from sync_bridge.identity.rules.shadows import digest
from sync_bridge.identity.service import Sighting
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Received
from sync_bridge.lanes.calls import Calls, Halves
from sync_bridge.lanes.standstill import Asks, Loops, Parks, Waits
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages.reading import Message
from sync_bridge.ownership import Half, held_part, owned_part

if TYPE_CHECKING:
    from chassis.storage.database import Database

__all__ = ["Carried", "Carrier", "ShadowCast"]

LONGEST_WAY = 2
"""Hops after which an event is a loop: there and back again."""


@dataclass(frozen=True)
class ShadowCast:
    """The hash of what the other half now holds of what `half` owns of its record."""

    half: Half
    id: UUID
    digest: bytes


@dataclass(frozen=True)
class Carried:
    """What carrying an event came to: `applied`, `unchanged` or `not_carried`."""

    outcome: str
    joined: Sighting | None = None
    shadows: tuple[ShadowCast, ...] = field(default=())


@dataclass(frozen=True)
class Known:
    """What the bridge knew before any call."""

    twin: UUID | None
    digest: bytes | None
    twins: Twins
    decided: identity.Decision | None


class Carrier:
    """Carries events between the halves. One for all lanes."""

    def __init__(self, database: "Database", halves: Halves, *, bridge: UUID) -> None:
        self.database = database
        self.halves = halves
        self.bridge = bridge

    async def carry(self, event: Received, flow: Flow, *, refusals: int = 1) -> Carried:
        """Bring the event's effect about. Raises a Standstill when that is not to be now.

        Safe to repeat after any crash: each call is guarded by version or key. `refusals` counts
        the tries that may have been the event's own fault, this one included.
        """
        if event.hops > LONGEST_WAY:
            raise Loops("too_many_hops")
        message = _read(event, flow)
        needs = flow.needs(message)
        known = await self._known(event, flow, needs)
        if known.twin is None and not flow.begins(message):
            return Carried("not_carried")
        for need in needs:
            if (need.entity, need.id) not in known.twins:
                raise Waits(need)
        body = flow.translate(message, known.twins)
        calls = Calls(self.halves, self.bridge, event, flow, refusals)
        if known.twin is None:
            return await _first_sight(calls, message, body, known.decided)
        return await _known_twin(calls, body, known)

    async def _known(self, event: Received, flow: Flow, needs: Sequence[Need]) -> Known:
        """What is known of the record and of what it needs. Raises Loops."""
        entity, subject = flow.entity.name, event.subject
        async with self.database.reading() as reading:
            friend = await identity.acquaintance(reading, entity, flow.sender, subject)
            twins = await identity.twins_of(reading, needs)
            if await inbox.ancestors(reading, event) > LONGEST_WAY:
                raise Loops("caused_by_itself")
            decided = None
            if friend is None:
                decided = await identity.decision(reading, entity, flow.sender, subject)
        if friend is None:
            return Known(None, None, twins, decided)
        return Known(friend.twin, friend.digest, twins, None)


def _read(event: Received, flow: Flow) -> Message:
    try:
        return flow.reads.model_validate_json(event.data)
    except ValidationError as unreadable:
        fields = [
            f"/{'/'.join(str(step) for step in one['loc'])} {one['type']}"
            for one in unreadable.errors(include_input=False, include_url=False)
        ]
        raise Parks("unreadable_event", ", ".join(fields)) from unreadable


async def _known_twin(calls: Calls, body: dict[str, Any], known: Known) -> Carried:
    """Send what the sender owns, unless the other half holds just that (B45)."""
    flow, event = calls.flow, calls.event
    mine = owned_part(flow.entity.name, sender=flow.sender, body=body)
    shadow = ShadowCast(flow.sender, event.subject, digest(mine))
    if known.digest == shadow.digest:
        return Carried("unchanged")
    answer = await calls.upsert(mine)
    if answer.body.get("id") != str(known.twin):
        raise Parks("twin_differs", f"{flow.entity.name} {answer.body.get('id')}")
    return Carried("applied", shadows=(shadow,))


async def _first_sight(
    calls: Calls, message: Message, body: dict[str, Any], decided: identity.Decision | None
) -> Carried:
    """Find the twin or make it; afterwards both halves know each other's ids (B51)."""
    flow, subject = calls.flow, calls.event.subject
    twin, how = await _find_twin(calls, message, decided)
    if twin is None:
        return await _make_twin(calls, message, body)
    await _introduce(calls, twin)
    joined = Sighting.of(flow.entity.name, flow.sender, subject, twin, how)
    carried = await _known_twin(calls, body, Known(twin, None, {}, None))
    return replace(carried, joined=joined)


async def _find_twin(
    calls: Calls, message: Message, decided: identity.Decision | None
) -> tuple[UUID | None, str]:
    """The twin and how it is known. Raises Asks when a person must say."""
    flow, subject = calls.flow, calls.event.subject
    if flow.entity.linked_both_ways:
        record = await calls.look_up(flow.entity, flow.sender, subject)
        linked = candidate_of(record, why="linked", sender=flow.target).linked_to
        if linked is not None:
            return UUID(linked), "known"
    if decided is not None:
        return decided.twin, "person"
    if flow.entity.refused_twice and calls.refusals <= 1:
        return None, "created"
    found = await _search(calls, message)
    if found.candidates:
        raise Asks(flow.entity.name, flow.sender, subject, found.candidates)
    return found.twin, "certain"


async def _search(calls: Calls, message: Message) -> Finding:
    """Look across for records that are, or may be, the twin."""
    flow = calls.flow
    certain, likely = [
        [
            candidate_of(record, why=why, sender=flow.sender)
            for why, theirs in (fields or {}).items()
            if (value := getattr(message, why, ""))
            for record in await calls.search(theirs, value)
        ]
        for fields in (flow.entity.certain, flow.entity.likely)
    ]
    return judge_finds(certain, likely, subject=calls.event.subject)


async def _introduce(calls: Calls, twin: UUID) -> None:
    """Let both halves know each other's ids."""
    flow, subject = calls.flow, calls.event.subject
    await calls.link(flow.target, twin, system=flow.sender, external_id=subject)
    if flow.entity.linked_both_ways:
        await calls.link(flow.sender, subject, system=flow.target, external_id=twin)


async def _make_twin(calls: Calls, message: Message, body: dict[str, Any]) -> Carried:
    """Make the twin with all that is known, and tell the sender its id."""
    flow, subject = calls.flow, calls.event.subject
    entity = flow.entity.name
    answer = await calls.upsert(body)
    twin = UUID(str(answer.body["id"]))
    mine = owned_part(entity, sender=flow.sender, body=body)
    shadows = [ShadowCast(flow.sender, subject, digest(mine))]
    if flow.entity.linked_both_ways:
        await calls.link(flow.sender, subject, system=flow.target, external_id=twin)
        theirs = held_part(entity, holder=flow.sender, state=message.plain())
        shadows.append(ShadowCast(flow.target, twin, digest(theirs)))
    joined = Sighting.of(entity, flow.sender, subject, twin, "created")
    return Carried("applied", joined=joined, shadows=tuple(shadows))
