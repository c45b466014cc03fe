"""Batches: many items in one request, each judged alone, all committed together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import Annotated, Generic, Literal, Protocol, TypeVar, cast
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, Field

from chassis.problems.problem import Problem, ProblemView
from chassis.telemetry.trace import Trace
from chassis.texts import Texts
from chassis.work.unit_of_work import Work

__all__ = [
    "AtOnce",
    "BatchReply",
    "DryRun",
    "ItemOutcome",
    "ItemTraces",
    "Outcome",
    "Present",
    "Sent",
    "each_in_savepoint",
]

Outcome = Literal["created", "updated", "unchanged", "stale", "refused", "failed"]
DryRun = Annotated[
    bool, Query(description="Judge every item and change nothing; needs no Idempotency-Key.")
]
ItemTraces = Annotated[
    str | None,
    Header(
        alias="Tandem-Item-Traces",
        max_length=32_768,
        description="The traces of the items, in their order, separated by commas: what their "
        "events carry. Each is `traceparent;origin;correlation id;causation id;hops;history`, "
        "where a part may be empty. An item without one has the trace of the request. Origin, "
        "causation id, hops and history are taken from callers with the permission "
        "`events.relay` only.",
    ),
]


class Item(Protocol):
    """An item of a batch: the sender's own id names it in the reply."""

    @property
    def external_id(self) -> str:
        """The sender's id of the record."""


I = TypeVar("I", bound=Item)  # noqa: E741 - the item
Sent = tuple[I, Trace]
"""An item of a batch, and its trace."""


class ItemOutcome(BaseModel):
    """What became of one item."""

    external_id: str
    status: Outcome
    id: UUID | None = None
    version: int | None = Field(default=None, description="The number in the record's ETag.")
    revision: int | None = Field(
        default=None, description="Counts all changes of the record: its events' `aggversion`."
    )
    problem: ProblemView | None = None


class BatchReply(BaseModel):
    """What became of each item, in the order sent."""

    items: list[ItemOutcome] = Field(default_factory=list)
    dry_run: bool = False


@dataclass(frozen=True)
class Present:
    """A record and the versions it has now: its ETag's number, and its events' aggversion."""

    id: UUID
    version: int
    revision: int


Done = tuple[Outcome, Present]
"""What became of an item, and the record."""


@dataclass(frozen=True)
class AtOnce(Generic[I]):
    """How items of a batch are done together, with the same outcome as each alone.

    `fits` says which may be. `act` does several in the order given, all or none.
    """

    fits: Callable[[I, Trace], bool]
    act: Callable[[Sequence[Sent[I]]], Awaitable[Sequence[Done]]]


async def each_in_savepoint(
    work: Work,
    items: Sequence[I],
    act: Callable[[I], Awaitable[Done]],
    *,
    language: str,
    texts: Texts | None = None,
    dry_run: bool = False,
    traces: Sequence[Trace] = (),
    at_once: AtOnce[I] | None = None,
) -> BatchReply:
    """Do `act` for each item within its own savepoint; a refused item leaves the others alone.

    `traces` are the first items' own, as far as they have any. Neighbours that fit together are
    done `at_once`; of those refused together fewer are tried, until each item that nobody refuses
    is done, and each refused one has its problem. A dry run rolls all back.
    """
    batch = _Batch(work, act, at_once, language, texts or Texts.load(()))
    outcomes: list[ItemOutcome] = []
    sent = zip(items, chain(traces, repeat(work.trace)), strict=False)
    for fit, run in groupby(sent, key=lambda pair: batch.fits(*pair)):
        done = batch.together if fit else batch.each
        outcomes += await done(list(run))
    if dry_run:
        work.abandon()
    return BatchReply(items=outcomes, dry_run=dry_run)


@dataclass(frozen=True)
class _Batch(Generic[I]):
    """The items of a batch being done."""

    work: Work
    act: Callable[[I], Awaitable[Done]]
    at_once: AtOnce[I] | None
    language: str
    texts: Texts

    def fits(self, item: I, trace: Trace) -> bool:
        """Whether the item may be done with its neighbours."""
        return self.at_once is not None and self.at_once.fits(item, trace)

    async def together(self, sent: Sequence[Sent[I]]) -> list[ItemOutcome]:
        """Do items at once, as many as nobody refuses: half as many after a refusal, else more.

        So one refused item costs few attempts, and where most are refused, each is done alone.
        """
        outcomes: list[ItemOutcome] = []
        count = len(sent)
        while len(outcomes) < len(sent):
            some = sent[len(outcomes) : len(outcomes) + count]
            done = await self._several(some) if len(some) > 1 else await self.each(some)
            outcomes += done
            refused = not done or done[-1].status == "failed"
            count = max(len(some) // 2, 1) if refused else 2 * count
        return outcomes

    async def _several(self, sent: Sequence[Sent[I]]) -> list[ItemOutcome]:
        """Do items at once; nothing is done, and nothing told, if one of them is refused."""
        at_once = cast("AtOnce[I]", self.at_once)
        try:
            with self.work.traced(sent[0][1]):
                async with self.work.savepoint():
                    done = await at_once.act(sent)
        except Problem:
            return []
        return [_outcome(item, one) for (item, _), one in zip(sent, done, strict=True)]

    async def each(self, sent: Sequence[Sent[I]]) -> list[ItemOutcome]:
        """Do items one by one, each by its trace."""
        return [await self._alone(item, trace) for item, trace in sent]

    async def _alone(self, item: I, trace: Trace) -> ItemOutcome:
        try:
            with self.work.traced(trace):
                async with self.work.savepoint():
                    done = await self.act(item)
            return _outcome(item, done)
        except Problem as problem:
            view = problem.view(self.texts, self.language, self.work.trace.request_id)
            return ItemOutcome(
                external_id=item.external_id,
                status="failed",
                problem=ProblemView.model_validate(view),
            )


def _outcome(item: Item, done: Done) -> ItemOutcome:
    status, record = done
    return ItemOutcome(
        external_id=item.external_id,
        status=status,
        id=record.id,
        version=record.version,
        revision=record.revision,
    )
