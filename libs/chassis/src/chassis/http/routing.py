"""Routers: one route class, declared problems, stable operation ids."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.status import HTTP_429_TOO_MANY_REQUESTS
from starlette.types import Receive, Scope, Send

from chassis.http.dependencies import begin, caller, read
from chassis.http.idempotency import Replayed, keep_reply
from chassis.http.planning import Plan
from chassis.http.queries import QueryForm
from chassis.problems.problem import MEDIA_TYPE, Problem, ProblemView
from chassis.problems.standard import Forbidden, InvalidInput, MalformedJson, Unauthorized

__all__ = [
    "IdempotentRoute",
    "PathDispatcher",
    "api_router",
    "operation_id",
    "problem_responses",
    "refuses",
]

EVERYWHERE: tuple[type[Problem], ...] = (MalformedJson, Unauthorized, Forbidden, InvalidInput)


def operation_id(route: APIRoute) -> str:
    """The stable name of a route's operation in OpenAPI: noun, then verb, as the function says."""
    return route.name


class IdempotentRoute(APIRoute):
    """A route whose keyed replies are kept with the act, and replayed on a repeat."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with replay before it and the kept reply after it."""
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()
        query = QueryForm.of(self.dependant)
        gates = [call for call in _calls(self.dependant) if call and _asks_who(call)]
        plan = Plan.of(self)

        async def handle(request: Request) -> Response:
            wrong = query.errors(request) if request.scope["query_string"] else []
            if wrong:
                await _pass(gates, request)  # who may not is told that, and nothing else
                raise InvalidInput(errors=wrong)
            try:
                by_plan = plan and getattr(request.app.state, "planned_requests", True)
                planned = await plan.answer(request) if plan and by_plan else None
                response = planned or await handler(request)
            except Replayed as earlier:
                return earlier.response()
            keep_reply(request, response)
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
        self._near = {name: APIRouter(routes=routes).app for name, routes in near.items()}

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


def api_router(
    *, prefix: str, tag: str, problems: Sequence[type[Problem]] = (), **options: Any
) -> APIRouter:
    """A router under `prefix` whose routes declare the given problems and the common ones."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=IdempotentRoute,
        generate_unique_id_function=operation_id,
        responses=problem_responses(*EVERYWHERE, *problems),
        **options,
    )


RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before the request is sent again, where waiting helps.",
        "schema": {"type": "integer"},
    }
}


def _says_when(problem: type[Problem]) -> bool:
    """True for a problem that says when to come again."""
    return problem.retry_after_seconds is not None or problem.status == HTTP_429_TOO_MANY_REQUESTS


def refuses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route declares that can answer these problems and the common ones, and no other."""
    return problem_responses(*EVERYWHERE, *problems)


def problem_responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The problems as OpenAPI declares them: one entry a status, naming each code."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        known = by_status.setdefault(problem.status, [])
        if problem not in known:
            known.append(problem)
    return {
        status: {
            "description": "; ".join(f"`{one.code}`: {one.title}" for one in same),
            "model": ProblemView,
            "content": {MEDIA_TYPE: {}},
            **({"headers": RETRY_AFTER} if any(_says_when(one) for one in same) else {}),
        }
        for status, same in by_status.items()
    }
