"""What the standard routes reply with: the view of a record, its tags, and what is included.

The model is made once of each type, from what its `Reads` declare; so every type has these parts
by being described. Acts of modules reply with the plain view.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field, create_model

from chassis.storage.reading import Reading
from records.filters import AnyOf
from records.includes import Include
from records.paths import described_by
from records.reads import Reads
from records.tags.schemas import UsedTag

__all__ = ["asked_includes", "include_related", "replies_of"]

_TAGS = """(select coalesce(jsonb_agg(jsonb_build_object('id', tag.id, 'name', tag.name,
      'colour', tag.colour) order by tag.sort_key, tag.id), '[]')
    from record_tag join tag on tag.id = record_tag.tag_id
    where record_tag.record_type = '{name}' and record_tag.record_id = {key}) as tags"""
_INCLUDED = "What `include` names; null without it."
_ONE = "What `{path}` refers to; null: not asked for, there is none, or you may not see it."
_MANY = "What `{path}` refers to and you may see, each once; null: not asked for."

_REPLIES: dict[int, tuple[Reads[Any], Reads[Any]]] = {}
"""The reads of replies by the id of a type's reads, beside which they are kept."""


def replies_of(reads: Reads[Any]) -> Reads[Any]:
    """How the records are read for replies."""
    if id(reads) not in _REPLIES:
        _REPLIES[id(reads)] = (reads, _with_parts(reads))
    return _REPLIES[id(reads)][1]


def asked_includes(reads: Reads[Any]) -> Any:
    """What a route depends on that takes `include`: the names that are asked for."""
    names = tuple(reads.includes)

    async def included(include: Any = None) -> Sequence[str]:
        return include.split(",") if include else ()

    async def nothing() -> Sequence[str]:
        return ()

    known = ", ".join(f"`{name}`" for name in names)
    text = f"Records to bring along in `included`: {known}; several with commas between them."
    described = Query(max_length=200, description=text)
    included.__annotations__["include"] = Annotated[str | None, AnyOf(Literal[names]), described]
    return Annotated[Sequence[str], Depends(included if names else nothing)]


async def include_related(
    at: Reading, reads: Reads[Any], names: Sequence[str], records: Sequence[Any]
) -> list[Any]:
    """The records with what they refer to by these names, by one statement for each name.

    What the actor may not see stays away, as does all of a type that it may not read.
    """
    if not names or not records:
        return list(records)
    model = get_args(replies_of(reads).view.model_fields["included"].annotation)[0]
    found = {name: await _found(at, reads.includes[name], records) for name in names}
    return [
        record.model_copy(update={"included": model(**_chosen(reads, found, record))})
        for record in records
    ]


async def _found(at: Reading, include: Include, records: Sequence[Any]) -> dict[UUID | str, Any]:
    of, by = described_by(include.view), include.by
    keys = {one for record in records for one in include.keys_in(record)}
    if not keys or not at.actor.may(of.read):
        return {}
    return {getattr(one, by): one for one in await of.reads.get_all(at, keys, by=by)}


def _chosen(
    reads: Reads[Any], found: Mapping[str, Mapping[UUID | str, Any]], record: Any
) -> dict[str, Any]:
    """What of all that was found the record refers to, by name."""
    chosen: dict[str, Any] = {}
    for name, by_key in found.items():
        include = reads.includes[name]
        own = [by_key[one] for one in dict.fromkeys(include.keys_in(record)) if one in by_key]
        chosen[name] = own if include.many else next(iter(own), None)
    return chosen


def _with_parts(reads: Reads[Any]) -> Reads[Any]:
    """The reads with what replies show beside the view."""
    parts: dict[str, Any] = {}
    columns = reads.columns
    if reads.has_tags:
        parts["tags"] = (list[UsedTag], Field(description="Its tags, by name."))
        key = reads.key if "." in reads.key else f"{reads.table}.{reads.key}"
        columns = f"{columns}, {_TAGS.format(name=reads.name, key=key)}"
    stem = reads.view.__name__.removesuffix("View")
    if reads.includes:
        model = _included_model(stem, reads)
        parts["included"] = (model | None, Field(default=None, description=_INCLUDED))
    if not parts:
        return reads
    view = create_model(f"{stem}Record", __base__=reads.view, __doc__=reads.view.__doc__, **parts)
    show = _shown_with(reads.show, view) if reads.show else None
    return replace(reads, view=view, columns=columns, show=show)


def _shown_with(own: Any, view: type[BaseModel]) -> Any:
    """What makes the view of a reply where more than validation makes the plain one."""

    def show(at: Reading, row: Mapping[str, Any]) -> Any:
        return view.model_validate({**dict(row), **dict(own(at, row))})

    return show


def _included_model(stem: str, reads: Reads[Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, one in reads.includes.items():
        kind = list[one.view] if one.many else one.view  # type: ignore[name-defined] # a type
        text = (_MANY if one.many else _ONE).format(path=one.path)
        fields[name] = (kind | None, Field(default=None, description=text))
    doc = f"What a record of type {reads.name} refers to."
    return create_model(f"{stem}Included", __doc__=doc, **fields)
