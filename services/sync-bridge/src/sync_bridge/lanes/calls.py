"""The calls for one event: addressed, keyed and traced; a refusal becomes a standstill."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from chassis.telemetry.trace import Trace
from sync_bridge.flows import Entity, Flow
from sync_bridge.inbox.received import Received
from sync_bridge.lanes.rules.keys import idempotency_key
from sync_bridge.lanes.rules.retry import Verdict, judge
from sync_bridge.lanes.standstill import Denied, Later, Parks, Refused
from sync_bridge.ownership import Half
from sync_bridge.targets.target import Answer, Target, Unreachable, path

__all__ = ["Calls", "Halves", "upsert_together"]

Halves = Mapping[Half, Target]

TOGETHER_SECONDS = 2.0
"""Time for an answer to several records at once; after it they are put one by one (B33)."""

REMATCHES = 6
"""Tries to get along with what a half says it has, before a person is called.

Another lane may be about to link it, or to withdraw the price in the way.
"""

BUSINESS = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What a half answers to a record that a rule of the business forbids."""
LONGEST_WORDS = 1000

FAULTS_THAT_PASS = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


@dataclass(frozen=True)
class Calls:
    """What may be asked of the halves for one event of a flow, which `cause` led to.

    Every method raises Later, Parks or Denied when the half does not do it.
    """

    halves: Halves
    bridge: UUID
    event: Received
    flow: Flow
    refusals: int
    cause: Received

    async def upsert(self, body: Mapping[str, Any]) -> Answer:
        """Put the record to the other half under the sender's id, guarded by its version."""
        flow, event = self.flow, self.event
        where = path(flow.entity.place(flow.target), "by-external", flow.sender, event.subject)
        guarded = {"source_version": event.aggversion, **body}
        target = self.halves[flow.target]
        return await self._judged(
            target.put(where, guarded, trace=self.trace(), key=self._key(flow.target, "upsert"))
        )

    async def link(self, half: Half, record: UUID, *, system: Half, external_id: UUID) -> None:
        """Tell a half which record of the other one its record is. Safe to repeat."""
        where = path(self.flow.entity.place(half), record, "external-refs")
        body = {"system": system, "external_id": str(external_id)}
        await self._judged(
            self.halves[half].post(where, body, trace=self.trace(), key=self._key(half, "link"))
        )

    async def look_up(self, entity: Entity, half: Half, record: UUID) -> Mapping[str, Any]:
        """A half's record as it is now."""
        where = path(entity.place(half), record)
        found = await self._judged(self.halves[half].get(where, trace=self.trace(), query={}))
        return found.body

    async def search(self, field: str, value: str) -> list[Mapping[str, Any]]:
        """Active records of the other half with that value, at most a handful."""
        target = self.flow.target
        query = {field: value, "limit": "5"}
        found = await self._judged(
            self.halves[target].get(self.flow.entity.place(target), trace=self.trace(), query=query)
        )
        items = found.body.get("items") or []
        return [one for one in items if one.get("status", "active") == "active"]

    async def _judged(self, call: Any) -> Answer:
        try:
            return self.judged(await call)
        except Unreachable as lost:
            raise Later("unreachable", str(lost)) from lost

    def judged(self, answer: Answer) -> Answer:
        """The answer, if the half did what was asked. Raises Later, Parks, Denied."""
        verdict = judge(answer.status, answer.code)
        if verdict is Verdict.REMATCH and self.refusals <= REMATCHES:
            raise Later(answer.code, answer.told(), exhaustible=True)
        if verdict is Verdict.RETRY:
            raise Later(
                answer.code or f"http_{answer.status}",
                answer.told(),
                retry_after_seconds=answer.retry_after_seconds,
                exhaustible=answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
                and answer.status not in FAULTS_THAT_PASS,
            )
        if verdict is Verdict.PAUSE:
            raise Denied(answer.status)
        if verdict is not Verdict.DONE:
            refused = answer.status in BUSINESS and answer.code
            why = Refused if refused else Parks
            raise why(answer.code or f"http_{answer.status}", answer.told())
        return answer

    async def tell_refusal(self, why: Refused, *, version: int) -> None:
        """Tell the sender that its record was not taken as it was in that version."""
        flow, subject = self.flow, self.event.subject
        where = path(flow.entity.refusals or "", "by-external", flow.target, subject)
        body = {
            "source_version": version,
            f"{flow.entity.name}_id": str(subject),
            "code": why.reason,
            "about": why.detail[:LONGEST_WORDS],
        }
        key = self._key(flow.sender, "refuse")
        await self._judged(self.halves[flow.sender].put(where, body, trace=self.trace(), key=key))

    def _key(self, half: Half, action: str) -> str:
        return idempotency_key(
            bridge=self.bridge,
            events=[self.event.event_id],
            target=half,
            action=action,
            revision=self.flow.revision,
        )

    def trace(self) -> Trace:
        """One hop further in the process of the event that led to this, caused by that."""
        event = self.cause
        return Trace.from_headers(
            {
                "traceparent": event.traceparent or "",
                "tandem-origin": event.origin,
                "tandem-correlation-id": str(event.correlationid),
                "tandem-causation-id": str(event.event_id),
                "tandem-hops": str(event.hops + 1),
            }
        )


async def upsert_together(lot: Sequence[tuple[Calls, Mapping[str, Any]]]) -> list[Answer] | None:
    """Put several records of one flow to the other half in one call; the answer to each (B44).

    None when there is no such answer: whether any took effect is then not known, and each is to be
    put alone, which is safe. Raises Denied.
    """
    first, events = lot[0][0], [calls.event for calls, _ in lot]
    flow = first.flow
    where = path(flow.entity.place(flow.target), "by-external", flow.sender, "batch")
    named: list[dict[str, Any]] = [
        {"external_id": str(calls.event.subject), "source_version": calls.event.aggversion}
        for calls, _ in lot
    ]
    key = idempotency_key(
        bridge=first.bridge,
        events=[one.event_id for one in events],
        target=flow.target,
        action="upsert",
        revision=flow.revision,
    )
    try:
        async with asyncio.timeout(TOGETHER_SECONDS):
            answer = await first.halves[flow.target].post(
                where,
                {"items": [{**name, **body} for (_, body), name in zip(lot, named, strict=True)]},
                trace=Trace.new(),
                key=key,
                item_traces=[calls.trace() for calls, _ in lot],
            )
    except (Unreachable, TimeoutError):
        return None
    if judge(answer.status, answer.code) is Verdict.PAUSE:
        raise Denied(answer.status)
    return _each(answer, [name["external_id"] for name in named])


def _each(answer: Answer, expected: Sequence[str]) -> list[Answer] | None:
    """The answers to the items of a batch, in their order; None when they are not those."""
    items = answer.body.get("items") if answer.status == HTTPStatus.OK else None
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return None
    if [one.get("external_id") for one in items] != list(expected):
        return None
    return [_answer_to(one) for one in items]


def _answer_to(item: Mapping[str, Any]) -> Answer:
    """What a call for this item alone would have been answered."""
    problem = item.get("problem")
    if item.get("status") == "failed" or isinstance(problem, dict):
        told = problem if isinstance(problem, dict) else {}
        return Answer(int(told.get("status") or HTTPStatus.INTERNAL_SERVER_ERROR), told)
    return Answer(HTTPStatus.OK, item, outcome=str(item.get("status") or ""))
