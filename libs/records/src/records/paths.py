"""Routes of what belongs to a record or document: `/<many>/{id}/…`.

Whoever calls needs the permission of the record itself. Whether the caller may see this record is
asked by its `Reads` first: of a hidden one nothing is told (404).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from chassis.actor import Actor
from chassis.http.dependencies import Needs
from chassis.http.refusals import add_problems
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from records.document_types import DocumentType
from records.reads import Reads
from records.types import RecordType

__all__ = ["RecordPaths", "described_by", "record_types_of"]

_DESCRIBED: list["RecordPaths"] = []
"""All record types, in the order in which they were described."""


@dataclass(frozen=True)
class RecordPaths:
    """Where records or documents of a type are found, and who may read or change them.

    `one` is the name of one in texts, such as "sales order"; `read` and `write` are the
    permissions; `kind` is how master data is kept, None of documents; `documents` is how documents
    have custom fields, where they have any. `published_as` are the aggregates of its events, where
    they are not its own name. `base` is the service's where neither `kind` nor `documents` says it.
    """

    router: APIRouter
    reads: Reads[Any]
    one: str
    read: str
    write: str
    kind: RecordType[Any, Any] | None = None
    published_as: Sequence[str] = ()
    documents: DocumentType | None = None
    base: type[Any] | None = None

    def __post_init__(self) -> None:
        """Let the service know of the type by its router (`record_types_of`)."""
        _DESCRIBED.append(self)

    @property
    def name(self) -> str:
        """The type of record in one word, such as `sales_order`; it begins its operation ids."""
        return self.reads.name

    @property
    def service_base(self) -> type[Any] | None:
        """The class from which the entities of its service descend, or one of them."""
        if self.kind:
            return self.kind.entity
        return self.documents.base if self.documents else self.base

    @property
    def reader(self) -> Any:
        """The caller, who may read such records."""
        return Annotated[Actor, Needs(self.read)]

    @property
    def writer(self) -> Any:
        """The caller, who may change such records."""
        return Annotated[Actor, Needs(self.write)]

    def location(self, record_id: UUID, part: str, part_id: UUID) -> str:
        """The path of what belongs to the record."""
        return f"{self.router.prefix}/{record_id}/{part}/{part_id}"

    def add(  # noqa: PLR0917 - a route is all of these
        self,
        method: str,
        path: str,
        verb: str,
        text: str,
        endpoint: Callable[..., Any],
        types: Mapping[str, Any],
        *,
        refuses: Sequence[type[Problem]] = (),
        replies: Mapping[int | str, Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        """Add the route `/{id}/<path>`, whose endpoint has a `record_id` and a `_by`.

        `replies`: what it declares of replies that are no view.
        """
        name = f"{self.one.replace(' ', '_')}_id"
        types = {"record_id": Annotated[UUID, Path(alias=name)], **types}
        why: Sequence[type[Problem]] = (NotFound, *refuses)
        path = f"{{{name}}}/{path}".rstrip("/")
        options |= {"refuses": why, "replies": replies}
        self.add_to_many(method, path, verb, text, endpoint, types, **options)

    def add_to_many(  # noqa: PLR0917 - a route is all of these
        self,
        method: str,
        path: str,
        verb: str,
        text: str,
        endpoint: Callable[..., Any],
        types: Mapping[str, Any],
        *,
        refuses: Sequence[type[Problem]] = (),
        replies: Mapping[int | str, Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        """Add the route `/<path>` of the collection, whose endpoint has a `_by`."""
        endpoint.__name__, endpoint.__doc__ = f"{self.name}_{verb}", text
        endpoint.__annotations__ |= types
        self.router.add_api_route(
            f"/{path}" if path else "",
            endpoint,
            methods=[method],
            responses=add_problems(replies or {}, refuses),
            **options,
        )


def described_by(view: type[BaseModel]) -> RecordPaths:
    """The record type whose records are shown so."""
    return next(of for of in _DESCRIBED if of.reads.view is view)


def record_types_of(routers: Iterable[APIRouter]) -> dict[str, RecordPaths]:
    """The record types of the routers, by name."""
    wanted = {id(router) for router in routers}
    return {of.name: of for of in _DESCRIBED if id(of.router) in wanted}
