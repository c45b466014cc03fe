"""The OpenAPI document: what the framework writes, with what every house route shares."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from chassis.problems.problem import MEDIA_TYPE

__all__ = ["openapi_document"]

SECURITY = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key or access token."},
    "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}

MERGE_PATCH = "application/merge-patch+json"

LOG_IN = "/v1/sessions"
"""The one path under /v1 that is for callers who are not known yet."""


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the application: servers, security, problems in place of framework errors."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "This installation."}],
    )
    document.setdefault("components", {})["securitySchemes"] = SECURITY
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "patch":
                _take_merge_patches(operation["requestBody"]["content"])
            _finish(operation, secured=path.startswith("/v1/") and path != LOG_IN)
    _name_by_titles(document)
    document["tags"] = _tags(document)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"].get("schemas", {}).pop(unused, None)
    return document


def _take_merge_patches(content: dict[str, Any]) -> None:
    """A change is a JSON merge patch, and may say so."""
    content[MERGE_PATCH] = content["application/json"]


def _tags(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What the operations are grouped by."""
    names = {
        str(tag)
        for operations in document["paths"].values()
        for operation in operations.values()
        for tag in operation.get("tags", [])
    }
    return [{"name": name, "description": _words(name)} for name in sorted(names)]


def _words(tag: str) -> str:
    return f"{tag.replace('-', ' ').capitalize()}."


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
