"""Two halves for the bridge's tests: they keep records as the real ones do, and fail on order."""

import asyncio
import json
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from chassis.ids import uuid7
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes.dispatcher import dispatcher
from sync_bridge.targets import HttpTarget

INSTALLATION = {"crm": UUID(int=0xC), "erp": UUID(int=0xE)}
EVENT = {
    "/v1/accounts": "tandem.crm.account-changed.v1",
    "/v1/customers": "tandem.erp.customer-changed.v1",
    "/v1/orders": "tandem.crm.order-changed.v1",
    "/v1/items": "tandem.erp.item-changed.v1",
    "/v1/prices": "tandem.erp.price-changed.v1",
}
RESET = "connection reset"
ITEM_TRACE = (
    *("traceparent", "tandem-origin", "tandem-correlation-id"),
    *("tandem-causation-id", "tandem-hops", "tandem-history", "tandem-level"),
)
STATE: dict[str, dict[str, Any]] = {
    "/v1/items": {"sku": "", "sold": True},
    "/v1/prices": {"amount": "1.00", "currency": "CNY"},
}


@dataclass
class Fault:
    """What goes wrong with a call: before it takes effect, or after (the answer is lost)."""

    status: int = 0
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    method: str = ""


@dataclass
class Call:
    """A call as the half saw it."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]


class Half(httpx.AsyncBaseTransport):
    """One half: records by place, external references, optimistic upserts, unique tax ids.

    Every change of a record is an event in `outbox`, in the form the bridge receives.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.taken: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.suppressed: set[str] = set()
        self.history, self.feed_seq = 1, 0
        self.replies: dict[str, httpx.Response] = {}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.outbox: list[ReceivedEvent] = []
        self.called = asyncio.Event()
        self.blind_reads = 0
        self.gate: asyncio.Event | None = None
        self.normalise = lambda body: body

    # what a user does
    def makes(self, place: str, **facts: Any) -> str:
        """A user makes a record; its id."""
        record: dict[str, Any] = {"id": str(uuid7()), "version": 1, "status": "active"}
        record["external_refs"] = []
        self.records.setdefault(place, {})[record["id"]] = record | STATE.get(place, {}) | facts
        self._publish(place, record["id"], {})
        return record["id"]

    def changes(self, place: str, record_id: str, **facts: Any) -> None:
        """A user changes a record."""
        record = self.records[place][record_id]
        record.update(facts, version=record["version"] + 1)
        self._publish(place, record_id, {})

    def erases(self, place: str, record_id: str, headers: dict[str, str] | None = None) -> None:
        """A user erases a person, or another half does."""
        record = self.records[place][record_id]
        if record["name"] == "[erased]":
            return
        record.update(name="[erased]", email="", version=record["version"] + 1)
        self._publish(place, record_id, headers or {})
        self.feed_seq += 1
        self.outbox.append(self._erasure(place, record_id, headers or {}))

    def backup(self) -> Any:
        """All that it has, as it is now."""
        return deepcopy((self.records, self.taken, self.feed_seq))

    def restored(self, backup: Any) -> None:
        """Go back to a backup: what was done since is gone, and a new history begins."""
        self.records, self.taken, self.feed_seq = deepcopy(backup)
        self.history += 1

    def states(self, place: str) -> list[ReceivedEvent]:
        """Its records there as they are now, as a back-fill reads them."""
        return [
            replace(self._event(place, one, {}), is_state=True, feed_seq=None)
            for one in self.records.get(place, {})
        ]

    def the(self, place: str) -> dict[str, Any]:
        """The only record there."""
        (record,) = self.records.get(place, {}).values()
        return record

    async def has(self, place: str, number: int) -> None:
        """Wait until there are so many records."""
        while len(self.records.get(place, {})) < number:
            self.called.clear()
            await asyncio.wait_for(self.called.wait(), 20)

    def wrote(self) -> list[Call]:
        """The calls that were not reads."""
        return [
            call
            for call in self.calls
            if call.method != "GET" and not call.path.endswith("/matches")
        ]

    # what the bridge does
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a call, unless it is to fail."""
        body = json.loads(request.content) if request.content else None
        path = request.url.path
        self.calls.append(Call(request.method, path, body, dict(request.headers)))
        self.called.set()
        if self.gate:
            await self.gate.wait()
        fault = self._fault_for(request.method)
        if fault and not fault.after:
            return self._fail(fault, request)
        answer = self._answer(request, path, body)
        self.called.set()
        return self._fail(fault, request) if fault else answer

    def _fault_for(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in ("", method):
                self.faults.remove(fault)
                return fault
        return None

    def _fail(self, fault: Fault, request: httpx.Request) -> httpx.Response:
        if not fault.status:
            raise httpx.ReadError(RESET, request=request)
        return httpx.Response(fault.status, json={"code": fault.code}, headers=fault.headers)

    def _answer(  # noqa: C901, PLR0911 - a line for each route
        self, request: httpx.Request, path: str, body: Any
    ) -> httpx.Response:
        _, version, name, *rest = path.split("/")
        place = f"/{version}/{name}"
        match request.method, rest:
            case "GET", _:
                return self._read(place, rest, request)
            case "PATCH", [record]:
                return self._change(place, record, body, request)
            case "PUT", [_, system, external_id]:
                return self._upsert(place, system, external_id, body, dict(request.headers))
            case "DELETE", [record, _, system, external_id]:
                return self._once(request, self._unlink, place, record, system, external_id)
            case _, [_, system, external_id, "erase"]:
                return self._once(request, self._erase, place, system, external_id, request)
            case _, ["matches"]:
                return self._matches(place, body["items"])
            case _, ["external-refs", "batch"]:
                return self._link_each(place, body)
            case _, [_, system, "batch"]:
                return self._upsert_each(place, system, body["items"], request)
        return self._once(request, self._link, place, rest[0], body)

    def _once(
        self, request: httpx.Request, act: Callable[..., httpx.Response], *told: Any
    ) -> httpx.Response:
        """What the act answers; a key that comes again is answered as the first time."""
        key = request.headers["Idempotency-Key"]
        if key not in self.replies:
            self.replies[key] = act(*told)
        return self.replies[key]

    def _states(self, request: httpx.Request) -> httpx.Response:
        """Present states, in the form of events."""
        place = next(at for at, event in EVENT.items() if event == request.url.params["type"])
        kept = self.records.get(place, {})
        found = [kept[one] for one in request.url.params.get_list("subject") if one in kept]
        states = [
            {
                "subject": one["id"],
                "history": self.history,
                "aggversion": one["version"],
                "data": _state(one),
            }
            for one in found
        ]
        return httpx.Response(200, json=states)

    def _matches(self, place: str, items: list[Any]) -> httpx.Response:
        """Active records with the same tax id or e-mail."""
        if self.blind_reads:
            self.blind_reads -= 1
            return httpx.Response(
                200, json={"items": [{"key": one["key"], "candidates": []} for one in items]}
            )
        kept = self.records.get(place, {}).values()
        told = []
        for item in items:
            candidates = []
            for one in kept:
                reasons = [
                    why
                    for why in ("tax_id", "email")
                    if item.get(why) and one.get(why) == item[why] and one["status"] == "active"
                ]
                if reasons:
                    candidates.append(one | {"reasons": reasons})
            told.append({"key": item["key"], "candidates": candidates})
        return httpx.Response(200, json={"items": told})

    def _link_each(self, place: str, body: Any) -> httpx.Response:
        told = []
        for item in body["items"]:
            reply = self._link(place, item["id"], body | {"external_id": item["external_id"]})
            if reply.is_success:
                told.append(item | {"status": "linked", "revision": reply.json()["version"]})
            else:
                problem = reply.json() | {"status": reply.status_code}
                told.append(item | {"status": "failed", "problem": problem})
        return httpx.Response(200, json={"items": told})

    def _erase(
        self, place: str, system: str, external_id: str, request: httpx.Request
    ) -> httpx.Response:
        """Erase the record of the other system's person; of an unknown one, keep it away."""
        kept = self.records.get(place, {}).values()
        record = next((one for one in kept if _linked(one, system) == external_id), None)
        if record is None:
            self.suppressed.add(external_id)
            return httpx.Response(200, json={"report": None})
        self.erases(place, record["id"], dict(request.headers))
        return httpx.Response(200, json={"report": {}})

    def _change(
        self, place: str, record_id: str, body: Any, request: httpx.Request
    ) -> httpx.Response:
        """A change of fields, guarded by the version."""
        record = self.records[place][record_id]
        if request.headers["if-match"] != f'"{record["version"]}"':
            return _problem(412, "stale_revision")
        record.update(self.normalise(dict(body)), version=record["version"] + 1)
        self._publish(place, record_id, dict(request.headers))
        return httpx.Response(200, json=record)

    def _read(self, place: str, rest: list[str], request: httpx.Request) -> httpx.Response:
        kept = self.records.get(place, {})
        if place == "/v1/events":
            return self._states(request)
        if rest == ["external-refs"]:
            refs = [
                {"id": one} | ref
                for one in request.url.params.get_list("id")
                for ref in kept[one]["external_refs"]
            ]
            return httpx.Response(200, json={"items": refs})
        if rest:
            record = kept.get(rest[0])
            return httpx.Response(200, json=record) if record else _problem(404, "not_found")
        if self.blind_reads:
            self.blind_reads -= 1
            return httpx.Response(200, json={"items": [], "next_cursor": None})
        wanted = {name: value for name, value in request.url.params.items() if name != "limit"}
        found = [r for r in kept.values() if all(r.get(n) == v for n, v in wanted.items())]
        return httpx.Response(200, json={"items": found, "next_cursor": None})

    def _unlink(self, place: str, own_id: str, system: str, external_id: str) -> httpx.Response:
        record = self.records.get(place, {}).get(own_id)
        if record is None:
            return _problem(404, "not_found")
        gone = {"system": system, "external_id": external_id}
        record["external_refs"] = [ref for ref in record["external_refs"] if ref != gone]
        self.taken.pop((place, system, external_id), None)
        return httpx.Response(200, json=record)

    def _upsert_each(
        self, place: str, system: str, items: list[Any], request: httpx.Request
    ) -> httpx.Response:
        """Each item judged alone, traced by its part of Tandem-Item-Traces."""
        told = []
        traces = request.headers["tandem-item-traces"].split(",")
        for item, trace in zip(items, traces, strict=True):
            parts = zip(ITEM_TRACE, trace.split(";"), strict=False)
            body = {name: value for name, value in item.items() if name != "external_id"}
            headers = {name: value for name, value in parts if value}
            reply = self._upsert(place, system, item["external_id"], body, headers)
            created = reply.status_code == httpx.codes.CREATED
            done = {"id": reply.json().get("id"), "status": "created" if created else "updated"}
            failed = {"status": "failed", "problem": reply.json() | {"status": reply.status_code}}
            told.append(
                {"external_id": item["external_id"]} | (done if reply.is_success else failed)
            )
        return httpx.Response(200, json={"items": told, "dry_run": False})

    def _upsert(
        self, place: str, system: str, external_id: str, body: Any, headers: dict[str, str]
    ) -> httpx.Response:
        facts, version = self.normalise(dict(body)), body["source_version"]
        del facts["source_version"]
        kept = self.records.setdefault(place, {})
        record: dict[str, Any] | None
        record = next((r for r in kept.values() if _linked(r, system) == external_id), None)
        status = 200 if record else 201
        if record and record.get("name") == "[erased]":
            facts.clear()
        if record is None:
            if refusal := self._refusal(place, external_id, facts):
                return _problem(409, refusal)
            ref = {"system": system, "external_id": external_id}
            record = {"id": str(uuid7()), "version": 0, "status": "active", "external_refs": [ref]}
            record |= STATE.get(place, {})
            kept[record["id"]] = record
        if any(r is not record and r.get("code", kept) == facts.get("code") for r in kept.values()):
            return _problem(409, "duplicate_code")
        key = (place, system, external_id)
        sent = (int(headers["tandem-history"]), version)
        if sent > self.taken.get(key, (1, 0)):
            self.taken[key] = sent
            if any(record.get(name) != value for name, value in facts.items()):
                record.update(facts, version=record["version"] + 1)
                self._publish(place, record["id"], headers)
        return httpx.Response(status, json=record)

    def _refusal(self, place: str, external_id: str, facts: dict[str, Any]) -> str:
        """Why a new record is not taken; empty: it is."""
        kept = self.records[place]
        if external_id in self.suppressed:
            return "person_suppressed"
        if not facts.get("tax_id_shared") and self._has_tax_id(place, facts.get("tax_id")):
            return "duplicate_tax_id"
        same = any(r.get("code", kept) == facts.get("code") for r in kept.values())
        return "duplicate_code" if same else ""

    def _has_tax_id(self, place: str, tax_id: str | None) -> bool:
        kept = self.records.get(place, {}).values()
        return bool(tax_id) and self.name == "erp" and any(r.get("tax_id") == tax_id for r in kept)

    def _link(self, place: str, record_id: str, body: Any) -> httpx.Response:
        kept = self.records.get(place, {})
        record = kept.get(record_id)
        if record is None:
            return _problem(404, "not_found")
        system, external_id = body["system"], body["external_id"]
        ref = {"system": system, "external_id": external_id}
        holder = next((r for r in kept.values() if _linked(r, system) == external_id), None)
        if holder is None and _linked(record, system) is None:
            record["external_refs"].append(ref)
            holder = record
        return (
            httpx.Response(200, json=record)
            if holder is record
            else _problem(409, "already_linked")
        )

    def _publish(self, place: str, record_id: str, headers: dict[str, str]) -> None:
        if place not in EVENT:
            return
        self.feed_seq += 1
        self.outbox.append(self._event(place, record_id, headers))

    def _erasure(self, place: str, record_id: str, headers: dict[str, str]) -> ReceivedEvent:
        named = {"record_type": {"/v1/accounts": "account"}.get(place, "customer")}
        erasure = uuid7()
        data = {"id": str(erasure), "version": 1, "records": [named | {"record_id": record_id}]}
        like = self._event(place, record_id, headers)
        return replace(
            like,
            event_id=uuid7(),
            type=f"tandem.{self.name}.person-erased.v1",
            subject=erasure,
            aggversion=1,
            data=json.dumps(data).encode(),
        )

    def _event(self, place: str, record_id: str, headers: dict[str, str]) -> ReceivedEvent:
        record = self.records[place][record_id]
        cause = headers.get("tandem-causation-id")
        return ReceivedEvent(
            source=f"/tandem/{self.name}/{INSTALLATION[self.name]}",
            event_id=uuid7(),
            type=EVENT[place],
            subject=UUID(record_id),
            history=self.history,
            aggversion=record["version"],
            time=datetime.now(UTC),
            origin=headers.get("tandem-origin", self.name),
            hops=int(headers.get("tandem-hops", "0")),
            correlationid=UUID(headers["tandem-correlation-id"]) if headers else uuid7(),
            causationid=UUID(cause) if cause else None,
            traceparent=headers.get("traceparent"),
            feed_seq=self.feed_seq,
            data=json.dumps(_state(record)).encode(),
        )


def _state(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "external_refs"}


def _linked(record: dict[str, Any], system: str) -> str | None:
    refs = record["external_refs"]
    return next((ref["external_id"] for ref in refs if ref["system"] == system), None)


def _problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "title": code})


class Rig:
    """The bridge between two halves; `synchronize` moves events until nothing is ready."""

    def __init__(self, bridge: Any, *, crm: Half, erp: Half) -> None:
        self.bridge, self.crm, self.erp = bridge, crm, erp
        self.settings = bridge.settings.model_copy(
            update={"gap_seconds": 0.0, "backoff_cap_seconds": 0.0001, "attempts_max": 3}
        )
        self.delivered = {"crm": 0, "erp": 0}
        self.targets = {
            half.name: HttpTarget(
                httpx.AsyncClient(transport=half, base_url=f"http://{half.name}.test")
            )
            for half in (crm, erp)
        }

    async def close(self) -> None:
        """Close the clients."""
        for target in self.targets.values():
            await target.close()

    async def deliver(self, *, shuffled: random.Random | None = None) -> int:
        """Hand what the halves published since to the inbox; how many events were new."""
        new = []
        for half in (self.crm, self.erp):
            new += half.outbox[self.delivered[half.name] :]
            self.delivered[half.name] = len(half.outbox)
        if shuffled:
            shuffled.shuffle(new)
        return await self.receive(*new)

    async def receive(self, *events: ReceivedEvent) -> int:
        """Hand events to the inbox, as a source does; how many were new."""
        return await inbox.receive(self.bridge.database, events)

    async def drain(self) -> None:
        """Deliver what is ready now."""
        carrying = await dispatcher(self.bridge.database, self.targets, self.settings)
        await carrying.drain()

    async def synchronize(self, rounds: int = 10) -> None:
        """Deliver until the halves have nothing more to say to each other."""
        for _ in range(rounds):
            new = await self.deliver()
            await self.drain()
            if not new:
                return
        pytest.fail("the halves go on answering each other")

    async def fetch(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of the bridge's database."""
        async with self.bridge.database.driver() as sql:
            return [dict(row) for row in await sql.fetch(query, *arguments)]

    async def fetch_as_owner(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of the bridge's database, by a role that may do all of it."""
        sql = await asyncpg.connect(self.bridge.owner_url)
        try:
            return [dict(row) for row in await sql.fetch(query, *arguments)]
        finally:
            await sql.close()

    async def lane(self, kind: str) -> dict[str, Any]:
        """The only lane of the kind."""
        (lane,) = await self.fetch("select * from lane where kind = $1", kind)
        return lane

    async def outcomes(self, kind: str) -> list[tuple[str, str | None]]:
        """State and outcome of the events of a kind of lane, by version."""
        rows = await self.fetch(
            "select state, outcome from inbox where lane like $1 order by aggversion", f"{kind}:%"
        )
        return [(row["state"], row["outcome"]) for row in rows]
