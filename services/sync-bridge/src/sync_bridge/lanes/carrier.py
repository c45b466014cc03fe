"""Carries events across: read, translate, find the twin, call. Writes nothing itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import ValidationError

from chassis.telemetry.logs import get_logger
from sync_bridge.flows import Flow, Need
from sync_bridge.identity import service as identity
from sync_bridge.identity.service import (
    Candidate,
    Finding,
    Sighting,
    candidate_of,
    digest,
    judge_finds,
)
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Received
from sync_bridge.lanes.calls import Calls, Halves, upsert_together
from sync_bridge.lanes.queries import Shadow
from sync_bridge.lanes.standstill import Asks, Later, Loops, Parks, Refused, Standstill, Waits
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages.reading import Message
from sync_bridge.ownership import held_part, owned_part

if TYPE_CHECKING:
    from chassis.storage.database import Database
    from sync_bridge.targets.target import Answer

__all__ = ["Carried", "Carrier", "Errand", "Try"]

LONGEST_WAY = 2
"""Hops after which an event is a loop: there and back again."""

TOO_MANY_HOPS, CAUSED_BY_ITSELF = "too_many_hops", "caused_by_itself"
log = get_logger("sync_bridge.lanes")


@dataclass(frozen=True)
class Try:
    """An event that is to be carried; `refusals` counts its tries, this one included.

    `superseded` are the events before it whose state it includes, `jumped`: versions that never
    came are included too.
    """

    event: Received
    refusals: int = 1
    superseded: tuple[Received, ...] = ()
    jumped: bool = False


@dataclass(frozen=True)
class Carried:
    """What carrying an event came to: `applied`, `unchanged`, `refused` or `not_carried`."""

    outcome: str
    joined: Sighting | None = None
    shadows: tuple[Shadow, ...] = field(default=())


@dataclass(frozen=True)
class Errand:
    """What is to be told for one event, and what was known of its record before any call.

    `body` is all there is to tell, `mine` the sender's own part of it.
    """

    calls: Calls
    message: Message
    body: dict[str, Any]
    mine: dict[str, Any]
    twin: UUID | None
    decided: identity.Decision | None

    @property
    def says_all_at_once(self) -> bool:
        """Whether one upsert is all: nothing is to be looked for, and no id to be exchanged."""
        return self.twin is not None or (
            self.decided is None and not self.calls.flow.entity.linked_both_ways and self.is_new
        )

    @property
    def is_new(self) -> bool:
        """Whether the twin is made without looking for it: a second one would be refused."""
        entity = self.calls.flow.entity
        unlike = not entity.certain and not entity.likely
        return unlike or (entity.refused_twice and self.calls.refusals <= 1)

    @property
    def upserted(self) -> dict[str, Any]:
        """What is put to the other half: the sender's own part of a twin, all of a new one."""
        return self.mine if self.twin is not None else self.body

    def came_to(self, answer: "Answer") -> Carried:
        """What the answered upsert came to. Raises Parks."""
        flow, subject = self.calls.flow, self.calls.event.subject
        shadow = Shadow(flow.entity.name, flow.sender, subject, digest(self.mine))
        if self.twin is None:
            twin = UUID(str(answer.body["id"]))
            joined = Sighting.of(flow.entity.name, flow.sender, subject, twin, "created")
            return Carried("applied", joined=joined, shadows=(shadow,))
        if answer.body.get("id") != str(self.twin):
            raise Parks("twin_differs", f"{flow.entity.name} {answer.body.get('id')}")
        return Carried("applied", shadows=(shadow,))


@dataclass(frozen=True)
class Known:
    """What the bridge knew of some events' records before any call."""

    friends: Mapping[UUID, identity.Acquaintance]
    twins: Twins
    ancestors: Mapping[UUID, int]
    decisions: Mapping[UUID, identity.Decision]


class Carrier:
    """Carries events between the halves. One for all lanes."""

    def __init__(self, database: "Database", halves: Halves, *, bridge: UUID) -> None:
        self.database = database
        self.halves = halves
        self.bridge = bridge

    async def look(self, flow: Flow, tries: Sequence[Try]) -> list[Errand | Carried | Standstill]:
        """What is to be done for each event of a flow: an errand, nothing, or not now."""
        read = [_attempted(one, _read, one.event, flow) for one in tries]
        messages = [one for one in read if isinstance(one, Message)]
        needs = {need for message in messages for need in flow.needs(message)}
        known = await self._known(flow, tries, sorted(needs, key=str))
        return [
            _attempted(one, self._judged, one, flow, message, known)
            if isinstance(message, Message)
            else message
            for one, message in zip(tries, read, strict=True)
        ]

    async def _known(self, flow: Flow, tries: Sequence[Try], needs: Sequence[Need]) -> Known:
        entity, subjects = flow.entity.name, [one.event.subject for one in tries]
        events = [event for one in tries for event in (*one.superseded, one.event)]
        async with self.database.reading() as reading:
            friends = await identity.acquaintances(reading, entity, flow.sender, subjects)
            twins = await identity.twins_of(reading, needs)
            ancestors = await inbox.ancestors(reading, events)
            strangers = [one for one in subjects if one not in friends]
            decisions = await identity.decisions(reading, entity, flow.sender, strangers)
        return Known(friends, twins, ancestors, decisions)

    def _judged(self, one: Try, flow: Flow, message: Message, known: Known) -> Errand | Carried:
        """What is to be done, by what is known. Raises Loops, Waits."""
        event = one.event
        friend = known.friends.get(event.subject)
        decided = known.decisions.get(event.subject)
        apart = decided is not None and decided.apart
        if friend is None and (apart or not flow.begins(message)):
            return Carried("not_carried")
        for need in flow.needs(message):
            if (need.entity, need.id) not in known.twins:
                raise Waits(need)
        body = flow.translate(message, known.twins)
        mine = owned_part(flow.entity.name, sender=flow.sender, body=body)
        if friend is not None and friend.digest == digest(mine):
            return Carried("unchanged")
        cause = _cause(one, known.ancestors)
        calls = Calls(self.halves, self.bridge, event, flow, one.refusals, cause)
        twin = friend.twin if friend else None
        return Errand(calls, message, body, mine, twin, decided)

    async def carry(self, errand: Errand) -> Carried:
        """Bring the event's effect about. Raises a Standstill when that is not to be now.

        Safe to repeat after any crash: each call is guarded by version or key.
        """
        try:
            if errand.twin is not None:
                return errand.came_to(await errand.calls.upsert(errand.mine))
            return await _first_sight(errand)
        except Standstill as why:
            return await _after(errand, why)

    async def carry_together(
        self, errands: Sequence[Errand]
    ) -> "list[Carried | Standstill] | None":
        """Bring the effects of upserts of one flow about by one call, each judged alone.

        None when the other half did not answer for each: then they are carried one by one.
        Raises Denied.
        """
        answers = await upsert_together([(one.calls, one.upserted) for one in errands])
        if answers is None:
            return None
        came = [
            _attempted(one, lambda one, answer: one.came_to(one.calls.judged(answer)), one, answer)
            for one, answer in zip(errands, answers, strict=True)
        ]
        return [
            await _told(one, what) if isinstance(what, Standstill) else what
            for one, what in zip(errands, came, strict=True)
        ]


def _attempted(of: Any, act: Any, *arguments: Any) -> Any:
    """What the act returns, or why it stands still; a fault of ours stops one lane, not all."""
    try:
        return act(*arguments)
    except Standstill as why:
        return why
    except Exception as raised:
        event = of.event if isinstance(of, Try) else of.calls.event
        log.exception("lane_fault", event_id=str(event.event_id))
        return Later("internal_error", type(raised).__name__, exhaustible=True)


def _read(event: Received, flow: Flow) -> Message:
    try:
        return flow.reads.model_validate_json(event.data)
    except ValidationError as unreadable:
        fields = [
            f"/{'/'.join(str(step) for step in one['loc'])} {one['type']}"
            for one in unreadable.errors(include_input=False, include_url=False)
        ]
        raise Parks("unreadable_event", ", ".join(fields)) from unreadable


async def _told(errand: Errand, why: Standstill) -> Carried | Standstill:
    try:
        return await _after(errand, why)
    except Standstill as stands:
        return stands


async def _after(errand: Errand, why: Standstill) -> Carried:
    """Tell the sender that its record is not taken, where it wants to know. Else raises why.

    A record whose new number another one has across is shown to a person with that one, unless it
    gives it up meanwhile.
    """
    calls = errand.calls
    entity, sender, subject = calls.flow.entity, calls.flow.sender, calls.event.subject
    if isinstance(why, Refused) and entity.refusals is not None:
        version = errand.body.get("source_version", calls.event.aggversion)
        await calls.tell_refusal(why, version=version)
        return Carried("refused")
    if why.reason == "duplicate_code" and errand.twin is not None and calls.refusals > 1:
        found = await _found(calls, errand.message, entity.certain)
        if found:
            raise Asks(entity.name, sender, subject, found, of_a_pair=True) from why
    raise why


def _cause(one: Try, ancestors: Mapping[UUID, int]) -> Received:
    """Of the events whose state is carried, the one that came the shortest way. Raises Loops.

    What a user changed stands in later states too, though these be echoes: so it is an alarm only
    when every one of them has come too far, and none is missing (B47).
    """

    def way(event: Received) -> int:
        return max(event.hops, ancestors.get(event.event_id, 0))

    cause = min((one.event, *one.superseded), key=way)
    if way(cause) > LONGEST_WAY and not one.jumped:
        raise Loops(TOO_MANY_HOPS if one.event.hops > LONGEST_WAY else CAUSED_BY_ITSELF)
    return cause


async def _first_sight(errand: Errand) -> Carried:
    """Find the twin or make it; afterwards both halves know each other's ids (B51)."""
    calls = errand.calls
    flow, subject = calls.flow, calls.event.subject
    twin, how = await _find_twin(errand)
    if twin is None:
        return await _make_twin(errand)
    await _introduce(calls, twin)
    met = replace(errand, twin=twin)
    carried = met.came_to(await calls.upsert(met.mine))
    joined = Sighting.of(flow.entity.name, flow.sender, subject, twin, how)
    return replace(carried, joined=joined)


async def _find_twin(errand: Errand) -> tuple[UUID | None, str]:
    """The twin and how it is known. Raises Asks when a person must say."""
    calls = errand.calls
    flow, subject = calls.flow, calls.event.subject
    if flow.entity.linked_both_ways:
        record = await calls.look_up(flow.entity, flow.sender, subject)
        linked = candidate_of(record, why="linked", sender=flow.target).linked_to
        if linked is not None:
            return UUID(linked), "known"
    if errand.decided is not None:
        return errand.decided.twin, "person"
    if errand.is_new:
        return None, "created"
    found = await _search(calls, errand.message)
    if found.candidates:
        raise Asks(flow.entity.name, flow.sender, subject, found.candidates)
    return found.twin, "certain"


async def _search(calls: Calls, message: Message) -> Finding:
    """Look across for records that are, or may be, the twin."""
    entity = calls.flow.entity
    certain, likely = [
        await _found(calls, message, fields) for fields in (entity.certain, entity.likely)
    ]
    return judge_finds(certain, likely, subject=calls.event.subject)


async def _found(
    calls: Calls, message: Message, fields: Mapping[str, str] | None
) -> list[Candidate]:
    """Records across that are alike in one of the fields."""
    return [
        candidate_of(record, why=why, sender=calls.flow.sender)
        for why, theirs in (fields or {}).items()
        if (value := getattr(message, why, ""))
        for record in await calls.search(theirs, value)
    ]


async def _introduce(calls: Calls, twin: UUID) -> None:
    """Let both halves know each other's ids."""
    flow, subject = calls.flow, calls.event.subject
    await calls.link(flow.target, twin, system=flow.sender, external_id=subject)
    if flow.entity.linked_both_ways:
        await calls.link(flow.sender, subject, system=flow.target, external_id=twin)


async def _make_twin(errand: Errand) -> Carried:
    """Make the twin with all that is known, and tell the sender its id."""
    calls = errand.calls
    flow, subject = calls.flow, calls.event.subject
    answer = await calls.upsert(errand.body)
    made = errand.came_to(answer)
    if not flow.entity.linked_both_ways:
        return made
    twin = UUID(str(answer.body["id"]))
    await calls.link(flow.sender, subject, system=flow.target, external_id=twin)
    theirs = held_part(flow.entity.name, holder=flow.sender, state=errand.message.plain())
    held = Shadow(flow.entity.name, flow.target, twin, digest(theirs))
    return replace(made, shadows=(*made.shadows, held))
