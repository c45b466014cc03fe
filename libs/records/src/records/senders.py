"""Who sends records: the system, and whether the caller may send in its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.http.batch import DryRun, ItemTraces
from chassis.http.dependencies import Caller, Language, caller
from chassis.http.refusals import may_refuse
from chassis.telemetry.trace import Trace
from chassis.texts import Texts
from identity.systems import SystemReserved, require_binding
from records.links import RESERVED_SYSTEMS
from values.external import System

__all__ = ["BatchRequest", "FromBoundSystem", "FromSystem", "InBatch", "InBoundBatch"]


@may_refuse(SystemReserved)
async def from_system(request: Request, system: System) -> str:
    """The system that sends. Raises SystemReserved for a half that the caller is not bound to."""
    if system in RESERVED_SYSTEMS:
        require_binding(await caller(request), system)
    return system


@may_refuse(SystemReserved)
async def from_bound_system(by: Caller, system: System) -> str:
    """The system that sends, which the caller must be bound to. Raises SystemReserved."""
    require_binding(by, system)
    return system


FromSystem = Annotated[str, Depends(from_system)]
FromBoundSystem = Annotated[str, Depends(from_bound_system)]


@dataclass(frozen=True)
class BatchRequest:
    """How a batch was sent: from which system, in earnest or as a dry run, in which language."""

    system: str
    dry_run: bool
    language: str
    texts: Texts
    traces: Sequence[Trace]


async def batch_request(
    request: Request,
    system: FromSystem,
    language: Language,
    by: Caller,
    item_traces: ItemTraces = None,
    *,
    dry_run: DryRun = False,
) -> BatchRequest:
    """How this batch was sent."""
    texts, traces = request.app.state.texts, Trace.of_items(item_traces, relayed=by.relays)
    return BatchRequest(system, dry_run, language, texts, traces)


InBatch = Annotated[BatchRequest, Depends(batch_request)]


@may_refuse(SystemReserved)
async def bound_batch_request(by: Caller, sent: InBatch) -> BatchRequest:
    """The same of a batch whose sender must be bound to its system. Raises SystemReserved."""
    require_binding(by, sent.system)
    return sent


InBoundBatch = Annotated[BatchRequest, Depends(bound_batch_request)]
