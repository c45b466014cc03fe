"""Routers of the house: one route class, declared problems, stable operation ids."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from chassis.http.idempotency import Replayed, keep_reply
from chassis.http.problems import (
    MEDIA_TYPE,
    FieldError,
    Forbidden,
    InvalidInput,
    MalformedJson,
    Problem,
    ProblemView,
    Unauthorized,
)

__all__ = ["HouseRoute", "house_router", "operation_id", "problem_responses"]

_NOT_MEANT: tuple[Match, Scope] = (Match.NONE, {})
EVERYWHERE: tuple[type[Problem], ...] = (MalformedJson, Unauthorized, Forbidden, InvalidInput)


def operation_id(route: APIRoute) -> str:
    """The stable name of a route's operation in OpenAPI."""
    tag = str(route.tags[0]).replace("-", "_") if route.tags else "operations"
    return f"{tag}_{route.name}"


class HouseRoute(APIRoute):
    """A route whose keyed replies are kept with the act, and replayed on a repeat."""

    def __init__(self, path: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(path, *args, **kwargs)
        self._begins = self.path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for it: most are ruled out by how their path begins."""
        if scope["path"].startswith(self._begins) or scope.get("root_path"):
            return super().matches(scope)
        return _NOT_MEANT

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with replay before it and the kept reply after it."""
        handler: Callable[[Request], Awaitable[Response]] = super().get_route_handler()
        known = frozenset(field.alias for field in get_flat_params(self.dependant))

        async def handle(request: Request) -> Response:
            if request.scope["query_string"]:
                _must_be_known(request, known)
            try:
                response = await handler(request)
            except Replayed as earlier:
                return earlier.response()
            keep_reply(request, response)
            return response

        return handle


def _must_be_known(request: Request, known: Collection[str]) -> None:
    """A mistyped filter would be no filter at all. Raises InvalidInput.

    A short list is shown whole, on one page; a client that asks every list alike may do so.
    """
    unknown = [name for name in request.query_params if name not in known and name != "limit"]
    if unknown:
        raise InvalidInput(
            errors=[
                FieldError(f"/query/{name}", "unknown_parameter", "There is no such parameter.")
                for name in unknown
            ]
        )


def house_router(
    *, prefix: str, tag: str, problems: Sequence[type[Problem]] = (), **options: Any
) -> APIRouter:
    """A router under `prefix` whose routes declare the given problems and the common ones."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=HouseRoute,
        generate_unique_id_function=operation_id,
        responses=problem_responses(*EVERYWHERE, *problems),
        **options,
    )


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
        }
        for status, same in by_status.items()
    }
