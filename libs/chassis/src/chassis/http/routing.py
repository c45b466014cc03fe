"""Routers: one route class, declared problems, stable operation ids."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from chassis.http.bodies import Body
from chassis.http.dependencies import begin, caller, read
from chassis.http.deprecation import deprecation_headers
from chassis.http.fields import RowFields
from chassis.http.idempotency import Replayed, keep_reply
from chassis.http.planning import Plan
from chassis.http.queries import QueryForm
from chassis.http.refusals import add_problems, problems_of
from chassis.problems.problem import Problem
from chassis.problems.standard import (
    Forbidden,
    InvalidInput,
    MalformedJson,
    RateLimited,
    Unauthorized,
)

__all__ = ["IdempotentRoute", "PathDispatcher", "api_router", "operation_id"]

EVERYWHERE: tuple[type[Problem], ...] = (
    MalformedJson,
    Unauthorized,
    Forbidden,
    InvalidInput,
    RateLimited,
)


def operation_id(route: APIRoute) -> str:
    """The stable name of a route's operation in OpenAPI: noun, then verb, as the function says."""
    return route.name


class IdempotentRoute(APIRoute):
    """A route whose keyed replies are kept with the act, and replayed on a repeat.

    It declares what every route and the parts of its signature refuse with, beside the problems
    that it is given (`refuses`). `reply_headers` are sent with each of its replies, refusals too.
    """

    reply_headers: Sequence[tuple[bytes, bytes]] = ()

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, responses: Any = None, **options: Any
    ) -> None:
        super().__init__(path, endpoint, responses=responses, **options)
        self.responses = add_problems(self.responses, [*EVERYWHERE, *problems_of(self.dependant)])

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with replay before it and the kept reply after it."""
        if self.body_field and self.dependant.body_params == [self.body_field]:
            one = self.body_field
            self.body_field = Body(one.field_info, one.name, one.mode, one.config)
            self.dependant.body_params = [self.body_field]
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()
        query = QueryForm.of(self.dependant)
        gates = [call for call in _calls(self.dependant) if call and _asks_who(call)]
        plan, fields = Plan.of(self), RowFields.of(self)
        self.reply_headers = deprecation_headers(self.openapi_extra)

        async def handle(request: Request) -> Response:
            await _pass(gates, request)  # who may not is told that, before anything is read
            wrong = query.errors(request) if request.scope["query_string"] else []
            wrong += fields.errors(request) if fields else []
            if wrong:
                raise InvalidInput(errors=wrong)
            try:
                response = await act(request)
            except asyncpg.SerializationError:  # what this process knew is read anew
                response = await act(request)
            return fields.only(request, response) if fields else response

        async def act(request: Request) -> Response:
            try:
                async with AsyncExitStack() as until_done:
                    request.scope["fastapi_function_astack"] = until_done
                    by_plan = plan and getattr(request.app.state, "planned_requests", True)
                    planned = plan and by_plan and await plan.answer(request)
                    response = planned or await handler(request)
                    keep_reply(request, response)
            except Replayed as earlier:
                return earlier.response()
            return response

        return handle


class PathDispatcher:
    """Leads a request to the routes of its collection, instead of past those of all others.

    `/v1/orders/…` is asked of the routes that begin so; what begins like none goes the whole way.
    """

    def __init__(self, router: APIRouter) -> None:
        near: dict[str, list[BaseRoute]] = {}
        for route in router.routes:
            near.setdefault(_collection(getattr(route, "path", "")), []).append(route)
        near.pop("", None)
        self._everywhere = router.app
        self._near = {
            name: APIRouter(routes=routes, redirect_slashes=False).app
            for name, routes in near.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the routes answer that may be meant."""
        lead = None
        if scope["type"] == "http" and not scope.get("root_path"):
            lead = self._near.get(_collection(scope["path"]))
        await (lead or self._everywhere)(scope, receive, send)


def _collection(path: str) -> str:
    """The collection under /v1 that a path is in; "" for every other path."""
    return path.split("/", 3)[2] if path.startswith("/v1/") else ""


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """What a route depends on, all the way down."""
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _asks_who(call: Callable[..., Any]) -> bool:
    return call in {caller, begin, read} or hasattr(call, "scope")


async def _pass(gates: Sequence[Callable[..., Any]], request: Request) -> None:
    """Let only pass who is known, and may what the route needs. Raises Unauthorized, Forbidden."""
    for gate in gates:
        await (gate(request) if hasattr(gate, "scope") else caller(request))


def api_router(*, prefix: str, tag: str, **options: Any) -> APIRouter:
    """A router under `prefix`, of routes that declare what they can answer."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=IdempotentRoute,
        generate_unique_id_function=operation_id,
        **options,
    )
