"""Delivers events across: read, translate, find the twin, call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.telemetry.logs import get_logger
from chassis.work.database import Database
from sync_bridge.flows import Flow, Need
from sync_bridge.identity import service as identity
from sync_bridge.identity.digests import digest
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import batch_calls, queries
from sync_bridge.lanes.calls import Calls, Halves
from sync_bridge.lanes.deliveries import (
    Attempt,
    Delivered,
    Delivery,
    read_message,
    search_candidates,
)
from sync_bridge.lanes.erasing import deliver_erasure
from sync_bridge.lanes.first_sync import FirstSync
from sync_bridge.lanes.stopped import (
    DeliveryStopped,
    KeyRejected,
    LoopDetected,
    Parked,
    RecordRejected,
    RetryLater,
    ReviewNeeded,
    WaitsForRecord,
)
from sync_bridge.mappings.twins import Twins
from sync_bridge.messages.base import Message
from sync_bridge.ownership import owned_part
from sync_bridge.states import EventOutcome

__all__ = ["Deliverer", "after_rejection"]

HOPS_MAX = 2
"""Hops after which an event is a loop: there and back again."""

log = get_logger("sync_bridge.lanes")


@dataclass(frozen=True)
class Context:
    """What the bridge knew of some events' records before any call.

    `creations`: twins that are being made of the records. `being_made`: records that are
    themselves such twins. `levelled`: events that bring a record's state whatever was sent before.
    """

    linked: Mapping[UUID, identity.LinkedRecord]
    ancestors: Mapping[UUID, int]
    decisions: Mapping[UUID, identity.Decision]
    creations: Mapping[UUID, identity.Creation]
    being_created: frozenset[UUID]
    twins: Twins
    levelled: frozenset[UUID] = frozenset()


class Deliverer:
    """Delivers events between the halves. One for all lanes."""

    def __init__(self, database: Database, halves: Halves, *, bridge: UUID) -> None:
        self.database = database
        self.halves = halves
        self.bridge = bridge

    async def plan(
        self, flow: Flow, tries: Sequence[Attempt]
    ) -> list[Delivery | Delivered | DeliveryStopped]:
        """What is to be done for each event of a flow: a delivery, nothing, or not now.

        Of a record whose twin holds nothing of it yet the present state is read: what its event
        tells may be old, and later events hold only what the sender owns. Raises KeyRejected.
        """
        messages: Sequence[Any] = [_caught(one, read_message, one.event, flow) for one in tries]
        context = await self._context(flow, tries, _needs(flow, messages))
        tries, messages, reread = await self._with_current_states(flow, tries, messages, context)
        if reread:
            context = await self._with_needs(context, _needs(flow, messages))
        return [
            _caught(one, self._planned, one, flow, message, context)
            if isinstance(message, Message)
            else message
            for one, message in zip(tries, messages, strict=True)
        ]

    async def _context(
        self, flow: Flow, tries: Sequence[Attempt], needs: Sequence[Need]
    ) -> Context:
        entity, sender = flow.entity.name, flow.sender
        subjects = [one.event.subject for one in tries]
        events = [event for one in tries for event in (*one.superseded, one.event)]
        causes = [one.causationid for one in events if one.causationid]
        creations: Sequence[identity.Creation] = ()
        async with self.database.reading() as reading:
            if flow.entity.linked_both_ways:
                creations = await identity.creations(
                    reading, entity, sender, subjects, causes=causes
                )
            linked = await identity.linked_records(reading, entity, sender, subjects)
            ancestors = await inbox.ancestors(reading, events)
            strangers = [one for one in subjects if one not in linked]
            decisions = await identity.decisions(reading, entity, sender, strangers)
            twins = await identity.twins_of(reading, needs)
            levelled = await queries.levelled(reading.sql, [one.event_id for one in events])
        made_by = {one.event_id for one in creations if one.half == flow.target}
        return Context(
            linked,
            ancestors,
            decisions,
            {one.id: one for one in creations if one.half == sender},
            frozenset(one.subject for one in events if one.causationid in made_by),
            twins,
            levelled,
        )

    async def _with_needs(self, context: Context, needs: Sequence[Need]) -> Context:
        """What is known, with the twins of these needs as well."""
        missing = [need for need in needs if (need.entity, need.id) not in context.twins]
        if not missing:
            return context
        async with self.database.reading() as reading:
            more = await identity.twins_of(reading, missing)
        return replace(context, twins={**context.twins, **more})

    async def _with_current_states(
        self, flow: Flow, tries: Sequence[Attempt], messages: Sequence[Any], context: Context
    ) -> tuple[Sequence[Attempt], Sequence[Any], bool]:
        """The tries and messages, with the present state of records that were never delivered.

        Where the sender cannot be asked, the event's own state serves if all of it is the sender's:
        later events put it right.
        """
        asked = [
            one.event
            for one, message in zip(tries, messages, strict=True)
            if isinstance(message, Message)
            and _needs_current_state(flow, one.event, message, context)
        ]
        if not asked:
            return tries, messages, False
        try:
            now = await batch_calls.present_states(self.halves, flow, asked)
        except KeyRejected:
            raise
        except DeliveryStopped as why:
            if not flow.entity.linked_both_ways:
                return tries, messages, False
            now, missing = {}, why
        else:
            missing = Parked("record_missing", flow.entity.name)
        wanted = {one.subject for one in asked}
        tries = [_with_state(one, now.get(one.event.subject)) for one in tries]
        messages = [
            _caught(one, read_message, one.event, flow)
            if one.event.subject in now
            else (missing if one.event.subject in wanted else message)
            for one, message in zip(tries, messages, strict=True)
        ]
        return tries, messages, True

    def _planned(
        self, one: Attempt, flow: Flow, message: Message, context: Context
    ) -> Delivery | Delivered:
        """What is to be done, by what is known. Raises LoopDetected, WaitsForRecord."""
        event = one.event
        link = context.linked.get(event.subject)
        if link is None:
            if event.subject in context.being_created:
                raise WaitsForRecord(Need(flow.entity.name, flow.sender, event.subject))
            if not _creates(flow, event, message, context):
                return Delivered(EventOutcome.NOT_CARRIED, event.version)
        for need in flow.needs(message):
            if (need.entity, need.id) not in context.twins:
                raise WaitsForRecord(need)
        body = flow.translate(message, context.twins)
        owned = _owned_part(flow, body)
        level = any(each.event_id in context.levelled for each in (*one.superseded, event))
        if link is not None and not level and (why := _nothing_to_put(one, flow, link, owned)):
            return Delivered(why, event.version)
        calls = Calls(
            halves=self.halves,
            bridge=self.bridge,
            event=event,
            flow=flow,
            refusals=one.refusals,
            decided=one.decided,
            cause=_cause(one, context.ancestors),
            history=_history_of(one, flow, message, body),
            level=level,
        )
        twin = link.twin if link else None
        subject = event.subject
        decided, creation = context.decisions.get(subject), context.creations.get(subject)
        return Delivery(calls, message, body, owned, twin, decided, creation)

    async def deliver(self, delivery: Delivery) -> Delivered | DeliveryStopped:
        """Bring the event's effect about. Raises DeliveryStopped when that is not to be now.

        Safe to repeat after any crash: each call is guarded by version or key.
        """
        try:
            if delivery.calls.flow.erases:
                return await deliver_erasure(delivery)
            if delivery.twin is not None:
                return delivery.result_of(await delivery.calls.upsert(delivery.owned))
        except DeliveryStopped as why:
            return await after_rejection(delivery, why)
        return (await self.first_sync([delivery]))[0]

    async def deliver_batch(
        self, deliveries: Sequence[Delivery]
    ) -> list[Delivered | DeliveryStopped]:
        """Bring the effects of upserts of one flow about by one call, each judged alone.

        Raises DeliveryStopped when the other half did not answer for each: then they are delivered
        one by one.
        """
        batch = [(one.calls, one.body_to_put) for one in deliveries]
        answers = await batch_calls.upsert_all(batch)
        results = [
            _caught(one, lambda one, answer: one.result_of(one.calls.checked(answer)), one, answer)
            for one, answer in zip(deliveries, answers, strict=True)
        ]
        return await _with_rejections(deliveries, results)

    async def first_sync(self, deliveries: Sequence[Delivery]) -> list[Delivered | DeliveryStopped]:
        """Find or make the twins of records of one flow, each judged alone.

        Raises DeliveryStopped as `deliver_batch` does.
        """
        first_sync = FirstSync(self.database, deliveries[0].calls.flow)
        return await _with_rejections(deliveries, await first_sync.run(deliveries))


async def _with_rejections(
    deliveries: Sequence[Delivery], results: Sequence[Delivered | DeliveryStopped]
) -> list[Delivered | DeliveryStopped]:
    """What it came to, when the sender was told of what was refused."""
    return [
        await after_rejection(one, what) if isinstance(what, DeliveryStopped) else what
        for one, what in zip(deliveries, results, strict=True)
    ]


def _owned_part(flow: Flow, body: Mapping[str, Any]) -> dict[str, Any]:
    """What of the body the sender owns; of an erasure nothing is put."""
    if flow.erases:
        return {}
    return owned_part(flow.entity.name, sender=flow.sender, body=body)


def _with_state(one: Attempt, now: ReceivedEvent | None) -> Attempt:
    """The try with the present state of its record, which has the versions after it as well."""
    if now is None:
        return one
    skipped_versions = one.skipped_versions or now.version > one.event.version
    return replace(one, event=now, skipped_versions=skipped_versions)


def _cause(one: Attempt, ancestors: Mapping[UUID, int]) -> ReceivedEvent:
    """Of the events whose state is delivered, the one that came the shortest way.

    What a user changed is in later states too, though these are echoes: so it is an alarm only
    when every one of them has come too far, and none is missing (B47). Raises LoopDetected.
    """

    def distance(event: ReceivedEvent) -> int:
        return max(event.hops, ancestors.get(event.event_id, 0))

    cause = min((one.event, *one.superseded), key=distance)
    if distance(cause) > HOPS_MAX and not one.skipped_versions:
        raise LoopDetected(
            EventOutcome.TOO_MANY_HOPS
            if one.event.hops > HOPS_MAX
            else EventOutcome.CAUSED_BY_ITSELF
        )
    return cause


def _nothing_to_put(
    one: Attempt, flow: Flow, link: identity.LinkedRecord, owned: Mapping[str, Any]
) -> EventOutcome | None:
    """Why nothing is to be put to the twin, if nothing is."""
    if link.digest == digest(owned):
        return EventOutcome.UNCHANGED
    return EventOutcome.RESTORED if one.restored and flow.entity.sends_current_state else None


def _creates(flow: Flow, event: ReceivedEvent, message: Message, context: Context) -> bool:
    """Whether a record without a twin crosses: not where a person said that it has none."""
    decided = context.decisions.get(event.subject)
    if decided is not None and decided.apart:
        return False
    return event.subject in context.creations or flow.begins(message)


def _needs_current_state(
    flow: Flow, event: ReceivedEvent, message: Message, context: Context
) -> bool:
    """Whether the record's present state is needed: nothing of it is across yet."""
    if not flow.entity.sends_current_state or event.subject in context.being_created:
        return False
    link = context.linked.get(event.subject)
    if link is None:
        return _creates(flow, event, message, context)
    return link.digest is None


def _needs(flow: Flow, messages: Iterable[Any]) -> list[Need]:
    needs = {need for one in messages if isinstance(one, Message) for need in flow.needs(one)}
    return sorted(needs, key=str)


def _caught(of: Any, act: Any, *arguments: Any) -> Any:
    """What the act returns, or why it is stopped; a fault of ours stops one lane, not all."""
    try:
        return act(*arguments)
    except DeliveryStopped as why:
        return why
    except Exception as raised:
        event = of.event if isinstance(of, Attempt) else of.calls.event
        log.exception("lane_fault", event_id=str(event.event_id))
        return RetryLater("internal_error", type(raised).__name__, counts_as_refusal=True)


def _history_of(one: Attempt, flow: Flow, message: Message, body: Mapping[str, Any]) -> int | None:
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


async def after_rejection(delivery: Delivery, why: DeliveryStopped) -> Delivered | DeliveryStopped:
    """Tell the sender that its record is not taken, where it wants to know. Else why it stands.

    Who was erased across does not cross again. A record whose new number another one has across is
    shown to a person with that one, unless it gives it up meanwhile.
    """
    calls = delivery.calls
    entity, sender, subject = calls.flow.entity, calls.flow.sender, calls.event.subject
    try:
        if why.reason == "person_suppressed":
            return Delivered(EventOutcome.NOT_CARRIED, delivery.version)
        if isinstance(why, RecordRejected) and entity.refusals is not None:
            version = delivery.body.get("source_version", delivery.version[1])
            await calls.report_rejection(why, version=version)
            return Delivered(EventOutcome.REFUSED, delivery.version)
        if why.reason == "duplicate_code" and delivery.twin is not None and calls.refusals > 1:
            candidates = await search_candidates(calls, delivery.message)
            if candidates:
                return ReviewNeeded(entity.name, sender, subject, candidates, already_linked=True)
    except DeliveryStopped as stands:
        return stands
    return why
