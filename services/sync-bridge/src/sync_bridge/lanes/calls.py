"""The calls for one event: addressed, keyed and traced; a refusal becomes DeliveryStopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from chassis.telemetry.trace import Trace
from sync_bridge.flows import Flow
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.rules.keys import idempotency_key
from sync_bridge.lanes.rules.retry import Verdict, verdict_on
from sync_bridge.lanes.stopped import KeyRejected, Parked, RecordRejected, RetryLater
from sync_bridge.ownership import Half
from sync_bridge.targets import Answer, Target, Unreachable, path

__all__ = ["Calls", "Halves"]

Halves = Mapping[Half, Target]

REMATCHES = 6
"""Tries to get along with what a half says it has, before a person is called.

Another lane may be about to link it, or to withdraw the price in the way.
"""

BUSINESS = frozenset({HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What a half answers to a record that a rule of the business forbids."""
SUMMARY_LENGTH_MAX = 1000

FAULTS_THAT_PASS = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


@dataclass(frozen=True)
class Calls:
    """What may be asked of the halves for one event of a flow, which `cause` led to.

    `level`: the receiver compares with its record, whatever was put before.
    Every method raises RetryLater, Parked or KeyRejected when the half does not do it.
    """

    halves: Halves
    bridge: UUID
    event: ReceivedEvent
    flow: Flow
    refusals: int
    decided: int
    cause: ReceivedEvent
    history: int | None = None
    level: bool = False

    async def upsert(self, body: Mapping[str, Any]) -> Answer:
        """Put the record to the other half under the sender's id, guarded by its version."""
        return await self._checked(self.put(body))

    async def put(self, body: Mapping[str, Any]) -> Answer:
        """As `upsert`, but the answer is not judged. Raises Unreachable."""
        flow, event = self.flow, self.event
        where = path(flow.entity.path_in(flow.target), "by-external", flow.sender, event.subject)
        guarded = {"source_version": event.aggversion, **body}
        target = self.halves[flow.target]
        return await target.put(
            where, guarded, trace=self.trace(), key=self._key(flow.target, "upsert")
        )

    async def change(self, twin: UUID, fields: Mapping[str, Any], *, version: int) -> bool:
        """Change fields of the twin if it has that version still; False when it has another."""
        flow = self.flow
        where = path(flow.entity.path_in(flow.target), twin)
        target = self.halves[flow.target]
        try:
            answer = await target.patch(where, fields, trace=self.trace(), version=version)
        except Unreachable as lost:
            raise RetryLater("unreachable", str(lost)) from lost
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return False
        self.checked(answer)
        return True

    async def link(self, half: Half, record: UUID, *, system: Half, external_id: UUID) -> Answer:
        """Tell a half which record of the other one its record is. Safe to repeat."""
        return await self._checked(
            self.post_link(half, record, system=system, external_id=external_id)
        )

    async def post_link(
        self, half: Half, record: UUID, *, system: Half, external_id: UUID
    ) -> Answer:
        """As `link`, but the answer is not judged. Raises Unreachable."""
        where = path(self.flow.entity.path_in(half), record, "external-refs")
        body = {"system": system, "external_id": str(external_id)}
        return await self.halves[half].post(
            where, body, trace=self.trace(), key=self._key(half, "link")
        )

    async def erase(self, record: UUID) -> None:
        """Let the other half erase the person that this record of the sender stood for."""
        flow = self.flow
        place = flow.entity.path_in(flow.target)
        where = path(place, "by-external", flow.sender, record, "erase")
        target, key = self.halves[flow.target], self._key(flow.target, f"erase {record}")
        await self._checked(target.post(where, {}, trace=self.trace(), key=key))

    async def get(self, twin: UUID) -> Mapping[str, Any]:
        """The other half's record as it is now."""
        where = path(self.flow.entity.path_in(self.flow.target), twin)
        target = self.halves[self.flow.target]
        found = await self._checked(target.get(where, trace=self.trace(), query={}))
        return found.body

    async def search(self, field: str, value: str) -> list[Mapping[str, Any]]:
        """Active records of the other half with that value, at most a handful."""
        target = self.flow.target
        query = {field: value, "limit": "5"}
        found = await self._checked(
            self.halves[target].get(
                self.flow.entity.path_in(target), trace=self.trace(), query=query
            )
        )
        items = found.body.get("items") or []
        return [one for one in items if one.get("status", "active") == "active"]

    async def _checked(self, call: Any) -> Answer:
        try:
            return self.checked(await call)
        except Unreachable as lost:
            raise RetryLater("unreachable", str(lost)) from lost

    def checked(self, answer: Answer) -> Answer:
        """The answer, if the half did what was asked. Raises RetryLater, Parked, KeyRejected."""
        verdict = verdict_on(answer.status, answer.code)
        if verdict is Verdict.REMATCH and self.refusals <= REMATCHES:
            raise RetryLater(answer.code, answer.summary(), counts_as_refusal=True)
        if verdict is Verdict.RETRY:
            raise RetryLater(
                answer.code or f"http_{answer.status}",
                answer.summary(),
                retry_after_seconds=answer.retry_after_seconds,
                counts_as_refusal=answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
                and answer.status not in FAULTS_THAT_PASS,
            )
        if verdict is Verdict.PAUSE:
            raise KeyRejected(answer.status)
        if verdict is not Verdict.DONE:
            refused = answer.status in BUSINESS and answer.code
            why = RecordRejected if refused else Parked
            raise why(answer.code or f"http_{answer.status}", answer.summary())
        return answer

    async def report_rejection(self, why: RecordRejected, *, version: int) -> None:
        """Tell the sender that its record was not taken as it was in that version."""
        flow, subject = self.flow, self.event.subject
        where = path(flow.entity.refusals or "", "by-external", flow.target, subject)
        body = {
            "source_version": version,
            f"{flow.entity.name}_id": str(subject),
            "code": why.reason,
            "about": why.detail[:SUMMARY_LENGTH_MAX],
        }
        key = self._key(flow.sender, "refuse")
        await self._checked(self.halves[flow.sender].put(where, body, trace=self.trace(), key=key))

    @property
    def key_cause(self) -> str:
        """The event, the version of the record that is delivered for it, and what was decided.

        What a person lets be done once more is another deed: a half must not answer it with what
        it did before.
        """
        event = self.event
        return f"{event.event_id}@{event.history}.{event.aggversion}#{self.decided}"

    def _key(self, half: Half, action: str) -> str:
        return idempotency_key(
            bridge=self.bridge,
            causes=[self.key_cause],
            target=half,
            action=action,
            revision=self.flow.revision,
        )

    def trace(self) -> Trace:
        """One hop further in the process of the event that led to this, caused by that."""
        event = self.cause  # The version that is put is the event's own, or a later one.
        return Trace.from_headers(
            {
                "traceparent": event.traceparent or "",
                "tandem-origin": event.origin,
                "tandem-correlation-id": str(event.correlationid),
                "tandem-causation-id": str(event.event_id),
                "tandem-hops": str(event.hops + 1),
                "tandem-history": str(self.history or event.history),
                "tandem-level": "1" if self.level else "",
            }
        )
