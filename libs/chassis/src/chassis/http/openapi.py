"""The OpenAPI document: what the framework writes, with what every house route shares."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from chassis.http.problems import MEDIA_TYPE

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


def _finish(operation: dict[str, Any], *, secured: bool) -> None:
    operation["security"] = [{"apiKey": []}, {"apiKeyHeader": []}] if secured else []
    for status, reply in operation["responses"].items():
        content = reply.get("content", {})
        if MEDIA_TYPE in content:
            others = (one for name, one in content.items() if name != MEDIA_TYPE)
            reply["content"] = {MEDIA_TYPE: content[MEDIA_TYPE] or next(others, {})}
        if status == "422" and "HTTPValidationError" in str(content):
            reply["content"] = {MEDIA_TYPE: {"schema": {"type": "object"}}}
