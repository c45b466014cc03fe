"""Reads of tags, and of the tags of records."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.storage.searching import Searched
from records.filters import among
from records.reads import BY_NAME, Reads, everybody
from records.tags.events import RecordTagsChanged, TagChanged
from records.tags.schemas import TagQuery, TagView, UsedTag

__all__ = ["TAGS", "record_tags_states", "tag_states", "tags_of"]


def _filters(_at: Reading, query: TagQuery) -> Sequence[Filter]:
    return [
        among("status", query.status),
        Filter("(merged_into is not null) = {}", query.merged),
    ]


TAGS = Reads(
    name="tag",
    view=TagView,
    columns=", ".join(TagView.model_fields),
    source="tag",
    visible=everybody,
    query=TagQuery,
    filters=_filters,
    searched=Searched("search_fold(name || ' ' || sort_key)", "tag", indexed=False),
    sorts=BY_NAME,
    default_sort="name",
)

_OF_RECORDS = """select r.record_id, t.id, t.name, t.colour from record_tag r
    join tag t on t.id = r.tag_id
  where r.record_type = $1 and r.record_id = any($2::uuid[]) order by t.sort_key, t.id"""
_STATES = """select k.id, k.version, k.record_type, k.record_id,
    (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'colour', t.colour)
        order by t.sort_key, t.id), '[]')
      from record_tag r join tag t on t.id = r.tag_id
      where (r.record_type, r.record_id) = (k.record_type, k.record_id)) as tags
  from record_tags k where k.id = any($1::uuid[]) and k.version > 0"""


async def tags_of(
    at: Reading, record_type: str, ids: Collection[UUID]
) -> Mapping[UUID, list[UsedTag]]:
    """The tags of each of the records, by name."""
    found: dict[UUID, list[UsedTag]] = {one: [] for one in ids}
    for row in await at.sql.fetch(_OF_RECORDS, record_type, list(ids)):
        found[row["record_id"]].append(UsedTag.model_validate(dict(row)))
    return found


async def tag_states(at: Reading, ids: Sequence[UUID]) -> list[TagChanged]:
    """What is published of tags, as they are now."""
    return [TagChanged.of(tag, []) for tag in await TAGS.get_all(at, ids)]


async def record_tags_states(at: Reading, ids: Sequence[UUID]) -> list[RecordTagsChanged]:
    """What is published of the tags of records, as they are now."""
    rows = await at.sql.fetch(_STATES, list(ids))
    return [
        RecordTagsChanged.of(
            row["id"],
            row["version"],
            (row["record_type"], row["record_id"]),
            [UsedTag.model_validate(one) for one in row["tags"]],
        ).model_copy(update={"changed": []})
        for row in rows
    ]
