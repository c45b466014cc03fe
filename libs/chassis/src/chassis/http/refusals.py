"""What a route refuses with, as its contract says it: by its signature, and as the module adds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant
from starlette.status import HTTP_429_TOO_MANY_REQUESTS

from chassis.problems.problem import MEDIA_TYPE, Problem

__all__ = ["add_problems", "may_refuse", "problems_of", "refuses"]

F = TypeVar("F", bound=Callable[..., Any])
Responses = dict[int | str, dict[str, Any]]

VIEW = {"$ref": "#/components/schemas/ProblemView"}
"""A model here would be built anew for each problem of each route: seconds at every start."""

RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before the request is sent again, where waiting helps.",
        "schema": {"type": "integer"},
    }
}


def may_refuse(*problems: type[Problem]) -> Callable[[F], F]:
    """Marks a dependency: every route that has it in its signature declares these problems."""

    def mark(dependency: F) -> F:
        dependency.__dict__["problems"] = problems
        return dependency

    return mark


def problems_of(dependant: Dependant) -> Iterator[type[Problem]]:
    """The problems of all that a route depends on."""
    for one in dependant.dependencies:
        yield from getattr(one.call, "problems", ())
        yield from problems_of(one)


def refuses(*problems: type[Problem]) -> Responses:
    """What a route says that can answer these problems: one entry a status, naming each code.

    Those of its signature and those of every route are declared without it.
    """
    return add_problems({}, problems)


def add_problems(
    responses: Mapping[int | str, Mapping[str, Any]], problems: Sequence[type[Problem]]
) -> Responses:
    """The responses with the problems that they do not declare yet."""
    found = {status: dict(response) for status, response in responses.items()}
    for problem in problems:
        response = found.setdefault(problem.status, {"content": {MEDIA_TYPE: {"schema": VIEW}}})
        declared = response.get("description", "")
        if f"`{problem.code}`" not in declared:
            text = f"`{problem.code}`: {problem.title}"
            text += f" ({problem.facts_text})" if problem.facts_text else ""
            response["description"] = f"{declared}; {text}" if declared else text
        if problem.retry_after_seconds is not None or problem.status == HTTP_429_TOO_MANY_REQUESTS:
            response["headers"] = response.get("headers", {}) | RETRY_AFTER
    return found
