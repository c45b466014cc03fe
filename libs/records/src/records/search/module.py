"""The search over all records, as a module above those whose records it finds."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, caller
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import Forbidden
from chassis.service import Module
from records.paths import record_types_of
from records.search.schemas import RecordSearch, SearchResult
from records.search.service import search

__all__ = ["search_module"]

Caller = Annotated[Actor, Depends(caller)]


def search_module(modules: Sequence[Module]) -> Module:
    """`GET /v1/search` over the records of the modules; a new type is found once it is there."""
    types = record_types_of(router for one in modules for router in one.routers)
    router = api_router(prefix="/v1/search", tag="search")

    @router.get("", responses=refuses(Forbidden))
    async def search_list(
        wanted: Annotated[RecordSearch, Query()], _by: Caller, at: InReading
    ) -> SearchResult:
        """Records of all types that the caller may read, by words, number or foreign id."""
        return await search(at, types, wanted)

    return Module(
        name="search",
        routers=(router,),
        tags={"search": "One search over the records of all types."},
    )
