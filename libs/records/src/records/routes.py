"""The standard routes of a record type, put onto its router one by one, so that it names each.

A module's router reads as the list of what can be done with its records; what a route does stands
in `writes` and `reads`, what is particular about the type in its `RecordType`. Acts of the business
are routes of the module itself, beside these.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path, Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import (
    IfMatch,
    InReading,
    InWork,
    Needs,
    OnlyOnce,
    OnlyOnceUnlessDry,
    ProblemViews,
)
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses as declared
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.external import AlreadyLinked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from chassis.storage.source_versions import VersionTooFar
from identity.systems import SystemReserved
from records import writes
from records.batches import batch_of
from records.entities import ACTIVE, ARCHIVED, Record, Values
from records.history_reads import ChangedField, RecordChangeView, history_of
from records.link_batches import AskedIds, LinksReply, LinksView, link_each, links_of
from records.links import ExternalRef, LinkExternal, LinkRecords
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.reads import View, everybody
from records.redirects import RecordMerged
from records.replies import replies_of
from records.senders import FromSystem, InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.types import RecordType
from records.upserts import UPSERTED, reply_outcome
from values.external import ExternalId
from values.text import Command

__all__ = ["LARGEST_BATCH", "RecordRoutes"]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)

LARGEST_BATCH = 500

Refusals = Sequence[type[Problem]]


class RecordRoutes(Generic[E, V]):
    """Puts the standard routes of a record type onto a router; each call is one route, or a pair.

    `one` and `many` are its names in texts, such as "price list" and "price lists"; `read` and
    `write` the permissions; `refuses` why values may be refused, by whatever route they come.
    A route declares these, its own (`refuses` of the call) and what its signature refuses with.
    Operation ids are the type's name, then a verb: `price_list_archive`.
    """

    def __init__(
        self,
        router: APIRouter,
        kind: RecordType[E, V],
        *,
        one: str,
        many: str,
        read: str,
        write: str,
        refuses: Refusals = (),
    ) -> None:
        self.router, self.kind, self.one, self.many = router, kind, one, many
        self._refuses = refuses
        self._hidden: Refusals = () if kind.reads.visible is everybody else (NotFound,)
        self._id_name = f"{one.replace(' ', '_')}_id"
        self._article = "an" if one[0] in "aeiou" else "a"
        self.paths = RecordPaths(router, kind.reads, one, read, write, kind)
        self._id = Annotated[UUID, Path(alias=self._id_name)]
        self._reader = Annotated[Actor, Needs(read)]
        self._writer = Annotated[Actor, Needs(write)]
        self._sheet: dict[str, Any] = {"name": kind.name, "reads": kind.reads, "kind": kind}
        self._sheet |= {"read": read, "write": write, "states": {}}

    def csv(self, **how: Any) -> None:
        """`GET /<many>/export`, and the type in jobs that export and import (`sheet`).

        `how`: fields of `RecordSheet` that are particular about it. Comes before `get`, whose path
        would take "export" for an id.
        """
        self._sheet |= how
        add_export(self.router, RecordSheet(**self._sheet), self.many)

    @property
    def sheet(self) -> RecordSheet:
        """What files have of the type; its commands are known once its routes are."""
        return RecordSheet(**self._sheet)

    def list(self, text: str) -> None:
        """`GET /<many>`: a page of them, by the query of the reads."""
        list_route(self.paths, text)

    def create(self, command: type[Command], text: str, *, refuses: Refusals = ()) -> None:
        """`POST /<many>`: a new one."""
        self._sheet["new"] = command

        async def create(
            command: Command, _by: Actor, _once: OnlyOnce, work: InWork, response: Response
        ) -> V:
            record_id = await writes.create(work, self.kind, command)
            return await self.reply(response, work, record_id, new=True)

        types = {"command": command, "_by": self._writer}
        self._add(
            "POST",
            "",
            "create",
            text,
            create,
            types,
            status_code=status.HTTP_201_CREATED,
            refuses=(*self._refuses, *refuses),
        )

    def upsert(self, command: type[Command], *, refuses: Refusals = ()) -> None:
        """`PUT /<many>/by-external/…`, one as another system knows it, and the batch of many."""
        self.upsert_batch(command)
        self.upsert_one(command, refuses=refuses)

    def upsert_batch(self, command: type[Command]) -> None:
        """`POST /<many>/by-external/…/batch`: many as another system knows them."""
        kind = self.kind

        async def upsert_batch(
            asked: InBatch, command: Any, _by: Actor, _once: OnlyOnceUnlessDry, work: InWork
        ) -> BatchReply:
            return await writes.upsert_batch(work, kind, asked, command.items)

        text = f"Take over {self.many} as another system knows them; each is judged alone."
        types = {
            "command": batch_of(command, self.one, self.many, most=LARGEST_BATCH),
            "_by": self._writer,
        }
        path = "/by-external/{system}/batch"
        self._add("POST", path, "upsert_batch", text, upsert_batch, types)

    def upsert_one(self, command: type[Command], *, refuses: Refusals = ()) -> None:
        """`PUT /<many>/by-external/…`: one as another system knows it."""
        self._sheet = {"new": command, "change": command} | self._sheet

        async def upsert(
            system: FromSystem,
            external_id: ExternalId,
            command: Command,
            _by: Actor,
            work: InWork,
            response: Response,
        ) -> V:
            done = await writes.upsert(work, self.kind, system, external_id, command)
            reply_outcome(response, done)
            return await self.reply(response, work, done.id, new=done.outcome == "created")

        text = (
            f"Take over {self._article} {self.one} as another system knows it; "
            "only a newer version changes it."
        )
        types = {"command": command, "_by": self._writer}
        path = "/by-external/{system}/{external_id}"
        own: Refusals = (VersionTooFar, *self._hidden, *self._refuses, *refuses)
        self._add("PUT", path, "upsert", text, upsert, types, responses=UPSERTED, refuses=own)

    def links(self) -> None:
        """`GET /<many>/external-refs`, the links of many records, and `POST …/batch`, new ones.

        Comes before `get`, whose path would take "external-refs" for an id.
        """
        kind = self.kind

        async def link_list(ids: AskedIds, _by: Actor, at: InReading) -> LinksView:
            return await links_of(at, kind, ids)

        async def link_batch(
            command: LinkRecords, view_of: ProblemViews, _by: Actor, _once: OnlyOnce, work: InWork
        ) -> LinksReply:
            return await link_each(work, kind, command, view_of=view_of)

        text = f"Which records of other systems the {self.many} are."
        self._add("GET", "/external-refs", "link_list", text, link_list, {"_by": self._reader})
        text = (
            f"Say of many {self.many} which record of another system each is; each is judged alone."
        )
        path, types = "/external-refs/batch", {"_by": self._writer}
        own: Refusals = (SystemReserved, NotFound)
        self._add("POST", path, "link_batch", text, link_batch, types, refuses=own)

    def get(self) -> None:
        """`GET /<many>/{id}`: one."""
        get_route(self.paths)

    def history(self) -> None:
        """`GET /<many>/{id}/history`: what its changes were."""
        kind = self.kind

        async def history(
            record_id: UUID, _by: Actor, asked: PageAsked, at: InReading, field: ChangedField = None
        ) -> Page[RecordChangeView]:
            return await history_of(at, kind, record_id, asked, field=field)

        types = {"record_id": self._id, "_by": self._reader}
        text = f"Who changed which fields of the {self.one} when, the last change first."
        path = self._path("history")
        self._add("GET", path, "history", text, history, types, refuses=(NotFound,))

    def change(self, command: type[Command], text: str = "", *, refuses: Refusals = ()) -> None:
        """`PATCH /<many>/{id}`: other fields, based on the version that If-Match names."""
        self._sheet["change"] = command

        async def change(
            record_id: UUID,
            command: Command,
            _by: Actor,
            revision: IfMatch,
            work: InWork,
            response: Response,
        ) -> V:
            await writes.change(work, self.kind, record_id, command, revision=revision)
            return await self.reply(response, work, record_id)

        types = {"record_id": self._id, "command": command, "_by": self._writer}
        text = text or "Change the fields given; the others stay."
        own: Refusals = (NotFound, *self._refuses, *refuses)
        self._add("PATCH", self._path(), "update", text, change, types, refuses=own)

    def archive(self, text: str, restore_text: str, *, refuses: Refusals = (), **also: Any) -> None:
        """`POST /<many>/{id}/archive` and `/restore`; `also`: what else an archived one becomes.

        `refuses`: why it may not be restored.
        """
        self.put("archive", {"status": ARCHIVED} | also, text)
        self.put("restore", {"status": ACTIVE}, restore_text, refuses=refuses)

    def put(self, verb: str, values: Values, text: str, *, refuses: Refusals = ()) -> None:
        """`POST /<many>/{id}/<verb>`: these values, whatever they are now."""
        self._sheet["states"] |= {values["status"]: values} if "status" in values else {}

        async def put(
            record_id: UUID, _by: Actor, _once: OnlyOnce, work: InWork, response: Response
        ) -> V:
            await writes.put(work, self.kind, record_id, values)
            return await self.reply(response, work, record_id)

        types = {"record_id": self._id, "_by": self._writer}
        own: Refusals = (NotFound, *refuses)
        self._add("POST", self._path(verb), verb, text, put, types, refuses=own)

    def link(self) -> None:
        """`POST /<many>/{id}/external-refs`: which record of another system it is."""

        async def link(
            record_id: UUID,
            command: LinkExternal,
            _by: Actor,
            _once: OnlyOnce,
            work: InWork,
            response: Response,
        ) -> V:
            await writes.link(work, self.kind, record_id, command)
            return await self.reply(response, work, record_id)

        types = {"record_id": self._id, "_by": self._writer}
        text = f"Say which record of another system the {self.one} is."
        own: Refusals = (NotFound, AlreadyLinked, SystemReserved)
        self._add("POST", self._path("external-refs"), "link", text, link, types, refuses=own)

    def unlink(self) -> None:
        """`DELETE /<many>/{id}/external-refs/…`: it is that record of another system no more."""

        async def unlink(
            record_id: UUID,
            system: FromSystem,
            external_id: ExternalId,
            _by: Actor,
            work: InWork,
            response: Response,
        ) -> V:
            gone = ExternalRef(system=system, external_id=external_id)
            await writes.unlink(work, self.kind, record_id, gone)
            return await self.reply(response, work, record_id)

        types = {"record_id": self._id, "_by": self._writer}
        text = (
            f"Forget that the {self.one} is that record of another system, "
            "which leads in nothing then."
        )
        path = self._path("external-refs/{system}/{external_id}")
        self._add("DELETE", path, "unlink", text, unlink, types, refuses=(NotFound,))

    async def reply(
        self, response: Response, at: Reading, record_id: UUID, *, new: bool = False
    ) -> V:
        """The record as the reply shows it, with its ETag."""
        seen: V = await replies_of(self.kind.reads).get(at, record_id)
        reply_with(response, seen, location=f"{self.router.prefix}/{seen.id}" if new else None)
        return seen

    def _path(self, act: str = "") -> str:
        return f"/{{{self._id_name}}}/{act}".rstrip("/")

    def _add(  # noqa: PLR0917 - a route is all of these
        self,
        method: str,
        path: str,
        verb: str,
        text: str,
        endpoint: Callable[..., Any],
        types: Mapping[str, Any],
        *,
        status_code: int | None = None,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        refuses: Refusals = (),
    ) -> None:
        """Add the route: the one place where types become a signature, which FastAPI reads."""
        endpoint.__name__, endpoint.__doc__ = f"{self.kind.name}_{verb}", text
        returned = endpoint.__annotations__["return"]
        if isinstance(returned, TypeVar):
            endpoint.__annotations__["return"] = replies_of(self.kind.reads).view
        endpoint.__annotations__ |= types
        if self.kind.merging and method != "GET" and path.startswith(self._path()):
            refuses = (*refuses, RecordMerged)
        self.router.add_api_route(
            path,
            endpoint,
            methods=[method],
            status_code=status_code,
            responses=dict(responses or {}) | declared(*refuses),
        )
