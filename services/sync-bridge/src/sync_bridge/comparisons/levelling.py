"""Levels what differs: through the ordinary lanes, or by writing back what a restore has lost.

Each difference is settled for itself. Whatever dies in between, it is done once more; that is safe.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TypeAlias
from uuid import UUID, uuid5

import httpx

from chassis.work.database import Database
from chassis.work.unit_of_work import Work
from sync_bridge.comparisons import service
from sync_bridge.comparisons.rules.levelling import (
    COPIES,
    Correction,
    Difference,
    correction_for,
    to_write_back,
)
from sync_bridge.flows import ENTITIES, Flow
from sync_bridge.identity import service as identity
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import commands as lanes
from sync_bridge.ownership import Half, other
from sync_bridge.signals import ARRIVED
from sync_bridge.sources.attributes import read_event
from sync_bridge.sources.batch import envelopes
from sync_bridge.sources.port import SourceError, error_of
from sync_bridge.states import CorrectionKind
from sync_bridge.targets import path

__all__ = ["level_step"]

BATCH_SIZE = 100
AT_ONCE = 8
STATE_IDS = UUID("0c7d0a55-1f0e-5c39-8a1f-7c3e0d5f4b21")
"""Namespace of the ids of states that are brought to level a difference."""

DONE_WITHOUT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
GONE = "record_gone"

Clients: TypeAlias = Mapping[Half, httpx.AsyncClient]
Outcomes: TypeAlias = "dict[UUID, str]"
"""By difference: empty where it was levelled, else why it is left; absent: to be tried again."""


async def level_step(database: Database, clients: Clients) -> bool:
    """Level some of what was asked for; False: there is nothing. Raises SourceError."""
    async with database.reading() as reading:
        batch = await service.asked(reading, at_most=BATCH_SIZE)
    if not batch:
        return False
    correction = correction_for(batch[0])
    same = [one for one in batch if correction_for(one) == correction]
    outcomes = await _APPLY[correction.kind](database, clients, correction, same)
    if outcomes:
        async with database.transaction() as work:
            await service.settle(work, outcomes)
    ARRIVED.wake()
    if len(outcomes) < len(same):
        await asyncio.sleep(0.2)  # A lane is being delivered, or a record being changed.
    return True


async def _leave(
    _database: Database, _clients: Clients, correction: Correction, batch: Sequence[Difference]
) -> Outcomes:
    return dict.fromkeys((one.id for one in batch), correction.why)


async def _send(
    database: Database, clients: Clients, correction: Correction, batch: Sequence[Difference]
) -> Outcomes:
    """Put the present states of the half that leads into their lanes."""
    flow = _flow(correction)
    states = await _states(clients, flow, batch)
    async with database.transaction() as work:
        return await _queue(work, batch, states)


async def _recreate(
    database: Database, clients: Clients, correction: Correction, batch: Sequence[Difference]
) -> Outcomes:
    """Let records be made again of which the other half lost its own."""
    flow = _flow(correction)
    entity = flow.entity
    if entity.linked_both_ways:
        outcomes = await _each(batch, lambda one: _unlink(clients, one))
    else:
        outcomes = dict.fromkeys((one.id for one in batch), "")
    left = {key: why for key, why in outcomes.items() if why}
    free = [one for one in batch if outcomes.get(one.id) == ""]
    states = await _states(clients, flow, free)
    here = [one for one in free if one.id in states]
    async with database.transaction() as work:
        done = await _queue(work, free, states)
        pairs = {one.id: (one.of("crm"), one.of("erp")) for one in here if done.get(one.id) == ""}
        copies = COPIES.get(entity.name, ())
        await identity.forget_pairs(work, entity.name, list(pairs.values()), copies=copies)
    return done | left


async def _queue(
    work: Work, batch: Sequence[Difference], states: Mapping[UUID, ReceivedEvent]
) -> Outcomes:
    came = await lanes.send_states(work, list(states.values()))
    gone = {one.id: GONE for one in batch if one.id not in states}
    return gone | {key: "" for key, state in states.items() if state.event_id in came}


async def _states(
    clients: Clients, flow: Flow, batch: Sequence[Difference]
) -> "dict[UUID, ReceivedEvent]":
    """The present states of the records that lead, by difference; gone ones are left out.

    Each has an id of its own, which the difference gives: so it is lined up once.
    """
    if not batch:
        return {}
    by_subject = {one.of(flow.sender): one for one in batch}
    asked = {"type": flow.event, "subject": [str(subject) for subject in by_subject]}
    reply = await clients[flow.sender].get("/v1/events/states", params=asked)
    trouble = error_of(reply)
    if trouble is not None:
        raise trouble
    found = [
        read_event(one.attributes, one.data, is_state=True) for one in envelopes(reply.content)
    ]
    return {
        one.id: replace(state, event_id=uuid5(STATE_IDS, str(one.id)))
        for state in found
        if (one := by_subject.get(state.subject)) is not None
    }


async def _unlink(clients: Clients, one: Difference) -> str | None:
    """Let the half that is left forget its link to the record that is lost."""
    lost = str(one.of(one.half))
    where = path(
        *(ENTITIES[one.entity].path_in(one.leads), one.of(one.leads)),
        *("external-refs", one.half, lost),
    )
    reply = await clients[one.leads].delete(where, headers=_key(one, "unlink"))
    return "" if reply.status_code in DONE_WITHOUT else _outcome(reply)


async def _link(
    _database: Database, clients: Clients, _correction: Correction, batch: Sequence[Difference]
) -> Outcomes:
    """Let a half know the twin."""
    return await _each(batch, lambda one: _link_one(clients, one))


async def _link_one(clients: Clients, one: Difference) -> str | None:
    across = other(one.half)
    where = path(ENTITIES[one.entity].path_in(one.half), one.of(one.half), "external-refs")
    body = {"system": across, "external_id": str(one.of(across))}
    reply = await clients[one.half].post(where, json=body, headers=_key(one, "link"))
    return _outcome(reply)


async def _write_back(
    _database: Database, clients: Clients, _correction: Correction, batch: Sequence[Difference]
) -> Outcomes:
    """Write to the restored half what it has lost, where nobody has changed it since."""
    return await _each(batch, lambda one: _write_one(clients, one))


async def _write_one(clients: Clients, one: Difference) -> str | None:
    client = clients[one.half]
    where = path(ENTITIES[one.entity].path_in(one.half), one.of(one.half))
    seen = await client.get(where)
    if seen.status_code != HTTPStatus.OK:
        return _outcome(seen)
    fields, why = to_write_back(one, seen.json())
    if not fields:
        return why
    reply = await client.patch(where, json=fields, headers={"If-Match": seen.headers["ETag"]})
    return _outcome(reply) or why if reply.status_code != HTTPStatus.PRECONDITION_FAILED else None


async def _each(
    batch: Sequence[Difference], act: Callable[[Difference], Awaitable[str | None]]
) -> Outcomes:
    """What it came to for each, some at a time; None: to be tried again."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one_of(one: Difference) -> str | None:
        async with gate:
            return await act(one)

    came = await asyncio.gather(*(one_of(one) for one in batch))
    return {one.id: what for one, what in zip(batch, came, strict=True) if what is not None}


def _outcome(reply: httpx.Response) -> str | None:
    """Empty where it was done, else why it was refused. Raises SourceError for what passes."""
    status = reply.status_code
    if status in range(200, 300):
        return ""
    if status in {401, 408, 425, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        trouble = error_of(reply)
        raise trouble or SourceError(f"{status}")
    code = reply.json().get("code") if "json" in reply.headers.get("content-type", "") else None
    if code in {"busy", "idempotency_in_flight"}:
        return None
    return str(code or f"http_{status}")


def _key(one: Difference, act: str) -> dict[str, str]:
    return {"Idempotency-Key": f"{act}:{one.id}"}


def _flow(correction: Correction) -> Flow:
    if correction.flow is None:
        message = f"{correction.kind} has no flow"
        raise ValueError(message)
    return correction.flow


_APPLY = {
    CorrectionKind.SEND: _send,
    CorrectionKind.RECREATE: _recreate,
    CorrectionKind.LINK: _link,
    CorrectionKind.WRITE_BACK: _write_back,
    CorrectionKind.LEAVE: _leave,
}
