"""Who sends records: the system, and whether the caller may speak for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.http.batch import DryRun, ItemTraces
from chassis.http.dependencies import Caller, Language, caller
from chassis.http.texts import Texts
from chassis.identity.systems import require_binding
from chassis.telemetry.trace import Trace
from erp.links import RESERVED_SYSTEMS
from values.external import System

__all__ = ["BatchAsked", "FromBoundSystem", "FromSystem", "InBatch"]


async def from_system(request: Request, system: System) -> str:
    """The system that sends. Raises SystemReserved for a half that the caller is not bound to."""
    if system in RESERVED_SYSTEMS:
        require_binding(await caller(request), system)
    return system


async def from_bound_system(request: Request, system: System) -> str:
    """The system that sends, which the caller must be bound to. Raises SystemReserved."""
    require_binding(await caller(request), system)
    return system


FromSystem = Annotated[str, Depends(from_system)]
FromBoundSystem = Annotated[str, Depends(from_bound_system)]


@dataclass(frozen=True)
class BatchAsked:
    """How a batch was sent: from which system, in earnest or as a dry run, in which language."""

    system: str
    dry_run: bool
    language: str
    texts: Texts
    traces: Sequence[Trace]


async def batch_asked(
    request: Request,
    system: FromSystem,
    language: Language,
    by: Caller,
    item_traces: ItemTraces = None,
    *,
    dry_run: DryRun = False,
) -> BatchAsked:
    """How the batch at hand was sent."""
    texts, traces = request.app.state.texts, Trace.of_items(item_traces, relayed=by.relays)
    return BatchAsked(system, dry_run, language, texts, traces)


InBatch = Annotated[BatchAsked, Depends(batch_asked)]
