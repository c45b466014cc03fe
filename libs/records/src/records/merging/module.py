"""What merging brings into a service: the list of merges, their undo, and who may do it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.service import Module, Schedule
from chassis.storage.paging import Page
from chassis.work.states import States
from records.merging.errors import MergeErased, MergeExpired, MergeNotUndoable
from records.merging.events import MergeChanged
from records.merging.listing import get_merge, merge_page
from records.merging.routes import READ, WRITE
from records.merging.schemas import MergeQuery, MergeView
from records.merging.service import merge_states
from records.merging.tables import RIGHTS
from records.merging.undo import forget_old, undo
from records.paths import RecordPaths, record_types_of
from records.redirects import RecordMerged

__all__ = ["merging_module"]

Reader = Annotated[Actor, Needs(READ)]
Merger = Annotated[Actor, Needs(WRITE)]

EXPIRY = "merges.expiry"
JOINED = "select, insert, update, delete"
"""Rights on records that may be merged."""


def merging_module(modules: Sequence[Module], *, roles: Collection[str]) -> Module:
    """The module of a service with these other modules, where these roles merge records.

    What is merged into another record is deleted: the runtime role gets that right.
    """
    types = record_types_of(router for one in modules for router in one.routers)
    merged = {
        name: of
        for name, of in types.items()
        if of.kind is not None and of.kind.merging is not None
    }
    states = {one.table: one for module in modules for one in module.states.values()}
    for of in merged.values():
        assert of.kind is not None  # noqa: S101 - chosen so
        of.kind.entity.metadata.info["states"] = states
    return Module(
        name="merging",
        rights=RIGHTS | dict.fromkeys(merged, JOINED),
        routers=(_router(merged),),
        tags={"merges": "Records that became one, and the undo of that."},
        permissions={
            READ: "See which records were merged.",
            WRITE: "Merge records that one may change, and undo that.",
        },
        roles={role: {READ, WRITE} for role in roles},
        events=(MergeChanged,),
        states={MergeChanged: States("record_merge", merge_states)},
        jobs={EXPIRY: forget_old},
        schedules=(Schedule(EXPIRY, timedelta(days=1), EXPIRY),),
    )


def _router(types: Mapping[str, RecordPaths]) -> APIRouter:
    router = api_router(prefix="/v1/merges", tag="merges")

    @router.get("")
    async def merge_list(
        wanted: Annotated[MergeQuery, Query()], _by: Reader, asked: PageAsked, at: InReading
    ) -> Page[MergeView]:
        """Merges of records that one may read and see, the newest first."""
        return await merge_page(at, types, wanted, asked)

    @router.get("/{merge_id}", responses=refuses(NotFound))
    async def merge_get(merge_id: UUID, _by: Reader, at: InReading) -> MergeView:
        """The merge."""
        return await get_merge(at, types, merge_id)

    @router.post(
        "/{merge_id}/undo",
        responses=refuses(NotFound, MergeErased, MergeExpired, MergeNotUndoable, RecordMerged),
    )
    async def merge_undo(merge_id: UUID, _by: Merger, _once: OnlyOnce, work: InWork) -> MergeView:
        """Make two records of the one again; what others changed since is left as it is."""
        return await undo(work, types, merge_id)

    return router
