"""What describes the events of a service, for everybody: their JSON Schemas and AsyncAPI.

Both are the same in every installation of a version, like the OpenAPI document: who follows a
`dataschema` or makes code from it shows no key.
"""

import asyncio
import json
from functools import cached_property
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from chassis.api.asyncapi import asyncapi_document
from chassis.api.descriptions import described_event
from chassis.problems.standard import NotFound
from chassis.service import Service
from chassis.settings import ServiceSettings

__all__ = ["Descriptions", "schemas_of", "schemas_router"]

schemas_router = APIRouter(include_in_schema=False)

SCHEMA_TYPE = "application/schema+json"
AN_HOUR = {"Cache-Control": "public, max-age=3600"}
"""Within a version of an event its schema only gains optional fields and values."""


def schemas_of(service: Service) -> dict[str, dict[str, Any]]:
    """File name -> the schema of an event, in each of its majors that was ever released.

    Those of events that are published follow from the code, the others lie in the service's folder.
    """
    kept = sorted(service.retired_schemas.glob("*.json")) if service.retired_schemas else []
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in kept}
    schemas |= {
        event.schema_for(service.name).rpartition("/")[2]: described_event(
            event, service.name, service.fields
        )
        for event in service.events
        if event.public
    }
    return dict(sorted(schemas.items()))


class Descriptions:
    """The documents of one application, made when they are first asked for."""

    def __init__(self, service: Service, settings: ServiceSettings) -> None:
        self._service, self._settings = service, settings

    @cached_property
    def schemas(self) -> dict[str, bytes]:
        """File name -> schema, which names itself by its whole address."""
        base_url = self._settings.base_url
        return {
            name: orjson.dumps(schema | {"$id": base_url + schema["$id"]})
            for name, schema in schemas_of(self._service).items()
        }

    @cached_property
    def asyncapi(self) -> bytes:
        """The AsyncAPI document."""
        return orjson.dumps(asyncapi_document(self._service, self._settings))

    @cached_property
    def addresses(self) -> list[str]:
        """Where the schemas are."""
        return [f"{self._settings.base_url}/schemas/{name}" for name in self.schemas]


@schemas_router.get("/asyncapi.json")
async def asyncapi(request: Request) -> Response:
    """The AsyncAPI document of the events."""
    known = request.app.state.descriptions
    body = await asyncio.to_thread(lambda: known.asyncapi)
    return Response(body, media_type="application/json", headers=AN_HOUR)


@schemas_router.get("/schemas")
async def schema_list(request: Request) -> dict[str, list[str]]:
    """Where the schemas are."""
    known = request.app.state.descriptions
    return {"schemas": await asyncio.to_thread(lambda: known.addresses)}


@schemas_router.get("/schemas/{name}")
async def schema(name: str, request: Request) -> Response:
    """The JSON Schema of an event's data."""
    known = request.app.state.descriptions
    schemas = await asyncio.to_thread(lambda: known.schemas)
    if name not in schemas:
        raise NotFound(entity="schema", id=name)
    return Response(schemas[name], media_type=SCHEMA_TYPE, headers=AN_HOUR)
