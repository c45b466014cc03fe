"""Calls for several events at once; each is judged for itself.

Every one raises DeliveryStopped when there is no answer for each: then whether any took effect is
not known, and each is to be done alone, which is safe.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson

from chassis.telemetry.trace import Trace
from sync_bridge.flows import Flow
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.calls import Calls, Halves
from sync_bridge.lanes.rules.keys import idempotency_key
from sync_bridge.lanes.rules.retry import Verdict, verdict_on
from sync_bridge.lanes.stopped import KeyRejected, RetryLater
from sync_bridge.ownership import Half
from sync_bridge.targets import Answer, Unreachable, path

__all__ = ["link_all", "links_of", "matches_of", "present_states", "upsert_all"]

BATCH_SECONDS = 5.0
"""Time for an answer to several records at once; after it they are put one by one (B33)."""


async def present_states(
    halves: Halves, flow: Flow, events: Sequence[ReceivedEvent]
) -> dict[UUID, ReceivedEvent]:
    """The events with the state that their records have now; records that are gone are left out.

    Raises RetryLater, KeyRejected.
    """
    query = {"type": flow.event, "subject": [str(one.subject) for one in events]}
    target = halves[flow.sender]
    answer = await _answer(
        target.get("/v1/events/states", trace=Trace.new(), query=query), of=len(events)
    )
    now = {UUID(one["subject"]): one for one in answer.body.get("items", ())}
    return {
        event.subject: replace(
            event,
            history=int(now[event.subject].get("history", 1)),
            aggversion=int(now[event.subject]["aggversion"]),
            data=orjson.dumps(now[event.subject]["data"]),
        )
        for event in events
        if event.subject in now
    }


async def upsert_all(batch: Sequence[tuple[Calls, Mapping[str, Any]]]) -> list[Answer]:
    """Put records of one flow to the other half; the answer to each (B44).

    Raises RetryLater, KeyRejected. One alone is put alone: it is bounded by its own time only.
    """
    first = batch[0][0]
    flow, target = first.flow, first.halves[first.flow.target]
    if len(batch) == 1:
        ((calls, body),) = batch
        return [await _reached(calls.put(body), of=1)]
    where = path(flow.entity.path_in(flow.target), "by-external", flow.sender, "batch")
    items = [
        {
            "external_id": str(calls.event.subject),
            "source_version": calls.event.aggversion,
            **body,
        }
        for calls, body in batch
    ]
    answer = await _answer(
        target.post(
            where,
            {"items": items},
            trace=Trace.new(),
            key=_key([calls for calls, _ in batch], flow.target, "upsert"),
            item_traces=[calls.trace() for calls, _ in batch],
        ),
        of=len(batch),
    )
    return _each(answer, "external_id", [item["external_id"] for item in items])


async def links_of(batch: Sequence[Calls]) -> dict[UUID, dict[str, str]]:
    """Which records of other systems the records are, by system. Raises RetryLater, KeyRejected."""
    flow = batch[0].flow
    where = path(flow.entity.path_in(flow.sender), "external-refs")
    query = {"id": [str(calls.event.subject) for calls in batch]}
    call = batch[0].halves[flow.sender].get(where, trace=batch[0].trace(), query=query)
    links: dict[UUID, dict[str, str]] = {}
    for one in (await _answer(call, of=len(batch))).body["items"]:
        links.setdefault(UUID(one["id"]), {})[one["system"]] = one["external_id"]
    return links


async def link_all(
    batch: Sequence[tuple[Calls, UUID, UUID]], half: Half, *, system: Half
) -> list[Answer]:
    """Tell a half which records of the other one its records are; the answer to each.

    Given as calls, the half's record and the other one's. Safe to repeat. Raises RetryLater,
    KeyRejected.
    """
    first = batch[0][0]
    if len(batch) == 1:
        ((calls, ours, theirs),) = batch
        call = calls.post_link(half, ours, system=system, external_id=theirs)
        return [await _reached(call, of=1)]
    where = path(first.flow.entity.path_in(half), "external-refs", "batch")
    items = [{"id": str(ours), "external_id": str(theirs)} for _, ours, theirs in batch]
    call = first.halves[half].post(
        where,
        {"system": system, "items": items},
        trace=first.trace(),
        key=_key([calls for calls, _, _ in batch], half, "link"),
    )
    return _each(await _answer(call, of=len(batch)), "id", [item["id"] for item in items])


async def matches_of(
    batch: Sequence[tuple[Calls, Mapping[str, Any]]],
) -> list[list[Mapping[str, Any]]]:
    """The records of the other half that may match each. Raises RetryLater, KeyRejected."""
    first = batch[0][0]
    flow = first.flow
    where = path(flow.entity.path_in(flow.target), "matches")
    keys = [str(calls.event.subject) for calls, _ in batch]
    items = [{"key": key, **wanted} for key, (_, wanted) in zip(keys, batch, strict=True)]
    key = _key([calls for calls, _ in batch], flow.target, f"matches {first.refusals}")
    call = first.halves[flow.target].post(where, {"items": items}, trace=first.trace(), key=key)
    told = (await _answer(call, of=len(batch))).body.get("items")
    if not isinstance(told, list) or [one.get("key") for one in told] != keys:
        raise RetryLater("odd_answer", counts_as_refusal=True)
    return [one["candidates"] for one in told]


async def _answer(call: Awaitable[Answer], *, of: int) -> Answer:
    """The answer to a call for several records. Raises RetryLater, KeyRejected."""
    answer = await _reached(call, of=of)
    if verdict_on(answer.status, answer.code) is Verdict.PAUSE:
        raise KeyRejected(answer.status)
    if answer.status != HTTPStatus.OK:
        raise RetryLater(
            answer.code or f"http_{answer.status}",
            answer.summary(),
            retry_after_seconds=answer.retry_after_seconds,
            counts_as_refusal=True,
        )
    return answer


async def _reached(call: Awaitable[Answer], *, of: int) -> Answer:
    try:
        async with asyncio.timeout(BATCH_SECONDS if of > 1 else None):
            return await call
    except TimeoutError as late:
        raise RetryLater("unreachable", "no answer in time") from late
    except Unreachable as lost:
        raise RetryLater("unreachable", str(lost)) from lost


def _key(batch: Sequence[Calls], target: Half, action: str) -> str:
    """The key of one action for these events and states: the same after every crash (B39)."""
    first = batch[0]
    return idempotency_key(
        bridge=first.bridge,
        causes=[calls.key_cause for calls in batch],
        target=target,
        action=action,
        revision=first.flow.revision,
    )


def _each(answer: Answer, name: str, expected: Sequence[str]) -> list[Answer]:
    """The answers to the items of a batch, in their order. Raises RetryLater for another answer."""
    items = answer.body.get("items")
    if (
        not isinstance(items, list)
        or not all(isinstance(one, dict) for one in items)
        or [one.get(name) for one in items] != list(expected)
    ):
        raise RetryLater("odd_answer", counts_as_refusal=True)
    return [_answer_to(one) for one in items]


def _answer_to(item: Mapping[str, Any]) -> Answer:
    """What a call for this item alone would have been answered."""
    problem = item.get("problem")
    if item.get("status") == "failed" or isinstance(problem, dict):
        told = problem if isinstance(problem, dict) else {}
        return Answer(int(told.get("status") or HTTPStatus.INTERNAL_SERVER_ERROR), told)
    return Answer(HTTPStatus.OK, item, outcome=str(item.get("status") or ""))
