"""Carries events across: read, translate, find the twin, call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.telemetry.logs import get_logger
from sync_bridge.flows import Flow, Need
from sync_bridge.identity import service as identity
from sync_bridge.identity.service import digest
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Received
from sync_bridge.lanes import batch_calls, queries
from sync_bridge.lanes.calls import Calls, Halves
from sync_bridge.lanes.deliveries import Carried, Delivery, Try
from sync_bridge.lanes.first_sight import FirstSight
from sync_bridge.lanes.reading import read
from sync_bridge.lanes.refusing import after_refusal
from sync_bridge.lanes.standstill import Denied, Later, Loops, Parks, Standstill, Waits
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages.reading import Message
from sync_bridge.ownership import owned_part

if TYPE_CHECKING:
    from chassis.work.database import Database

__all__ = ["Carrier"]

LONGEST_WAY = 2
"""Hops after which an event is a loop: there and back again."""

TOO_MANY_HOPS, CAUSED_BY_ITSELF = "too_many_hops", "caused_by_itself"
log = get_logger("sync_bridge.lanes")


@dataclass(frozen=True)
class Known:
    """What the bridge knew of some events' records before any call.

    `creations`: twins that are being made of the records. `being_made`: records that are
    themselves such twins. `levelled`: events that bring a record's state whatever was sent before.
    """

    friends: Mapping[UUID, identity.Acquaintance]
    ancestors: Mapping[UUID, int]
    decisions: Mapping[UUID, identity.Decision]
    creations: Mapping[UUID, identity.Creation]
    being_made: frozenset[UUID]
    twins: Twins
    levelled: frozenset[UUID] = frozenset()


class Carrier:
    """Carries events between the halves. One for all lanes."""

    def __init__(self, database: "Database", halves: Halves, *, bridge: UUID) -> None:
        self.database = database
        self.halves = halves
        self.bridge = bridge

    async def look(self, flow: Flow, tries: Sequence[Try]) -> list[Delivery | Carried | Standstill]:
        """What is to be done for each event of a flow: a delivery, nothing, or not now.

        Of a record whose twin holds nothing of it yet the present state is read: what its event
        tells may be old, and later events carry only what the sender owns. Raises Denied.
        """
        messages: Sequence[Any] = [_attempted(one, read, one.event, flow) for one in tries]
        known = await self._known(flow, tries, _needs(flow, messages))
        tries, messages, reread = await self._as_they_are(flow, tries, messages, known)
        if reread:
            known = await self._with_needs(known, _needs(flow, messages))
        return [
            _attempted(one, self._judged, one, flow, message, known)
            if isinstance(message, Message)
            else message
            for one, message in zip(tries, messages, strict=True)
        ]

    async def _known(self, flow: Flow, tries: Sequence[Try], needs: Sequence[Need]) -> Known:
        entity, sender = flow.entity.name, flow.sender
        subjects = [one.event.subject for one in tries]
        events = [event for one in tries for event in (*one.superseded, one.event)]
        causes = [one.causationid for one in events if one.causationid]
        making: Sequence[identity.Creation] = ()
        async with self.database.reading() as reading:
            if flow.entity.linked_both_ways:
                making = await identity.creations(reading, entity, sender, subjects, causes=causes)
            friends = await identity.acquaintances(reading, entity, sender, subjects)
            ancestors = await inbox.ancestors(reading, events)
            strangers = [one for one in subjects if one not in friends]
            decisions = await identity.decisions(reading, entity, sender, strangers)
            twins = await identity.twins_of(reading, needs)
            levelled = await queries.levelled(reading.sql, [one.event_id for one in events])
        made_by = {one.event_id for one in making if one.half == flow.target}
        return Known(
            friends,
            ancestors,
            decisions,
            {one.id: one for one in making if one.half == sender},
            frozenset(one.subject for one in events if one.causationid in made_by),
            twins,
            levelled,
        )

    async def _with_needs(self, known: Known, needs: Sequence[Need]) -> Known:
        """What is known, with the twins of these needs as well."""
        missing = [need for need in needs if (need.entity, need.id) not in known.twins]
        if not missing:
            return known
        async with self.database.reading() as reading:
            more = await identity.twins_of(reading, missing)
        return replace(known, twins={**known.twins, **more})

    async def _as_they_are(
        self, flow: Flow, tries: Sequence[Try], messages: Sequence[Any], known: Known
    ) -> tuple[Sequence[Try], Sequence[Any], bool]:
        """The tries and messages, with the present state of records that were never carried.

        Where the sender cannot be asked, the event's own state serves if all of it is the sender's:
        later events put it right.
        """
        asked = [
            one.event
            for one, message in zip(tries, messages, strict=True)
            if isinstance(message, Message) and _is_first(flow, one.event, message, known)
        ]
        if not asked:
            return tries, messages, False
        try:
            now = await batch_calls.present_states(self.halves, flow, asked)
        except Denied:
            raise
        except Standstill as why:
            if not flow.entity.linked_both_ways:
                return tries, messages, False
            now, missing = {}, why
        else:
            missing = Parks("record_missing", flow.entity.name)
        wanted = {one.subject for one in asked}
        tries = [_with_state(one, now.get(one.event.subject)) for one in tries]
        messages = [
            _attempted(one, read, one.event, flow)
            if one.event.subject in now
            else (missing if one.event.subject in wanted else message)
            for one, message in zip(tries, messages, strict=True)
        ]
        return tries, messages, True

    def _judged(self, one: Try, flow: Flow, message: Message, known: Known) -> Delivery | Carried:
        """What is to be done, by what is known. Raises Loops, Waits."""
        event = one.event
        friend = known.friends.get(event.subject)
        if friend is None:
            if event.subject in known.being_made:
                raise Waits(Need(flow.entity.name, flow.sender, event.subject))
            if not _begins(flow, event, message, known):
                return Carried("not_carried", event.version)
        for need in flow.needs(message):
            if (need.entity, need.id) not in known.twins:
                raise Waits(need)
        body = flow.translate(message, known.twins)
        mine = owned_part(flow.entity.name, sender=flow.sender, body=body)
        level = any(each.event_id in known.levelled for each in (*one.superseded, event))
        if friend is not None and not level and (why := _is_across(one, flow, friend, mine)):
            return Carried(why, event.version)
        calls = Calls(
            halves=self.halves,
            bridge=self.bridge,
            event=event,
            flow=flow,
            refusals=one.refusals,
            decided=one.decided,
            cause=_cause(one, known.ancestors),
            history=_history_of(one, flow, message, body),
            level=level,
        )
        twin = friend.twin if friend else None
        subject = event.subject
        decided, creation = known.decisions.get(subject), known.creations.get(subject)
        return Delivery(calls, message, body, mine, twin, decided, creation)

    async def carry(self, delivery: Delivery) -> Carried | Standstill:
        """Bring the event's effect about. Raises a Standstill when that is not to be now.

        Safe to repeat after any crash: each call is guarded by version or key.
        """
        try:
            if delivery.twin is not None:
                return delivery.came_to(await delivery.calls.upsert(delivery.mine))
        except Standstill as why:
            return await after_refusal(delivery, why)
        return (await self.meet([delivery]))[0]

    async def carry_together(self, deliveries: Sequence[Delivery]) -> list[Carried | Standstill]:
        """Bring the effects of upserts of one flow about by one call, each judged alone.

        Raises a Standstill when the other half did not answer for each: then they are carried one
        by one.
        """
        lot = [(one.calls, one.upserted) for one in deliveries]
        answers = await batch_calls.upsert_all(lot)
        came = [
            _attempted(one, lambda one, answer: one.came_to(one.calls.judged(answer)), one, answer)
            for one, answer in zip(deliveries, answers, strict=True)
        ]
        return await _told(deliveries, came)

    async def meet(self, deliveries: Sequence[Delivery]) -> list[Carried | Standstill]:
        """Find or make the twins of records of one flow, each judged alone.

        Raises a Standstill as `carry_together` does.
        """
        first_sight = FirstSight(self.database, deliveries[0].calls.flow)
        return await _told(deliveries, await first_sight.meet(deliveries))


async def _told(
    deliveries: Sequence[Delivery], came: Sequence[Carried | Standstill]
) -> list[Carried | Standstill]:
    """What it came to, when the sender was told of what was refused."""
    return [
        await after_refusal(one, what) if isinstance(what, Standstill) else what
        for one, what in zip(deliveries, came, strict=True)
    ]


def _with_state(one: Try, now: Received | None) -> Try:
    """The try with the present state of its record, which has the versions after it as well."""
    if now is None:
        return one
    jumped = one.jumped or now.version > one.event.version
    return replace(one, event=now, jumped=jumped)


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


def _is_across(
    one: Try, flow: Flow, friend: identity.Acquaintance, mine: Mapping[str, Any]
) -> str | None:
    """Why nothing is to be put to the twin, if nothing is."""
    if friend.digest == digest(mine):
        return "unchanged"
    return "restored" if one.restored and flow.entity.as_it_is else None


def _begins(flow: Flow, event: Received, message: Message, known: Known) -> bool:
    """Whether a record without a twin crosses: not where a person said that it has none."""
    decided = known.decisions.get(event.subject)
    if decided is not None and decided.apart:
        return False
    return event.subject in known.creations or flow.begins(message)


def _is_first(flow: Flow, event: Received, message: Message, known: Known) -> bool:
    """Whether the record's present state is needed: nothing of it is across yet."""
    if not flow.entity.as_it_is or event.subject in known.being_made:
        return False
    friend = known.friends.get(event.subject)
    if friend is None:
        return _begins(flow, event, message, known)
    return friend.digest is None


def _needs(flow: Flow, messages: Iterable[Any]) -> list[Need]:
    needs = {need for one in messages if isinstance(one, Message) for need in flow.needs(one)}
    return sorted(needs, key=str)


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


def _history_of(one: Try, flow: Flow, message: Message, body: Mapping[str, Any]) -> int | None:
    """In which history the version counts that is put; None: in that of the event.

    What was written after a restore that was noticed later is told in the new history, though the
    record took down the one before.
    """
    said, event = flow.history_of(message), one.event
    if said is None or said >= event.history:
        return said
    told = [
        each.aggversion
        for each in (*one.superseded, event)
        if not each.is_state and each.history == event.history
    ]
    written_since = told and body.get("source_version", event.aggversion) >= min(told)
    return None if written_since else said
