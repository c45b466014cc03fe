"""Tags are made, renamed, archived and merged; each change is one event of the tag.

Who puts tags on records holds the lock `tags` together with others who do (`tagging`). Who merges
or archives one holds it alone: nobody puts a tag on that is being merged away.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound, StaleRevision
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from records.entities import ACTIVE, ARCHIVED
from records.tags.errors import TagArchived, TagMerged, TagNameTaken
from records.tags.events import TagChanged
from records.tags.history import keep_tag_change
from records.tags.schemas import ChangeTag, NewTag, TagView
from values.comparing import same_when_read
from values.sorting import sort_key

__all__ = ["TAGS_LOCK", "add_tag", "change_tag", "merge_tag", "set_status", "tags_named"]

TAGS_LOCK = "tags"
_COLUMNS = ", ".join(TagView.model_fields)
_EVERY_FIELD = sorted(TagChanged.model_fields.keys() - {"id", "version", "changed"})
_ADD = f"""insert into tag (id, name, name_key, sort_key, colour, description, created_at,
    updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $7) returning {_COLUMNS}"""
_TAKEN = "select coalesce(merged_into, id) as id, name from tag where name_key = $1 and id <> $2"
_NAMED = "select id, name_key from tag where name_key = any($1::text[])"
_LOCK = f"""select {_COLUMNS} from tag where id = any($1::uuid[]) order by id for update"""
_CHANGE = f"""update tag set name = $2, name_key = $3, sort_key = $4, colour = $5,
    description = $6, status = $7, version = version + 1, updated_at = $8
  where id = $1 returning {_COLUMNS}"""
_MERGE = f"""with moved as (
    insert into record_tag (record_type, record_id, tag_id)
    select record_type, record_id, $2 from record_tag where tag_id = $1
    on conflict do nothing),
  gone as (delete from record_tag where tag_id = $1)
  update tag set merged_into = $2, status = '{ARCHIVED}', version = version + 1, updated_at = $3
    where id = $1 or merged_into = $1
  returning {_COLUMNS}"""


async def add_tag(work: Work, command: NewTag) -> TagView:
    """Make a tag. Raises TagNameTaken."""
    tag_id = uuid7()
    await _claim_name(work, command.name, tag_id)
    row = await work.sql.fetchrow(
        _ADD, tag_id, *_names(command.name), command.colour, command.description, work.now
    )
    tag = _view(row)
    keep_tag_change(work, None, tag)
    await work.record(TagChanged.of(tag, _EVERY_FIELD))
    return tag


async def tags_named(work: Work, names: Collection[str], *, make_missing: bool) -> dict[str, UUID]:
    """Ids of the tags with these names, however they are written; merged ones as they are.

    `make_missing`: those that there are not are made.
    """
    keys = {name: _names(name)[1] for name in sorted(names)}
    rows = await work.sql.fetch(_NAMED, list(keys.values()))
    known = {row["name_key"]: row["id"] for row in rows}
    for name, key in keys.items():
        if make_missing and key not in known:
            with suppress(ValidationError):  # no name of a tag
                known[key] = (await add_tag(work, NewTag(name=name))).id
    return {name: known[key] for name, key in keys.items() if key in known}


async def change_tag(work: Work, tag_id: UUID, command: ChangeTag, *, revision: int) -> TagView:
    """Change what the caller saw as `revision`; nothing is done where nothing differs.

    Raises NotFound, StaleRevision, TagMerged, TagNameTaken.
    """
    given = command.given()
    if "name" in given:
        await _claim_name(work, command.name, tag_id)
    tag = (await _locked(work, tag_id))[tag_id]
    if tag.version != revision:
        raise StaleRevision(expected=revision, current=tag.version)
    _require_own(tag)
    return await _change(work, tag, given)


async def set_status(work: Work, tag_id: UUID, status: str) -> TagView:
    """Archive the tag or restore it; nothing is done where it is so. Raises NotFound, TagMerged."""
    await advisory_lock(work, TAGS_LOCK)
    tag = (await _locked(work, tag_id))[tag_id]
    if status == ACTIVE:
        _require_own(tag)
    return await _change(work, tag, {"status": status})


async def merge_tag(work: Work, tag_id: UUID, into_id: UUID) -> TagView:
    """Give all records of the tag the other one instead; its name stands for that from now on.

    Nothing is done where it was merged so already. Gives the other tag. Raises NotFound,
    InvalidInput (into itself), TagMerged, TagArchived.
    """
    if tag_id == into_id:
        text = "A tag cannot be merged into itself."
        raise InvalidInput(errors=[FieldError("/into", "tag_into_itself", text)])
    await advisory_lock(work, TAGS_LOCK)
    found = await _locked(work, tag_id, into_id)
    tag, into = found[tag_id], found[into_id]
    if tag.merged_into == into_id:
        return into
    for one in (tag, into):
        _require_own(one)
    if into.status != ACTIVE:
        raise TagArchived(name=into.name)
    rows = await work.sql.fetch(_MERGE, tag_id, into_id, work.now)
    for row in sorted(rows, key=lambda row: row["id"]):
        merged = _view(row)
        keep_tag_change(work, _before_merge(merged, tag), merged)
        changed = ["merged_into", "status"] if merged.id == tag_id else ["merged_into"]
        await work.record(TagChanged.of(merged, changed))
    return into


def _before_merge(merged: TagView, tag: TagView) -> TagView:
    """What a tag was: the one that is merged now, or one that was merged into it before."""
    return tag if merged.id == tag.id else merged.model_copy(update={"merged_into": tag.id})


async def _change(work: Work, tag: TagView, given: Mapping[str, Any]) -> TagView:
    changed = [name for name, value in given.items() if getattr(tag, name) != value]
    if not changed:
        return tag
    new = tag.model_copy(update=dict(given))
    row = await work.sql.fetchrow(
        _CHANGE, tag.id, *_names(new.name), new.colour, new.description, new.status, work.now
    )
    changed_tag = _view(row)
    keep_tag_change(work, tag, changed_tag)
    await work.record(TagChanged.of(changed_tag, changed))
    return changed_tag


async def _claim_name(work: Work, name: str, tag_id: UUID) -> None:
    """See to it that no other tag has the name. Raises TagNameTaken."""
    await advisory_lock(work, "tag_name")
    taken = await work.sql.fetchrow(_TAKEN, same_when_read(name), tag_id)
    if taken:
        raise TagNameTaken(name=taken["name"], existing_id=taken["id"])


async def _locked(work: Work, *ids: UUID) -> dict[UUID, TagView]:
    rows = await work.sql.fetch(_LOCK, list(ids))
    found = {row["id"]: _view(row) for row in rows}
    for one in ids:
        if one not in found:
            raise NotFound(entity="tag", id=one)
    return found


def _require_own(tag: TagView) -> None:
    if tag.merged_into:
        raise TagMerged(name=tag.name, into_id=tag.merged_into)


def _names(name: str) -> tuple[str, str, str]:
    """The name, the key that it is compared by, and the one that it sorts by."""
    return name, same_when_read(name), sort_key(name)


def _view(row: Any) -> TagView:
    return TagView.model_validate(dict(row))
