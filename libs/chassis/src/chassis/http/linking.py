"""Links of many records in one request: each judged alone, all committed together."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Protocol, TypeAlias
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from chassis.http.dependencies import Language
from chassis.problems.problem import Problem, ProblemView
from chassis.problems.standard import NotFound
from chassis.storage import external
from chassis.storage.external import AlreadyLinked, External
from chassis.storage.reading import Reading
from chassis.work.locking import lock_found
from chassis.work.unit_of_work import Work

__all__ = [
    "LINKS_MAX",
    "AskedIds",
    "LinkOutcome",
    "LinkView",
    "LinksReply",
    "LinksView",
    "ProblemViews",
    "ViewOf",
    "link_each",
    "links_of",
]

LINKS_MAX = 250


Status: TypeAlias = Literal["linked", "unchanged", "failed"]


class Linkable(Protocol):
    """A record of ours, and the record of the other system that it is."""

    @property
    def id(self) -> UUID:
        """Our record."""

    @property
    def external_id(self) -> str:
        """Their record."""


class LinkOutcome(BaseModel):
    """What became of one link."""

    id: UUID
    external_id: str
    status: Status = Field(description="linked; unchanged: it was there; failed: see `problem`.")
    revision: int | None = Field(
        default=None,
        description="The record's version when it knew of the link, as in its events' "
        "`aggversion`: what is newer was done in knowledge of the link.",
    )
    problem: ProblemView | None = None


class LinksReply(BaseModel):
    """What became of each link, in the order sent."""

    items: list[LinkOutcome]


class LinkView(BaseModel):
    """Which record of another system a record is."""

    id: UUID
    system: str
    external_id: str


class LinksView(BaseModel):
    """The links of the records asked for; a record without one is left out."""

    items: list[LinkView]


AskedIds = Annotated[
    list[UUID],
    Query(alias="id", min_length=1, max_length=LINKS_MAX, description="Ids of records."),
]


ViewOf: TypeAlias = Callable[[Problem], ProblemView]
"""Makes a problem what the caller reads, in the caller's language."""


async def problem_view(request: Request, language: Language) -> ViewOf:
    """How problems of this request's items are shown."""
    texts, request_id = request.app.state.texts, request.state.trace.request_id
    return lambda problem: ProblemView.model_validate(problem.view(texts, language, request_id))


ProblemViews = Annotated[ViewOf, Depends(problem_view)]


async def link_each(
    work: Work,
    kind: type[Any],
    system: str,
    items: Sequence[Linkable],
    *,
    view_of: ViewOf,
) -> LinksReply:
    """Say of each record which record of the system it is; a refused one leaves the others.

    Changes of the records that are under way end first, so that who changes one afterwards knows
    the link.
    """
    entity_type: str = kind.__tablename__
    known = await external.resolve_all(
        work.sql, entity_type, system, [item.external_id for item in items]
    )
    found = await lock_found(work, kind, [item.id for item in items])
    new = [
        (item.external_id, item.id)
        for item in items
        if item.id in found and item.external_id not in known
    ]
    made = await external.link_all(work.sql, entity_type, system, new) if new else set()

    def outcome(item: Linkable) -> LinkOutcome:
        named: dict[str, Any] = {"id": item.id, "external_id": item.external_id}
        refused = _refusal(item, entity_type, system, found=found, known=known, made=made)
        if refused:
            return LinkOutcome(**named, status="failed", problem=view_of(refused))
        status: Status = "unchanged" if item.external_id in known else "linked"
        return LinkOutcome(**named, status=status, revision=found[item.id].version)

    return LinksReply(items=[outcome(item) for item in items])


def _refusal(
    item: Linkable,
    entity_type: str,
    system: str,
    *,
    found: dict[UUID, Any],
    known: dict[str, External],
    made: set[tuple[str, UUID]],
) -> Problem | None:
    if item.id not in found:
        return NotFound(entity=entity_type, id=item.id)
    link = known.get(item.external_id)
    linked = link.entity_id == item.id if link else (item.external_id, item.id) in made
    if linked:
        return None
    return AlreadyLinked(entity=entity_type, system=system, external_id=item.external_id)


async def links_of(at: Reading, entity_type: str, ids: Sequence[UUID]) -> LinksView:
    """The records of other systems that the given ones are."""
    found = await external.references_of(at.sql, entity_type, ids)
    views = [
        LinkView(id=link.entity_id, system=link.system, external_id=link.external_id)
        for one in dict.fromkeys(ids)
        for link in found.get(one, ())
    ]
    return LinksView(items=views)
