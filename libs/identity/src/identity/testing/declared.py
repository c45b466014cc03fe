"""What a route answers stands in its contract: a test that is answered otherwise fails.

Its problems are declared, and its decimals are written as their formats say.
"""

import json

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from chassis.events.outbox import EventTooLarge
from chassis.problems.connecting import ConnectionsBusy, TookTooLong
from chassis.problems.problem import MEDIA_TYPE
from chassis.problems.standard import (
    Conflict,
    DatabaseFull,
    DatabaseUnavailable,
    InternalError,
    MethodNotAllowed,
    PathNotFound,
    TooLarge,
)
from identity.jwt import IssuerUnavailable
from identity.required_factors import FactorNotEnrolled
from identity.testing.amounts import wrong_decimals

__all__ = ["DeclaredProblems", "undeclared"]

ANYWHERE = {
    problem.code
    for problem in (
        Conflict,
        ConnectionsBusy,
        DatabaseFull,
        DatabaseUnavailable,
        EventTooLarge,
        FactorNotEnrolled,
        InternalError,
        IssuerUnavailable,
        MethodNotAllowed,
        PathNotFound,
        TookTooLong,
        TooLarge,
    )
}
"""Problems of the edge, of who calls, of the database and of what is too large, which no route
declares."""


class DeclaredProblems(httpx.AsyncBaseTransport):
    """Calls the application without a socket; fails where it answers what it does not declare."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply.

        Raises AssertionError for a problem that its route does not declare, and for a decimal that
        is not written as its format says.
        """
        reached: list[Scope] = []

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            reached.append(scope)
            await self._app(scope, receive, send)

        transport = httpx.ASGITransport(app=call, raise_app_exceptions=False)
        response = await transport.handle_async_request(request)
        has_content = request.method != "HEAD"
        media_type = response.headers.get("content-type")
        if has_content and media_type == "application/json":
            model = getattr(reached[0].get("route"), "response_model", None)
            wrong = list(wrong_decimals(model, json.loads(await response.aread() or b"null")))
            assert not wrong, (str(request.url), wrong)
        if has_content and media_type == MEDIA_TYPE:
            code = json.loads(await response.aread())["code"]
            missing = undeclared(reached[0].get("route"), response.status_code, code)
            assert not missing, missing
        return response


def undeclared(route: object, status: int, code: str) -> str:
    """What is wrong with a problem that a route answered; "" where it declares it."""
    if code in ANYWHERE or not isinstance(route, APIRoute) or not route.include_in_schema:
        return ""
    declared = route.responses.get(status, {}).get("description", "")
    if f"`{code}`" in declared:
        return ""
    return f"{route.name} answered {status} `{code}`, which it does not declare"
