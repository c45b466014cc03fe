"""Links of many records in one request: each judged alone, all committed together."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from chassis.http.dependencies import ViewOf
from chassis.problems.problem import ProblemView
from chassis.problems.standard import Forbidden, NotFound
from chassis.storage import external
from chassis.storage.external import AlreadyLinked
from chassis.storage.reading import Reading
from chassis.work.locking import lock_found
from chassis.work.unit_of_work import Work
from records.entities import Record
from records.history import keep_link
from records.links import LINKS_MAX, ExternalRef, LinkRecord, LinkRecords, require_sender
from records.reads import View
from records.types import RecordType

__all__ = [
    "AskedIds",
    "LinkOutcome",
    "LinkView",
    "LinksReply",
    "LinksView",
    "link_each",
    "links_of",
]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)

Status: TypeAlias = Literal["linked", "unchanged", "failed"]


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


async def link_each(
    work: Work, kind: RecordType[E, V], command: LinkRecords, *, view_of: ViewOf
) -> LinksReply:
    """Say of each record which record of the system it is; a refused one leaves the others.

    A record that the actor may not see is refused as one that there is not, one that it may not
    change as forbidden. Changes of the records
    that are under way end first, so that who changes one afterwards knows the link. Raises
    SystemReserved.
    """
    require_sender(work, command.system)
    items = command.items
    known = await external.resolve_all(
        work.sql, kind.name, command.system, [item.external_id for item in items]
    )
    found = await lock_found(work, kind.entity, [item.id for item in items])
    visible = await kind.reads.visible_ids(work, found)
    found = {one: record for one, record in found.items() if one in visible}
    changeable = await kind.reads.changeable_ids(work, found)
    new = [
        (item.external_id, item.id)
        for item in items
        if item.id in found and item.id in changeable and item.external_id not in known
    ]
    made = await external.link_all(work.sql, kind.name, command.system, new) if new else set()
    for external_id, record_id in made:
        ref = ExternalRef(system=command.system, external_id=external_id)
        keep_link(work, kind.name, found[record_id], made=ref)
    linked = made | {(one, link.entity_id) for one, link in known.items()}

    def outcome(item: LinkRecord) -> LinkOutcome:
        named: dict[str, Any] = {"id": item.id, "external_id": item.external_id}
        if item.id not in found:
            missing = NotFound(entity=kind.name, id=item.id)
            return LinkOutcome(**named, status="failed", problem=view_of(missing))
        if item.id not in changeable:
            refused = Forbidden(scope=kind.reads.change_scope)
            return LinkOutcome(**named, status="failed", problem=view_of(refused))
        if (item.external_id, item.id) not in linked:
            taken = AlreadyLinked(
                entity=kind.name, system=command.system, external_id=item.external_id
            )
            return LinkOutcome(**named, status="failed", problem=view_of(taken))
        status: Status = "unchanged" if item.external_id in known else "linked"
        return LinkOutcome(**named, status=status, revision=found[item.id].version)

    return LinksReply(items=[outcome(item) for item in items])


async def links_of(at: Reading, kind: RecordType[E, V], ids: Sequence[UUID]) -> LinksView:
    """The records of other systems that the given ones are, of those that the actor may see."""
    visible = await kind.reads.visible_ids(at, ids)
    found = await external.references_of(at.sql, kind.name, list(visible))
    views = [
        LinkView(id=link.entity_id, system=link.system, external_id=link.external_id)
        for one in dict.fromkeys(ids)
        for link in found.get(one, ())
    ]
    return LinksView(items=views)
