"""Marks routes by which data is read out: each such reply has an entry before it is sent."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, Request

from chassis.clock import utc_now
from chassis.http.dependencies import caller
from identity.audit.entries import Entry, write_entries

__all__ = ["EntersAudit"]


def EntersAudit(act: str, *kept: str) -> Any:  # noqa: N802 - reads as a word of the signature
    """Write an entry where the route succeeds; without the entry there is no reply.

    `kept` are the parameters of the query that the entry has. What is searched for is none of
    them: it may name a person, and entries stay.
    """

    async def entered(request: Request) -> AsyncIterator[None]:
        actor, trace = await caller(request), request.state.trace
        yield
        entry = Entry(
            at=utc_now(),
            act=act,
            actor=actor.reference,
            source=trace.source,
            subject=request.url.path,
            request_id=trace.request_id,
            correlation_id=trace.correlation_id,
            details={name: one for name, one in request.query_params.items() if name in kept},
        )
        async with request.app.state.database.driver() as sql:
            await write_entries(sql, [entry])

    return Depends(entered, scope="function")
