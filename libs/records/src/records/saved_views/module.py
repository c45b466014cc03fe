"""The routes of saved views, as a module above those whose lists they ask."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import (
    IfMatch,
    InReading,
    InWork,
    Needs,
    OnlyOnce,
    ProblemViews,
    ViewOf,
)
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import Forbidden, InvalidInput, NotFound
from chassis.service import Module
from chassis.storage.paging import Page
from records.paths import record_types_of
from records.saved_views.errors import NoTeam, ViewNameTaken, ViewOfAnother
from records.saved_views.schemas import ChangeView, NewView, SavedView, ViewQuery
from records.saved_views.service import SHARE, Views
from records.saved_views.tables import RIGHTS

__all__ = ["saved_views_module"]

PATH = "/v1/saved-views"
READ, WRITE = "views.read", "views.write"
Reader = Annotated[Actor, Needs(READ)]
Keeper = Annotated[Actor, Needs(WRITE)]


def saved_views_module(
    modules: Sequence[Module], *, sharing: Collection[str], team_of: str = ""
) -> Module:
    """`/v1/saved-views` of the lists of the modules; every role of theirs may keep views.

    `sharing`: the roles that may share them. `team_of`: SQL for the team of the user `{}`, where
    there are teams.
    """
    roles = {role for one in modules for role in one.roles}
    types = record_types_of(router for one in modules for router in one.routers)
    router = api_router(prefix=PATH, tag="saved-views")
    views = Views(types, team_of)
    _reading(router, views)
    _writing(router, views)
    _defaults(router, views)
    return Module(
        rights=RIGHTS,
        name="saved_views",
        routers=(router,),
        tags={"saved-views": "What lists are asked, kept under a name."},
        permissions={
            READ: "See one's own saved views, and those that are shared with one.",
            WRITE: "Keep saved views of one's own.",
            SHARE: "Share saved views with the own team, or with all.",
        },
        roles={role: {WRITE, SHARE} if role in sharing else {WRITE} for role in roles},
    )


def _shown(view: Mapping[str, Any], view_of: ViewOf) -> SavedView:
    """The view as the reply shows it, in the caller's language."""
    errors = view_of(InvalidInput(errors=view["wrong"])).errors if view["wrong"] else []
    return SavedView.model_validate({**view, "errors": errors})


def _reading(router: APIRouter, views: Views) -> None:
    @router.get("")
    async def saved_view_list(
        wanted: Annotated[ViewQuery, Query()],
        _by: Reader,
        asked: PageAsked,
        at: InReading,
        view_of: ProblemViews,
    ) -> Page[SavedView]:
        """One's own views and those shared with one, by name."""
        page = await views.page(at, wanted, asked)
        return page.model_copy(update={"items": [_shown(one, view_of) for one in page.items]})

    @router.get("/{view_id}", responses=refuses(NotFound))
    async def saved_view_get(
        view_id: UUID, _by: Reader, at: InReading, response: Response, view_of: ProblemViews
    ) -> SavedView:
        """The view; `errors` says what the list does not take any more."""
        view = _shown(await views.get(at, view_id), view_of)
        reply_with(response, view)
        return view


def _writing(router: APIRouter, views: Views) -> None:
    kept = (InvalidInput, Forbidden, NoTeam, ViewNameTaken)

    @router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(*kept))
    async def saved_view_create(
        command: NewView,
        _by: Keeper,
        _once: OnlyOnce,
        work: InWork,
        response: Response,
        view_of: ProblemViews,
    ) -> SavedView:
        """Keep what a list is asked; the list's own rules judge it."""
        view = _shown(await views.get(work, await views.add(work, command)), view_of)
        reply_with(response, view, location=f"{PATH}/{view.id}")
        return view

    @router.patch("/{view_id}", responses=refuses(NotFound, ViewOfAnother, *kept))
    async def saved_view_update(  # noqa: PLR0917 - a route is all of these
        view_id: UUID,
        command: ChangeView,
        _by: Keeper,
        revision: IfMatch,
        work: InWork,
        response: Response,
        view_of: ProblemViews,
    ) -> SavedView:
        """Change the fields given; only the owner and administrators may."""
        await views.change(work, view_id, command, revision=revision)
        view = _shown(await views.get(work, view_id), view_of)
        reply_with(response, view)
        return view

    @router.delete(
        "/{view_id}",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=refuses(NotFound, ViewOfAnother),
    )
    async def saved_view_delete(
        view_id: UUID, _by: Keeper, revision: IfMatch, work: InWork
    ) -> None:
        """Delete a view; only the owner and administrators may."""
        await views.delete(work, view_id, revision=revision)


def _defaults(router: APIRouter, views: Views) -> None:
    @router.post("/{view_id}/make-default", responses=refuses(NotFound))
    async def saved_view_make_default(
        view_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, view_of: ProblemViews
    ) -> SavedView:
        """Begin with the view, for oneself; another one of its type is the default no more."""
        await views.make_default(work, view_id)
        return _shown(await views.get(work, view_id), view_of)

    @router.post("/{view_id}/drop-default", responses=refuses(NotFound))
    async def saved_view_drop_default(
        view_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, view_of: ProblemViews
    ) -> SavedView:
        """Begin with the list as it is, for oneself."""
        await views.drop_default(work, view_id)
        return _shown(await views.get(work, view_id), view_of)
