"""The OpenAPI document: what the framework writes, with what every house route shares."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.status import HTTP_201_CREATED, HTTP_429_TOO_MANY_REQUESTS

from chassis.api.descriptions import add_examples, describe_fields
from chassis.api.openapi_sides import REFERENCE, part_sides
from chassis.http.deprecation import document_deprecation
from chassis.http.etag import ETAG, LOCATION
from chassis.http.fields import RowFields
from chassis.http.paging import LINK
from chassis.http.refusals import problems_of
from chassis.problems.problem import MEDIA_TYPE, ProblemView
from chassis.problems.standard import RowBusy
from chassis.settings import LOG_IN
from chassis.telemetry.trace import IMPORT_ID_HEADER

__all__ = ["openapi_document"]

SECURITY = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key or access token."},
    "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

PATCHED = (
    "A JSON merge patch (RFC 7396): only what is sent changes. `application/merge-patch+json` is "
    "taken as well."
)
"""Of two media types with one schema, some generators write code that does not load."""

TAGS = {
    "events": "What happened, in order: the feed, records as they are now, and who reads.",
    "jobs": "Work that is done in the background, its state and its failures.",
    "operations": "Whether the process lives, can serve, and which version it is.",
}

RATES = {
    "RateLimit": {
        "description": "What is left of each limit that counts the request: `r` requests within "
        "`t` seconds. Absent where the installation sets no limit.",
        "schema": {"type": "string"},
        "example": '"key";r=5999;t=42',
    },
    "RateLimit-Policy": {
        "description": "The limits themselves: `q` requests in a window of `w` seconds.",
        "schema": {"type": "string"},
        "example": '"key";q=6000;w=60',
    },
}

IMPORT_ID = {
    "name": IMPORT_ID_HEADER,
    "in": "header",
    "required": False,
    "description": "Makes the request a part of an import: an id (UUID) of yours, the same for all "
    "of it. The history of what it changes names it and has `import` as its way.",
    "schema": {"type": "string", "format": "uuid"},
}
"""Known to all that writes; read with the trace of the request."""

IDS = "In examples of requests, put ids of records of your own."


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the application: servers, security, problems in place of framework errors."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=f"{app.description} {IDS}",
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "This installation."}],
    )
    document.setdefault("components", {})["securitySchemes"] = SECURITY
    document["components"]["headers"] = RATES
    view = ProblemView.model_json_schema(mode="serialization", ref_template=REFERENCE + "{model}")
    shown = view.pop("$defs") | {ProblemView.__name__: view}  # refusals refer to it
    document["components"]["schemas"] = shown | document["components"].get("schemas", {})
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "patch":
                operation["requestBody"]["description"] = PATCHED
            logs_in = method == "post" and path in LOG_IN
            _finish(operation, secured=path.startswith("/v1/") and not logs_in)
    _name_by_titles(document)
    _declare_headers(app, document)
    describe_fields(document, app.state.service.fields)
    add_examples(document, app.state.service.fields)
    part_sides(document)
    document["tags"] = _tags(app, document)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"].get("schemas", {}).pop(unused, None)
    return document


def _declare_headers(app: FastAPI, document: dict[str, Any]) -> None:
    """The headers that a request must have, and those that a reply carries."""
    routes = {
        route.unique_id: route
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            route = routes[operation["operationId"]]
            _declare_sent(route, operation)
            shown = _shown_headers(route)
            for status, reply in operation["responses"].items():
                if status.startswith("2") and shown:
                    reply["headers"] = {**shown, **reply.get("headers", {})}
            if path.startswith("/v1/"):
                _declare_rates(operation)
            document_deprecation(operation)


def _declare_sent(route: APIRoute, operation: dict[str, Any]) -> None:
    """Which headers a request must have, and that of imports where it has a transaction."""
    for parameter in operation.get("parameters", []):
        if parameter["schema"].pop("x-needed", False):
            _require(parameter)
    if RowBusy in problems_of(route.dependant):
        operation.setdefault("parameters", []).append(IMPORT_ID)


def _declare_rates(operation: dict[str, Any]) -> None:
    """What replies tell of rate limits: where it went well, and where there were too many."""
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in RATES}
    for status, reply in operation["responses"].items():
        if status.startswith("2") or status == str(HTTP_429_TOO_MANY_REQUESTS):
            reply["headers"] = {**reply.get("headers", {}), **named}


def _require(parameter: dict[str, Any]) -> None:
    """Show a header as required; the code takes its absence and answers in its own words."""
    parameter["required"] = True
    schema = parameter["schema"]
    schema["type"] = next(one["type"] for one in schema.pop("anyOf") if one["type"] != "null")


def _shown_headers(route: APIRoute) -> dict[str, Any]:
    """ETag of a record with a version, where a new one is found, and the next page of a list."""
    if RowFields.of(route):
        return LINK
    shown = getattr(route.response_model, "model_fields", {})
    if "version" not in shown or "/by-external/" in route.path or not _replies(route.dependant):
        return {}
    return ETAG | LOCATION if route.status_code == HTTP_201_CREATED else ETAG


def _replies(dependant: Dependant) -> bool:
    """True when the route, or what it depends on, writes headers."""
    return dependant.response_param_name is not None or any(
        _replies(one) for one in dependant.dependencies
    )


def _tags(app: FastAPI, document: dict[str, Any]) -> list[dict[str, Any]]:
    """What the operations are grouped by, each with its sentence."""
    names = {
        str(tag)
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation.get("tags", [])
    }
    sentences = {**TAGS, **app.state.service.tags}
    return [{"name": name, "description": sentences.get(name, name)} for name in sorted(names)]


def _name_by_titles(document: dict[str, Any]) -> None:
    """Name generic classes as they call themselves: `CustomerPage`, not `Page_CustomerView_`."""
    schemas = document["components"]["schemas"]
    titles = {name: schema["title"] for name, schema in schemas.items() if name.endswith("_")}
    named = {titles.get(name, name): schema for name, schema in schemas.items()}
    document["components"]["schemas"] = dict(sorted(named.items()))
    for place in _places(document):
        kind, _, name = str(place.get("$ref", "")).rpartition("/")
        if name in titles:
            place["$ref"] = f"{kind}/{titles[name]}"


def _places(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(node, dict):
        yield node
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for one in inner:
        yield from _places(one)


def _sentence(text: str) -> str:
    """The first sentence of a docstring, without its full stop."""
    return re.split(r"\.(?:\s|$)", text, maxsplit=1)[0].replace("\n", " ")


def _finish(operation: dict[str, Any], *, secured: bool) -> None:
    if operation["summary"] == operation["operationId"].replace("_", " ").title():
        operation["summary"] = _sentence(operation.get("description", operation["summary"]))
    operation["security"] = [{"apiKey": []}, {"apiKeyHeader": []}] if secured else []
    for status, reply in operation["responses"].items():
        content = reply.get("content", {})
        if MEDIA_TYPE in content:
            others = (one for name, one in content.items() if name != MEDIA_TYPE)
            reply["content"] = {MEDIA_TYPE: content[MEDIA_TYPE] or next(others, {})}
        if status == "422" and "HTTPValidationError" in str(content):
            reply["content"] = {MEDIA_TYPE: {"schema": {"type": "object"}}}
