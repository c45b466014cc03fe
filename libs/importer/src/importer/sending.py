"""Sending documents to the public API, and what became of each.

Transient refusals are tried again with the same Idempotency-Key, so nothing is done twice. When
the API refuses a whole batch because some items are malformed, those are set aside and the rest
is sent without them; a batch too large for one request is sent in parts.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import orjson

from importer.documents import Document
from importer.errors import RowError, SendingFailed
from importer.mapping import Resource
from importer.references import References, row_of

__all__ = ["Outcome", "Sender"]

TRIES = 6
BODY_BYTES_MAX = 1_000_000
_WAIT_MAX_SECONDS = 30.0
_TRANSIENT = frozenset({408, 425, 429, 502, 503, 504})
_BUSY = frozenset({"busy", "idempotency_in_flight"})
_KEYS = ("sku", "code", "number", "login", "username", "email")
_SYSTEM = re.compile(r"/by-external/([^/]+)/")
_ITEM = re.compile(r"^/items/(\d+)(/.*)?$")


@dataclass(frozen=True)
class Outcome:
    """What became of one document: created, updated, unchanged, stale, failed or unresolved.

    `unresolved` occurs in dry runs only: the row refers to one that the dry run did not store.
    """

    document: Document
    status: str
    errors: Sequence[RowError] = ()


class Sender:
    """Sends the documents of one import. `sent`: whether the API took anything up to now.

    `import_id` goes with every request, so that the history of each record names the import.

    In a dry run `pending` are the names of rows that did not fail: what refers to them is
    `unresolved`, and may be referred to in turn.
    """

    def __init__(
        self, client: httpx.AsyncClient, *, run: str, import_id: UUID, dry_run: bool
    ) -> None:
        self._client = client
        self._run = run
        self._import_id = import_id
        self._dry_run = dry_run
        self.sent = False
        self.pending: set[str] = set()
        self._references = References(client, self.pending)

    async def send(self, resource: Resource, documents: Sequence[Document]) -> list[Outcome]:
        """Send a batch's worth of documents. Raises SendingFailed."""
        outcomes: list[Outcome] = []
        ready: list[Document] = []
        for document in documents:
            found = await self._references.resolve(resource, document)
            if isinstance(found, Document):
                ready.append(found)
            else:
                outcomes.append(_unfound(document, found.errors))
        if ready:
            outcomes += await self._sound(resource, ready)
        if self._dry_run:
            for one in outcomes:
                if one.status != "failed":
                    self.pending |= _names(resource, one.document)
        return outcomes

    async def _sound(self, resource: Resource, documents: list[Document]) -> list[Outcome]:
        if resource.method == "batch":
            return await self._batch(resource, documents)
        if self._dry_run:
            return [Outcome(document, "checked") for document in documents]
        return [await self._single(resource, document) for document in documents]

    async def _batch(self, resource: Resource, documents: list[Document]) -> list[Outcome]:
        body = orjson.dumps({"items": [document.body for document in documents]})
        if len(body) > BODY_BYTES_MAX and len(documents) > 1:
            return await self._halves(resource, documents)
        target = f"{resource.target}?dry_run=true" if self._dry_run else resource.target
        reply = await self._request("POST", target, body, key=self._key(target, body))
        if reply.is_success:
            self.sent = True
            items = reply.json()["items"]
            return [
                self._outcome(resource, document, item)
                for document, item in zip(documents, items, strict=True)
            ]
        if reply.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            if len(documents) > 1:
                return await self._halves(resource, documents)
            errors = _errors(resource, documents[0], _json(reply))
            return [Outcome(documents[0], "failed", errors)]
        return await self._without_malformed(resource, documents, reply)

    async def _halves(self, resource: Resource, documents: list[Document]) -> list[Outcome]:
        middle = len(documents) // 2
        first = await self._batch(resource, documents[:middle])
        return first + await self._batch(resource, documents[middle:])

    async def _without_malformed(
        self, resource: Resource, documents: list[Document], reply: httpx.Response
    ) -> list[Outcome]:
        malformed = _by_item(reply)
        if not malformed:
            raise SendingFailed(_told(reply))
        refused = [
            Outcome(document, "failed", _errors(resource, document, {"errors": malformed[at]}))
            for at, document in enumerate(documents)
            if at in malformed
        ]
        rest = [one for at, one in enumerate(documents) if at not in malformed]
        return refused + (await self._batch(resource, rest) if rest else [])

    async def _single(self, resource: Resource, document: Document) -> Outcome:
        target = resource.target.replace("{external_id}", quote(document.external_id, safe=""))
        body = orjson.dumps(document.body)
        method = "PUT" if resource.method == "put" else "POST"
        key = _digest(resource.name, document.external_id)
        reply = await self._request(method, target, body, key=key)
        if reply.is_success:
            self.sent = True
            refused = _refused_items(reply)
            errors = [one for item in refused for one in _errors(resource, document, item)]
            return Outcome(document, "failed" if refused else _status(reply), errors)
        if reply.status_code in {401, 403, 404, 405} or reply.is_server_error:
            raise SendingFailed(_told(reply))
        return Outcome(document, "failed", _errors(resource, document, _json(reply)))

    async def _request(self, method: str, target: str, body: bytes, *, key: str) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Tandem-Import-Id": str(self._import_id)}
        if method == "POST":
            headers["Idempotency-Key"] = key
        for attempt in range(1, TRIES + 1):
            try:
                reply = await self._client.request(method, target, content=body, headers=headers)
            except httpx.TransportError as lost:
                if attempt == TRIES:
                    message = f"{self._client.base_url} does not answer: {lost}"
                    raise SendingFailed(message) from lost
                await asyncio.sleep(_pause(attempt, None))
                continue
            if attempt == TRIES or not _transient(reply):
                break
            await asyncio.sleep(_pause(attempt, reply.headers.get("retry-after")))
        return reply

    def _key(self, target: str, body: bytes) -> str:
        """One key for each batch of this run: retries share it, the next import does not."""
        return _digest(self._run, target, body.decode())

    def _outcome(self, resource: Resource, document: Document, item: Mapping[str, Any]) -> Outcome:
        status = str(item["status"])
        if status != "failed":
            return Outcome(document, status)
        problem = item.get("problem") or {}
        if self._dry_run and problem.get("code") == "missing_reference":
            named = str((problem.get("facts") or {}).get("reference", ""))
            status = "unresolved" if named in self.pending else status
        return Outcome(document, status, _errors(resource, document, problem))


def _unfound(document: Document, errors: Sequence[RowError]) -> Outcome:
    """A document that names what is not here; in a dry run it may be among the rows before."""
    pending = all(error.code == "pending_reference" for error in errors)
    return Outcome(document, "unresolved" if pending else "failed", errors)


def _names(resource: Resource, document: Document) -> set[str]:
    """What others may call the record by: its id there, and its code, number or login."""
    found = {document.external_id}
    if system := _SYSTEM.search(resource.target):
        found.add(f"{system[1]} {document.external_id}")
    return found | {str(document.body[name]) for name in _KEYS if name in document.body}


def _errors(resource: Resource, document: Document, problem: Mapping[str, Any]) -> list[RowError]:
    """A problem's errors as errors of the row, each with the column its field came from."""
    found = problem.get("errors") or [{"code": problem.get("code", "refused")}]
    detail = str(problem.get("detail") or problem.get("title") or "The API refused the row.")
    return [
        _row_error(resource, document, error, str(error.get("message") or detail))
        for error in found
    ]


def _row_error(
    resource: Resource, document: Document, error: Mapping[str, Any], message: str
) -> RowError:
    field = str(error.get("pointer", "")).strip("/").replace("/", ".")
    rule = resource.rule_at(field)
    return RowError(
        row=row_of(resource, document, field),
        external_id=document.external_id,
        field=field,
        column=", ".join(sorted(rule.columns())) if rule else "",
        code=str(error.get("code", "refused")),
        message=message,
    )


def _by_item(reply: httpx.Response) -> dict[int, list[dict[str, Any]]]:
    """The errors of a refused batch by item; empty when the refusal is about something else."""
    if reply.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
        return {}
    found: dict[int, list[dict[str, Any]]] = {}
    for error in _json(reply).get("errors", []):
        place = _ITEM.match(error["pointer"])
        if place is None:
            return {}
        found.setdefault(int(place[1]), []).append({**error, "pointer": place[2] or ""})
    return found


def _refused_items(reply: httpx.Response) -> list[dict[str, Any]]:
    """The problems of the items that a reply names as failed: it succeeds without them."""
    items = _json(reply).get("items")
    found = items if isinstance(items, list) else []
    return [
        one.get("problem") or {}
        for one in found
        if isinstance(one, dict) and one.get("status") == "failed"
    ]


def _status(reply: httpx.Response) -> str:
    told = reply.headers.get("tandem-outcome")
    if told:
        return str(told)
    if "idempotency-replayed" in reply.headers:
        return "unchanged"
    return "created" if reply.status_code == httpx.codes.CREATED else "updated"


def _transient(reply: httpx.Response) -> bool:
    if reply.status_code == httpx.codes.CONFLICT:
        return _json(reply).get("code") in _BUSY
    return reply.status_code in _TRANSIENT


def _json(reply: httpx.Response) -> dict[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _told(reply: httpx.Response) -> str:
    problem = _json(reply)
    said = problem.get("detail") or problem.get("title") or reply.text[:200]
    return f"{reply.request.method} {reply.request.url.path}: {reply.status_code} {said}"


def _pause(attempt: int, retry_after: str | None) -> float:
    asked = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
    return min(_WAIT_MAX_SECONDS, max(asked, 0.2 * 2.0**attempt))


def _digest(*parts: str) -> str:
    return "import-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:48]
