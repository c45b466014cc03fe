"""How a route answers what is in order: by a plan of what it depends on, made once at start.

FastAPI finds out anew for every request how each dependency is called, what it is given and how
it is cleaned up after. A plan knows. It looks at the whole request before anything is done, and
leaves what is not in order to FastAPI, which says what is wrong; so both come to the same.

Frozen (decision 0038): it stands on private names of FastAPI. When a release breaks it, this file
is deleted, with its setting and its use in `routing.py`; it is not repaired.
"""

import inspect
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, Self, TypeAlias, get_args
from uuid import UUID

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute, serialize_response
from starlette.requests import ClientDisconnect

__all__ = ["Plan"]

Arguments: TypeAlias = dict[str, Any]
JSON = "application/json"
PLAIN = {str, int, bool, UUID, date}
NO_CONTENT = 204


class NotInOrder(Exception):
    """Something in the request is not as it should be: FastAPI is to say what."""


@dataclass(frozen=True)
class Step:
    """One call, what it is given of the request, and what earlier steps made for it.

    `plain` are fields of one value by the part of the request where they stand, `params` all
    others; `takes` are names of arguments with the place of the step that makes them.
    """

    call: Callable[..., Any]
    is_cleaned_up: bool
    plain: tuple[tuple[str, Any], ...]
    params: tuple[tuple[str, Sequence[Any]], ...]
    takes: tuple[tuple[str, int], ...]
    request_name: str | None
    response_name: str | None

    def given(self, request: Request) -> Arguments:
        """Its arguments that stand in the request. Raises NotInOrder."""
        arguments: Arguments = {}
        for part, field in self.plain:
            value = getattr(request, part).get(field.alias)
            arguments[field.name] = _default(field) if value is None else _checked(field, value)
        for part, fields in self.params:
            values, errors = request_params_to_args(fields, getattr(request, part))
            if errors:
                raise NotInOrder
            arguments |= values
        return arguments


@dataclass(frozen=True)
class Plan:
    """The steps of a route, in the order of its signature; the last one is the route's own act."""

    steps: tuple[Step, ...]
    body: Any
    reply: Any
    status: int

    @classmethod
    def of(cls, route: APIRoute) -> Self | None:
        """The plan of a route; None for one that asks for more than plans know."""
        usual = isinstance(route.response_class, DefaultPlaceholder) and route.response_field
        content, steps = route.dependant.body_params, list[Step]()
        # A body of one part is the command itself; of several, FastAPI puts them together.
        whole = content == ([route.body_field] if route.body_field else [])
        if not usual or not whole or route.status_code == NO_CONTENT:
            return None
        if _add(steps, {}, route.dependant) is None:
            return None
        return cls(tuple(steps), route.body_field, route.response_field, route.status_code or 200)

    async def answer(self, request: Request) -> Response | None:
        """The reply to a request that is in order; None for another one, of which nothing is done.

        Raises what the steps raise.
        """
        try:
            given = [step.given(request) for step in self.steps]
            if self.body is not None:
                given[-1][self.body.name] = await _content(request, self.body)
        except NotInOrder:
            return None
        sub_response = _sub_response()
        result = await self._done(request, given, sub_response)
        if isinstance(result, Response):
            return result
        content = await serialize_response(
            field=self.reply, response_content=result, dump_json=True
        )
        reply = Response(content, sub_response.status_code or self.status, media_type=JSON)
        reply.headers.raw.extend(sub_response.headers.raw)
        return reply

    async def _done(
        self, request: Request, given: Sequence[Arguments], sub_response: Response
    ) -> Any:
        """Do the steps; what the last one tells. What is to be cleaned up is, before the reply."""
        until_reply: AsyncExitStack = request.scope["fastapi_function_astack"]
        made: list[Any] = []
        for step, arguments in zip(self.steps, given, strict=True):
            for name, at in step.takes:
                arguments[name] = made[at]
            if step.request_name:
                arguments[step.request_name] = request
            if step.response_name:
                arguments[step.response_name] = sub_response
            called = step.call(**arguments)
            entered = until_reply.enter_async_context(called) if step.is_cleaned_up else called
            made.append(await entered)
        return made[-1]


async def _content(request: Request, field: Any) -> Any:
    """The body, read and checked. Raises NotInOrder."""
    declared = request.headers.get("content-type", "")
    if declared != JSON and not declared.startswith(f"{JSON};"):
        raise NotInOrder
    try:
        sent = await request.json() if await request.body() else None
    except (ValueError, RecursionError, ClientDisconnect) as unreadable:
        raise NotInOrder from unreadable
    if sent is None:
        raise NotInOrder
    return _checked(field, sent)


def _checked(field: Any, sent: Any) -> Any:
    """What was sent for a field, as its type. Raises NotInOrder."""
    value, errors = field.validate(sent, {}, loc=())
    if errors:
        raise NotInOrder
    return value


def _default(field: Any) -> Any:
    """What a field is where nothing was sent. Raises NotInOrder."""
    if field.field_info.is_required():
        raise NotInOrder
    return field.get_default()


def _sub_response() -> Response:
    """What steps add to the reply: headers, and a status that is not the usual one."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment] # nobody said any yet
    return response


def _add(
    steps: list[Step], known: dict[tuple[Any, str | None], int], dependant: Dependant
) -> int | None:
    """Add what a call depends on and the call itself, each once; its place, None: no plan."""
    takes = []
    for needed in dependant.dependencies:
        at = known.get((needed.call, needed.scope)) if needed.use_cache else None
        if at is None and (at := _add(steps, known, needed)) is None:
            return None
        if needed.name:
            takes.append((needed.name, at))
    call = _called(dependant)
    if call is None:
        return None
    params = {
        "path_params": dependant.path_params,
        "query_params": dependant.query_params,
        "headers": dependant.header_params,
        "cookies": dependant.cookie_params,
    }
    plain = [(part, one) for part, fields in params.items() for one in fields if _is_plain(one)]
    others = [
        (part, [one for one in fields if not _is_plain(one)]) for part, fields in params.items()
    ]
    step = Step(
        call,
        call is not dependant.call,
        tuple(plain),
        tuple((part, fields) for part, fields in others if fields),
        tuple(takes),
        dependant.request_param_name,
        dependant.response_param_name,
    )
    steps.append(step)
    return known.setdefault((dependant.call, dependant.scope), len(steps) - 1)


def _is_plain(field: Any) -> bool:
    """Whether a field has one value, found by one name."""
    annotation = field.field_info.annotation
    kinds = set(get_args(annotation)) if isinstance(annotation, UnionType) else {annotation}
    return kinds - {NoneType} <= PLAIN and field.validation_alias in {None, field.alias}


def _called(dependant: Dependant) -> Callable[..., Any] | None:
    """How a call is made: awaited, or entered until the reply is ready; None: in another way."""
    special = (
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
        dependant.security_scopes_param_name,
        dependant.concurrency,
    )
    call = dependant.call
    if call is None or any(special):
        return None
    if inspect.iscoroutinefunction(call):
        return call
    if inspect.isasyncgenfunction(call) and dependant.scope == "function":
        return asynccontextmanager(call)
    return None
