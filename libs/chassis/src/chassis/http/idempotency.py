"""Idempotency-Key: a repeated POST is answered again, not done again.

The key is claimed by one insert, the first statement of the transaction. A twin in flight waits
on that row; once the first one has committed, the twin is answered what the first was. A refused
request rolls its claim back, so it is judged anew. Secrets of a body are no part of its kept
digest: a copy of the database would let them be guessed fast.
"""

import hashlib
from functools import lru_cache
from typing import Any, ClassVar, get_args

import asyncpg
import orjson
from fastapi import Request, Response
from pydantic import SecretStr

from chassis.problems.standard import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from chassis.work.settle import Reply
from chassis.work.unit_of_work import Work

__all__ = ["DDL", "RIGHTS", "Replayed", "claim_key", "keep_reply", "require_key", "secret_fields"]

DDL: tuple[str, ...] = (
    """create table idempotency_key (
      actor text not null,
      key text not null,
      fingerprint bytea not null,
      status smallint,
      reply bytea,
      headers text,
      created_at timestamptz not null default now(),
      constraint pk_idempotency_key primary key (actor, key),
      constraint ck_idempotency_key_length check (length(key) between 1 and 255)
    )""",
    "create index ix_idempotency_key_created_at on idempotency_key (created_at)",
)

RIGHTS = {"idempotency_key": "select, insert, update (status, reply, headers), delete"}

KEPT_HEADERS = ("etag", "location", "content-type", "tandem-outcome")
_CLAIM = """insert into idempotency_key (actor, key, fingerprint) values ($1, $2, $3)
  on conflict do nothing returning true"""
_FIND = (
    "select fingerprint, status, reply, headers from idempotency_key where (actor, key) = ($1, $2)"
)
LONGEST_KEY = 255


class Replayed(Exception):
    """The request was done before; this is what it was answered."""

    media_type: ClassVar[str] = "application/json"

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers

    def response(self) -> Response:
        """The kept reply, marked as a repeat."""
        return Response(
            content=self.body,
            status_code=self.status,
            headers=self.headers | {"Idempotency-Replayed": "true"},
        )


def require_key(key: str | None) -> str:
    """The key. Raises IdempotencyKeyRequired where there is none that can be kept."""
    if key is None or not 1 <= len(key) <= LONGEST_KEY:
        raise IdempotencyKeyRequired
    return key


async def claim_key(
    request: Request, work: Work, key: str | None, *, content: bytes | None = None
) -> None:
    """Claim the key for this request, or end it with the reply of the first one.

    `content` stands for a body that was read piece by piece: its digest.
    Raises IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight or Replayed.
    """
    key = require_key(key)
    fingerprint = _fingerprint(request, await request.body() if content is None else content)
    try:
        claimed = await work.sql.fetchval(_CLAIM, work.actor.reference, key, fingerprint)
    except asyncpg.LockNotAvailableError as still_held:
        raise IdempotencyInFlight from still_held
    if claimed:
        request.state.claimed = (work, key)
        return
    raise _repeat(await work.sql.fetchrow(_FIND, work.actor.reference, key), fingerprint)


def _fingerprint(request: Request, content: bytes) -> bytes:
    query = request.scope["query_string"].decode("latin-1")
    digest = hashlib.sha256(f"{request.method} {request.scope['path']}?{query}\n".encode())
    digest.update(_without_secrets(content, secret_fields(request.scope.get("route"))))
    return digest.digest()


def _without_secrets(content: bytes, secrets: frozenset[str]) -> bytes:
    """The body without what nobody may guess from its digest: passwords and their like."""
    if not secrets:
        return content
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return b""  # the route refuses it, and the claim with it
    kept = body.items() if isinstance(body, dict) else ()
    return orjson.dumps([[name, value] for name, value in kept if name not in secrets])


def secret_fields(route: Any) -> frozenset[str]:
    """Members of a route's body that are secrets: those of the type SecretStr."""
    body = getattr(route, "body_field", None)
    model = body.field_info.annotation if body else None
    return _secrets_of(model) if isinstance(model, type) else frozenset()


@lru_cache(maxsize=4096)
def _secrets_of(model: type) -> frozenset[str]:
    return frozenset(
        field.alias or name
        for name, field in getattr(model, "model_fields", {}).items()
        if SecretStr in {field.annotation, *get_args(field.annotation)}
    )


def _repeat(kept: Any, fingerprint: bytes) -> Exception:
    if kept is None or kept["status"] is None:
        return IdempotencyInFlight()
    if kept["fingerprint"] != fingerprint:
        return IdempotencyKeyReused()
    return Replayed(kept["status"], kept["reply"], orjson.loads(kept["headers"]))


def keep_reply(request: Request, response: Response) -> None:
    """Hand the reply to the transaction, which stores it with the act's own rows."""
    claimed = getattr(request.state, "claimed", None)
    if claimed is None:
        return
    work, key = claimed
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    work.reply = Reply(
        actor=work.actor.reference,
        key=key,
        status=response.status_code,
        body=bytes(response.body),
        headers=orjson.dumps(headers).decode(),
    )
