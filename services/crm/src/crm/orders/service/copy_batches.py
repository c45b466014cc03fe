"""What a linked ERP sends of many records in one request: judged one by one, stored together."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from chassis.http.batch import AtOnce, BatchReply, Outcome, Present, Sent, each_in_savepoint
from chassis.telemetry.trace import Trace
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.base import Base
from crm.orders import queries
from crm.orders.service import erp_copies
from records.batches import versions_of
from records.senders import BatchRequest

__all__ = ["AVAILABILITIES", "DEBTS", "FULFILMENTS", "Stored", "store_each", "store_one"]


@dataclass(frozen=True)
class CopyKind:
    """A kind of copy: of which record of ours it is, and how it is stored.

    `store` stores what was sent of different records, all or none of it. `lock` locks all records
    of a batch in key order, where acts lock several. `reply_id`: the id in the reply, where it is
    not the record's.
    """

    table: str
    record: Callable[[Any], UUID]
    store: Callable[[Work, Sequence[Any]], Awaitable[Sequence[Outcome]]]
    lock: Callable[[Work, Sequence[UUID]], Awaitable[object]] | None = None
    reply_id: Callable[[Any], UUID] | None = None


FULFILMENTS = CopyKind(
    table="customer_order",
    record=lambda sent: sent.order_id,
    store=erp_copies.store_fulfilments,
    lock=queries.lock_rows,
)
AVAILABILITIES = CopyKind(
    table="product", record=lambda sent: sent.product_id, store=erp_copies.store_availabilities
)
DEBTS = CopyKind(
    table="account",
    record=lambda sent: sent.account_id,
    store=erp_copies.store_debts,
    reply_id=lambda item: UUID(item.external_id),
)

Stored = tuple[Outcome, Present]
"""What became of what was sent, and the versions of the record it was sent of."""


async def store_one(work: Work, kind: CopyKind, sent: Any) -> Stored:
    """Store what was sent of one record. Raises what `store` raises."""
    [stored] = await _store(work, kind, [sent])
    return stored


async def _store(work: Work, kind: CopyKind, sent: Sequence[Any]) -> list[Stored]:
    outcomes = await kind.store(work, sent)
    ids = [kind.record(one) for one in sent]
    records = await versions_of(work, Base.metadata.tables[kind.table], ids)
    return [(outcome, records[record]) for record, outcome in zip(ids, outcomes, strict=True)]


async def store_each(
    work: Work, asked: BatchRequest, kind: CopyKind, items: Sequence[Any]
) -> BatchReply:
    """Store each item as if alone, in the order sent; a refused one leaves the others as they are.

    Batches of one kind pass one at a time. Items of one record are stored one after the other.
    """
    await advisory_lock(work, f"batch:{kind.table}:copies")
    if kind.lock:
        await kind.lock(work, [kind.record(item) for item in items])
    batch = _Batch(work, kind, Counter(kind.record(item) for item in items))
    return await each_in_savepoint(
        work,
        items,
        batch.one,
        language=asked.language,
        texts=asked.texts,
        dry_run=asked.dry_run,
        traces=asked.traces,
        at_once=AtOnce(batch.fits, batch.several),
    )


@dataclass(frozen=True)
class _Batch:
    """A batch being stored; `times`: how many of its items are of each record."""

    work: Work
    kind: CopyKind
    times: Mapping[UUID, int]

    def fits(self, item: Any, trace: Trace) -> bool:  # noqa: ARG002 - as `AtOnce` asks
        """Whether the item may be stored together with its neighbours."""
        return self.times[self.kind.record(item)] == 1

    async def one(self, item: Any) -> Stored:
        """Store an item alone."""
        return (await self._store_all([item]))[0]

    async def several(self, sent: Sequence[Sent[Any]]) -> list[Stored]:
        """Store items at once; events of their records carry the items' own traces."""
        own = {self.kind.record(item): trace for item, trace in sent}
        with self.work.traced(self.work.trace, own):
            return await self._store_all([item for item, _ in sent])

    async def _store_all(self, items: Sequence[Any]) -> list[Stored]:
        stored = await _store(self.work, self.kind, items)
        reply_id = self.kind.reply_id
        if reply_id is None:
            return stored
        return [
            (outcome, replace(record, id=reply_id(item)))
            for item, (outcome, record) in zip(items, stored, strict=True)
        ]
