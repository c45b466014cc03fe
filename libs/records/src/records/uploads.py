"""Files that come and go: piece by piece, while no database connection is used.

Of an upload, who calls and the key are asked for first, the transaction begins when the body is
here. Its size is counted as it comes, by a limit of the route's own instead of the usual one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from chassis.actor import Actor
from chassis.http.dependencies import ONCE, Key, caller, transaction_of
from chassis.http.idempotency import claim_key, require_key
from chassis.http.refusals import may_refuse
from chassis.problems.standard import RowBusy, TooLarge
from chassis.storage.reading import Reading
from chassis.work.database import Database
from chassis.work.unit_of_work import Work

__all__ = ["FILE_BODY", "FileRequest", "InFileRequest", "InUpload", "Upload"]

FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary", "description": "The file itself."}
            }
        },
    }
}
"""What a route with an `InUpload` says of its body (`openapi_extra`)."""


class FileRequest:
    """A request of a known caller that uses the database at moments only."""

    def __init__(self, request: Request, actor: Actor) -> None:
        self.request, self.actor = request, actor
        self.database: Database = request.app.state.database

    def reading(self) -> AbstractAsyncContextManager[Reading]:
        """A connection for what is asked before a file is read or sent; given back at once."""
        return self.database.reading(actor=self.actor)


class Upload(FileRequest):
    """A request with a file, from its first piece to the act that keeps it."""

    def __init__(
        self, request: Request, actor: Actor, key: str, until_reply: AsyncExitStack
    ) -> None:
        super().__init__(request, actor)
        self._key, self._until_reply = key, until_reply
        self.media_type = _media_type(request.headers.getlist("content-type"))

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it comes. Raises TooLarge as soon as more than `limit` is known to come."""
        declared = self.request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise TooLarge(limit=limit)
        taken = 0
        try:
            async for piece in self.request.stream():
                taken += len(piece)
                if taken > limit:
                    raise TooLarge(limit=limit)
                yield piece
        except ClientDisconnect as gone:
            raise HTTPException(status_code=400) from gone

    async def begin(self, digest: bytes) -> Work:
        """The transaction, which ends with the reply; the key is claimed for this content.

        Raises what claim_key raises.
        """
        act = transaction_of(self.request, self.actor)
        work = await self._until_reply.enter_async_context(act)
        await claim_key(self.request, work, self._key, content=digest)
        return work


def _media_type(declared: Sequence[str]) -> str:
    """What the headers say that the body is; where they say different things, all of them."""
    return ", ".join({one.partition(";")[0].strip().lower(): None for one in declared})


async def file_request(request: Request) -> FileRequest:
    """The request of a known caller."""
    return FileRequest(request, await caller(request))


@may_refuse(*ONCE, RowBusy, TooLarge)
async def upload(request: Request, idempotency_key: Key = None) -> AsyncIterator[Upload]:
    """The upload of a known caller. Raises IdempotencyKeyRequired."""
    actor = await caller(request)
    key = require_key(idempotency_key)
    async with AsyncExitStack() as until_reply:
        yield Upload(request, actor, key, until_reply)


InFileRequest = Annotated[FileRequest, Depends(file_request)]
InUpload = Annotated[Upload, Depends(upload, scope="function")]
