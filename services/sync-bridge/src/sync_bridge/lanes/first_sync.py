"""First sync of records: their twins are found or made, and both halves know each other's ids.

Done for many records of one flow at once, by calls for all of them; each record is judged for
itself. Every step is safe to repeat, wherever the process died.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from chassis.work.database import Database
from sync_bridge.flows import Flow, Need
from sync_bridge.identity import service as identity
from sync_bridge.identity.digests import digest
from sync_bridge.identity.matching import (
    MatchResult,
    MatchSubject,
    match_result_of,
    result_of_search,
)
from sync_bridge.identity.service import Creation
from sync_bridge.lanes import batch_calls
from sync_bridge.lanes.deliveries import Delivered, Delivery, search_candidates
from sync_bridge.lanes.later_changes import send_later_changes
from sync_bridge.lanes.queries import Shadow
from sync_bridge.lanes.stopped import (
    DeliveryStopped,
    Parked,
    RetryLater,
    ReviewNeeded,
    WaitsForRecord,
)
from sync_bridge.ownership import foreign_part
from sync_bridge.states import EventOutcome, LinkOrigin
from sync_bridge.targets import Answer

__all__ = ["FirstSync"]

T = TypeVar("T")

HALVES = frozenset({"crm", "erp"})
REFS_MAX = 10


@dataclass
class _Item:
    """How far the first sync of one record has come."""

    delivery: Delivery
    creation: Creation | None = None
    twin: UUID | None = None
    how: LinkOrigin = LinkOrigin.CREATED
    revision: int = 0
    links: dict[str, str] = field(default_factory=dict)
    marks: dict[str, bool] = field(default_factory=dict)
    delivered: Delivered | None = None
    stopped: DeliveryStopped | None = None

    @property
    def open(self) -> bool:
        """Whether there is more to be done for it."""
        return self.stopped is None and self.delivered is None

    @property
    def subject(self) -> UUID:
        """The sender's record."""
        return self.delivery.calls.event.subject

    def outcome(self) -> Delivered | DeliveryStopped:
        """What it came to."""
        if self.stopped is not None:
            return self.stopped
        return self.delivered or RetryLater(
            "internal_error", "first sync ended early", counts_as_refusal=True
        )


class FirstSync:
    """Finds or makes the twins of records of one flow."""

    def __init__(self, database: Database, flow: Flow) -> None:
        self._database = database
        self._flow = flow

    async def run(self, deliveries: Sequence[Delivery]) -> list[Delivered | DeliveryStopped]:
        """What each came to. Raises DeliveryStopped where a batch had no answer for each.

        What is put across of a new twin is kept before the first call. A sender may change the
        record until it knows of the link; what it changed is brought afterwards, by comparing.
        """
        items = [_Item(one, creation=one.creation) for one in deliveries]
        both_ways = self._flow.entity.linked_both_ways
        if both_ways:
            await self._see_links([one for one in items if one.creation is None])
        await self._find_twins([one for one in items if one.open and one.creation is None])
        known = [one for one in items if one.open and one.twin is not None]
        await self._create([one for one in items if one.open and one.twin is None])
        if known:
            await self._link_found(known)
        if both_ways:
            await self._link_sender([one for one in items if one.open])
        await self._put_owned_fields([one for one in known if one.open])
        for one in items:
            if one.open:
                await self._settle_made(one)
        return [one.outcome() for one in items]

    async def _see_links(self, items: Sequence[_Item]) -> None:
        """Find the twins of records that are linked already.

        One that is linked because it was itself made by the bridge waits until that is recorded.
        """
        if not items:
            return
        links = await batch_calls.links_of([one.delivery.calls for one in items])
        linked: dict[UUID, _Item] = {}
        for one in items:
            one.links = links.get(one.subject, {})
            if self._flow.target in one.links:
                _caught(one, partial(_take_link, one, one.links[self._flow.target]))
                if one.twin is not None:
                    linked[one.twin] = one
        if not linked:
            return
        entity, sender = self._flow.entity.name, self._flow.sender
        async with self._database.reading() as reading:
            making = await identity.creations(reading, entity, self._flow.target, list(linked))
            subjects = [one.subject for one in linked.values()]
            joined = await identity.linked_records(reading, entity, sender, subjects)
        ids = {creation.id for creation in making}
        for twin, one in linked.items():
            if twin in ids or one.subject in joined:
                one.stopped = WaitsForRecord(Need(entity, sender, one.subject))

    async def _find_twins(self, items: Sequence[_Item]) -> None:
        """Find twins: a person said which, or the other half has a record that is the same."""
        unknown = [one for one in items if one.twin is None]
        await self._mark_shared([one for one in unknown if _is_decided_new(one)])
        for one in unknown:
            if (decided := one.delivery.decided) is not None and decided.twin is not None:
                one.twin, one.how = decided.twin, LinkOrigin.PERSON
        wanted = [
            one for one in unknown if one.delivery.decided is None and not one.delivery.is_new
        ]
        if not wanted:
            return
        finds = await (self._matches(wanted) if self._flow.entity.matches else _search(wanted))
        for one, finding in zip(wanted, finds, strict=True):
            if finding.candidates:
                flow = self._flow
                one.stopped = ReviewNeeded(
                    flow.entity.name, flow.sender, one.subject, finding.candidates
                )
            elif finding.twin is not None:
                one.twin, one.how = finding.twin, LinkOrigin.CERTAIN

    async def _mark_shared(self, items: Sequence[_Item]) -> None:
        """Mark new twins of which another record has what the other half takes once."""
        for name, mark in self._flow.shared_by.items():
            having = [one for one in items if one.delivery.body.get(name)]
            if not having:
                continue
            asked = [(one.delivery.calls, {name: one.delivery.body[name]}) for one in having]
            for one, rows in zip(having, await batch_calls.matches_of(asked), strict=True):
                if any(row.get("status", "active") == "active" for row in rows):
                    one.marks[mark] = True

    async def _matches(self, items: Sequence[_Item]) -> list[MatchResult]:
        asked = [(one.delivery.calls, _described(one)) for one in items]
        answers = await batch_calls.matches_of(asked)
        return [
            match_result_of(
                _match_subject(one),
                rows,
                sender=self._flow.sender,
            )
            for one, rows in zip(items, answers, strict=True)
        ]

    async def _create(self, items: Sequence[_Item]) -> None:
        """Make twins with all that is known of the records."""
        if not items:
            return
        if self._flow.entity.linked_both_ways:
            await self._keep_creations(items)
        batch = [self._creating(one) for one in items]
        answers = await batch_calls.upsert_all(
            [(delivery.calls, delivery.body) for delivery in batch]
        )
        for one, delivery, answer in zip(items, batch, answers, strict=True):
            if (done := self._done(one, delivery, answer)) is not None:
                one.twin, one.how = UUID(str(done.body["id"])), LinkOrigin.CREATED
        refused = [
            one.subject
            for one, answer in zip(items, answers, strict=True)
            if one.stopped is not None and one.creation and _is_refusal(answer)
        ]
        if refused:
            entity, sender = self._flow.entity.name, self._flow.sender
            async with self._database.transaction() as work:
                await identity.drop_creations(work, entity, sender, refused)

    async def _keep_creations(self, items: Sequence[_Item]) -> None:
        new = []
        for one in items:
            if one.creation is None:
                event = one.delivery.calls.event
                one.creation = Creation(
                    self._flow.sender,
                    event.subject,
                    one.delivery.calls.cause.event_id,
                    *event.version,
                    {**one.delivery.body, **one.marks},
                )
                new.append(one.creation)
        if new:
            entity, sender = self._flow.entity.name, self._flow.sender
            async with self._database.transaction() as work:
                await identity.begin_creations(work, entity, sender, new)

    def _creating(self, one: _Item) -> Delivery:
        """What is put of a new twin: the same at every try, whatever the record became."""
        creation, delivery = one.creation, one.delivery
        if creation is None:
            return delivery
        event = replace(delivery.calls.event, history=creation.history, aggversion=creation.version)
        return replace(
            delivery, calls=replace(delivery.calls, event=event), body=dict(creation.body)
        )

    async def _link_found(self, items: Sequence[_Item]) -> None:
        """Let the other half know which records of the sender those that were found are."""
        flow = self._flow
        if flow.entity.linked_both_ways:
            batch = [(one.delivery.calls, _twin(one), one.subject) for one in items]
            answers = await batch_calls.link_all(batch, flow.target, system=flow.sender)
            for one, answer in zip(items, answers, strict=True):
                self._done(one, one.delivery, answer)
            return
        for one in items:
            await one.delivery.calls.link(
                flow.target, _twin(one), system=flow.sender, external_id=one.subject
            )

    async def _link_sender(self, items: Sequence[_Item]) -> None:
        """Let the sender know the twins; from the version it tells on, it owns only its part."""
        if not items:
            return
        flow = self._flow
        batch = [(one.delivery.calls, one.subject, _twin(one)) for one in items]
        answers = await batch_calls.link_all(batch, flow.sender, system=flow.target)
        for one, answer in zip(items, answers, strict=True):
            done = self._done(one, one.delivery, answer)
            if done is not None:
                one.revision = int(done.body.get("revision") or done.body["version"])

    async def _put_owned_fields(self, items: Sequence[_Item]) -> None:
        """Put the sender's own part to twins that were found."""
        if not items:
            return
        batch = [replace(one.delivery, twin=one.twin) for one in items]
        answers = await batch_calls.upsert_all(
            [(delivery.calls, delivery.owned) for delivery in batch]
        )
        for one, delivery, answer in zip(items, batch, answers, strict=True):
            if (done := self._done(one, delivery, answer)) is not None:
                delivered = _caught(one, lambda: delivery.result_of(done))  # noqa: B023 - called now
                if delivered is not None:
                    joined = one.delivery.joined(_twin(one), one.how)
                    one.delivered = replace(delivered, joined=joined)

    async def _settle_made(self, one: _Item) -> None:
        """What the making of a twin came to, with what the sender changed until it knew of it."""
        delivery = self._creating(one)
        joined = one.delivery.joined(_twin(one), LinkOrigin.CREATED)
        if not self._flow.entity.linked_both_ways:
            one.delivered = Delivered(
                EventOutcome.APPLIED, delivery.version, joined, (delivery.shadow(),)
            )
            return
        if one.revision > delivery.version[1]:
            try:
                delivered = await send_later_changes(delivery, _twin(one))
                one.delivered = replace(delivered, joined=joined)
            except DeliveryStopped as why:
                one.stopped = why
            return
        held = self._sender_copy(one)
        shadows = (one.delivery.shadow(), held)
        one.delivered = Delivered(EventOutcome.APPLIED, delivery.version, joined, shadows)

    def _sender_copy(self, one: _Item) -> Shadow:
        """What the sender holds of the other half's part: as it was when it knew of the link."""
        flow, state = self._flow, one.delivery.message.plain()
        theirs = foreign_part(flow.entity.name, holder=flow.sender, state=state)
        return Shadow(flow.entity.name, flow.target, _twin(one), digest(theirs))

    def _done(self, one: _Item, delivery: Delivery, answer: Answer) -> Answer | None:
        """The answer if the half did what was asked; else why not is noted."""
        return _caught(one, lambda: delivery.calls.checked(answer))


def _caught(one: _Item, act: Callable[[], T]) -> T | None:
    """What the act returns; None, with the reason noted, where it is stopped."""
    try:
        return act()
    except DeliveryStopped as why:
        one.stopped = why
        return None


def _take_link(one: _Item, external_id: str) -> None:
    """The twin that the half names by itself. Raises Parked where that is no id of a record."""
    try:
        one.twin, one.how = UUID(external_id), LinkOrigin.KNOWN
    except ValueError as wrong:
        raise Parked("no_id", external_id) from wrong


def _is_refusal(answer: Answer) -> bool:
    """Whether the half said no, so that nothing was made."""
    return 400 <= answer.status < 500  # noqa: PLR2004 - client errors


def _twin(one: _Item) -> UUID:
    if one.twin is None:
        message = f"{one.subject} has no twin yet"
        raise ValueError(message)
    return one.twin


def _described(one: _Item) -> dict[str, Any]:
    """The record as the other half is asked for matches."""
    facts = one.delivery.body
    addresses = {
        "address": facts.get("bill_to") or facts.get("billing_address"),
        "delivery_address": facts.get("ship_to") or facts.get("shipping_address"),
    }
    refs = [
        {"system": system, "external_id": external_id}
        for system, external_id in sorted(_other_systems(one).items())
    ]
    named = {name: facts.get(name) for name in ("name", "tax_id", "email", "phone")}
    given = {name: value for name, value in (named | addresses).items() if value}
    return given | {"external_refs": refs[:REFS_MAX]}


def _is_decided_new(one: _Item) -> bool:
    """Whether a person said that it is none of the records found."""
    decided = one.delivery.decided
    return decided is not None and decided.twin is None


def _match_subject(one: _Item) -> MatchSubject:
    tax_id = str(one.delivery.body.get("tax_id") or "")
    branch = bool(getattr(one.delivery.message, "tax_id_shared", False))
    return MatchSubject(one.subject, tax_id, _other_systems(one), branch=branch)


def _other_systems(one: _Item) -> dict[str, str]:
    """The record's ids in systems beyond the two halves."""
    return {system: known for system, known in one.links.items() if system not in HALVES}


async def _search(items: Sequence[_Item]) -> list[MatchResult]:
    """Look for each by fields that make it certain."""
    return [
        result_of_search(
            await search_candidates(one.delivery.calls, one.delivery.message),
            (),
            subject=one.subject,
        )
        for one in items
    ]
