"""What others changed of a record since a caller saw it: the value then, now, and the caller's."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from chassis.problems.standard import StaleRevision
from chassis.work.unit_of_work import Work
from records.entities import Record
from records.history import CUSTOM, EXTERNAL_REFS
from records.history_reads import changes_by_view
from records.reads import View
from records.types import RecordType

__all__ = ["require_revision"]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)


async def require_revision(
    work: Work, kind: RecordType[E, V], record: E, command: BaseModel, *, revision: int
) -> None:
    """Raise StaleRevision if the caller saw an older version, with what others changed since.

    Its fact `conflicts` has for each field that is another one now the value that the caller saw
    (`original`), the present one (`theirs`) and, where the caller sent one, that (`mine`).
    """
    if record.etag_version == revision:
        return
    rows = await work.sql.fetch(_SINCE, kind.name, record.id, revision, EXTERNAL_REFS)
    [fields] = await changes_by_view(work, kind, [{row["field"]: _ends(row) for row in rows}])
    mine = command.model_dump(mode="json", include=command.model_fields_set, exclude_unset=True)
    mine |= {f"{CUSTOM}.{key}": value for key, value in mine.get(CUSTOM, {}).items()}
    conflicts = [
        {"field": one.field, "original": one.before, "theirs": one.after}
        | ({"mine": mine[one.field]} if one.field in mine else {})
        for one in fields
        if one.before != one.after
    ]
    raise StaleRevision(expected=revision, current=record.etag_version, conflicts=conflicts)


def _ends(row: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """The value before the first change and after the last; None where one was erased."""
    first, last = row["first"], row["last"]
    return (first[0], last[1]) if first and last else None


_SINCE = """select e.key as field,
    (array_agg(e.value order by c.revision, c.id))[1] as first,
    (array_agg(e.value order by c.revision desc, c.id desc))[1] as last
  from record_change c, jsonb_each(c.changes) e
  where c.record_type = $1 and c.record_id = $2 and c.version > $3 and e.key <> $4
  group by e.key"""
