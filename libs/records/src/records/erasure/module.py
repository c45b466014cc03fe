"""What erasure brings into a service: users who left, and the event of every erased person."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from chassis.actor import Actor
from chassis.events.event import Event
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.service import Module
from chassis.work.unit_of_work import Handler
from identity.audit.reading_out import EntersAudit
from records import history_tables
from records.erasure.errors import UserIsActive
from records.erasure.events import PersonErased
from records.erasure.routes import ERASE, PERMISSIONS, READ
from records.erasure.schemas import ErasureReport, PersonalDataView
from records.erasure.tables import RIGHTS
from records.erasure.users import ProfileOf, erase_user, local_user, user_data

__all__ = ["erasure_module"]

Reader = Annotated[Actor, Needs(READ)]
Eraser = Annotated[Actor, Needs(ERASE)]


def erasure_module(
    *,
    profile_of: ProfileOf = local_user,
    handlers: Mapping[type[Event], Sequence[Handler]] | None = None,
) -> Module:
    """The module; `profile_of`: what the service keeps of a user itself.

    `handlers`: what else the service does when a person, or a user, was erased.
    """
    return Module(
        rights=RIGHTS | history_tables.RIGHTS,
        name="erasure",
        routers=(_user_router(profile_of),),
        tags={"persons": "What is known of a person, and its erasure."},
        permissions=PERMISSIONS,
        events=(PersonErased,),
        handlers=handlers or {},
    )


def _user_router(profile_of: ProfileOf) -> APIRouter:
    router = api_router(prefix="/v1/users", tag="persons")

    @router.get("/{user_id}/personal-data", responses=refuses(NotFound))
    async def user_personal_data(
        user_id: UUID,
        _by: Reader,
        _entered: Annotated[None, EntersAudit("person.read_out")],
        at: InReading,
    ) -> PersonalDataView:
        """All that is known of a user: login, sessions, notes, files, views, keys, what it did."""
        return await user_data(at, user_id, await profile_of(at, user_id))

    @router.post("/{user_id}/erase", responses=refuses(NotFound, UserIsActive))
    async def user_erase(
        user_id: UUID, _by: Eraser, _once: OnlyOnce, work: InWork
    ) -> ErasureReport:
        """Erase a user who left: login, name, address, sessions, own views.

        What the user did stays in history and documents with an id that tells of nobody.
        """
        return await erase_user(work, user_id, await profile_of(work, user_id))

    return router
