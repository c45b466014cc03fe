"""`fields=` of a list: only those fields of each row that are asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self, get_args

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.status import HTTP_200_OK

from chassis.http.paging import page_asked
from chassis.problems.problem import FieldError

__all__ = ["RowFields"]


@dataclass(frozen=True)
class RowFields:
    """The names of the fields that a row of the list has."""

    names: Collection[str]

    @classmethod
    def of(cls, route: APIRoute) -> Self | None:
        """Those of a route; None for one that is no list with pages."""
        if not _has_pages(route.dependant):
            return None
        [row] = get_args(route.response_model.model_fields["items"].annotation)
        return cls(tuple(row.model_fields))

    def errors(self, request: Request) -> list[FieldError]:
        """Fields asked for that a row has not."""
        facts = {"known": ", ".join(self.names)}
        unknown = sorted(_asked(request) - set(self.names))
        text = "There is no field {field}. A row has: {known}."
        return [
            FieldError("/query/fields", "unknown_field", text, facts | {"field": one})
            for one in unknown
        ]

    def only(self, request: Request, response: Response) -> Response:
        """The reply with the fields asked for, and what is included; all where none are."""
        asked = _asked(request)
        if not asked or response.status_code != HTTP_200_OK:
            return response
        asked |= {"included"} if "include" in request.query_params else set()
        page = orjson.loads(response.body)
        page["items"] = [
            {name: value for name, value in row.items() if name in asked} for row in page["items"]
        ]
        response.body = orjson.dumps(page)
        response.headers["Content-Length"] = str(len(response.body))
        return response


def _asked(request: Request) -> set[str]:
    asked = request.query_params.get("fields") if request.scope["query_string"] else None
    return {one.strip() for one in asked.split(",")} if asked else set()


def _has_pages(dependant: Dependant) -> bool:
    return any(one.call is page_asked or _has_pages(one) for one in dependant.dependencies)
