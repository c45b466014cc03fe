"""Batches: many items in one request, each judged alone, all committed together."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

from fastapi import Header, Query
from pydantic import BaseModel, Field

from chassis.http.problems import Problem, ProblemView
from chassis.http.texts import Texts
from chassis.storage.work import Work
from chassis.telemetry.trace import Trace

__all__ = ["BatchReply", "DryRun", "ItemOutcome", "ItemTraces", "Outcome", "each_in_savepoint"]

Outcome = Literal["created", "updated", "unchanged", "stale", "failed"]
DryRun = Annotated[
    bool, Query(description="Judge every item and change nothing; needs no Idempotency-Key.")
]
ItemTraces = Annotated[
    str | None,
    Header(
        alias="Tandem-Item-Traces",
        max_length=32_768,
        description="The traces of the items, in their order, separated by commas: what their "
        "events carry. Each is `traceparent;origin;correlation id;causation id;hops`, where a part "
        "may be empty. An item without one has the trace of the request.",
    ),
]


class Item(Protocol):
    """An item of a batch: the sender's own id names it in the reply."""

    @property
    def external_id(self) -> str:
        """The sender's id of the record."""


I = TypeVar("I", bound=Item)  # noqa: E741 - the item


class ItemOutcome(BaseModel):
    """What became of one item."""

    external_id: str
    status: Outcome
    id: UUID | None = None
    version: int | None = None
    problem: ProblemView | None = None


class BatchReply(BaseModel):
    """What became of each item, in the order sent."""

    items: list[ItemOutcome] = Field(default_factory=list)
    dry_run: bool = False


async def each_in_savepoint(
    work: Work,
    items: Sequence[I],
    act: Callable[[I], Awaitable[tuple[Outcome, Any]]],
    *,
    language: str,
    texts: Texts | None = None,
    dry_run: bool = False,
    traces: Sequence[Trace] = (),
) -> BatchReply:
    """Do `act` for each item within its own savepoint; a refused item leaves the others alone.

    `act` returns the outcome and the record (with id and version). A dry run rolls all back.
    `traces` are the first items' own, as far as they have any.
    """
    outcomes = []
    for item, trace in zip(items, chain(traces, repeat(work.trace)), strict=False):
        try:
            with work.traced(trace):
                async with work.savepoint():
                    status, record = await act(item)
            outcome = ItemOutcome(
                external_id=item.external_id, status=status, id=record.id, version=record.version
            )
        except Problem as problem:
            told = problem.view(texts or Texts.load(()), language, work.trace.request_id)
            outcome = ItemOutcome(
                external_id=item.external_id,
                status="failed",
                problem=ProblemView.model_validate(told),
            )
        outcomes.append(outcome)
    if dry_run:
        work.abandon()
    return BatchReply(items=outcomes, dry_run=dry_run)
