"""What changes of records were: one row for each changed record, in the act's last statement."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from pydantic import BaseModel

from chassis.ids import uuid7
from chassis.work.settle import Part
from chassis.work.unit_of_work import Work
from records.entities import Record
from records.links import ExternalRef
from values.address import Address
from values.phone import Phone

__all__ = [
    "CUSTOM",
    "EXTERNAL_REFS",
    "keep_change",
    "keep_erasure",
    "keep_first_values",
    "keep_link",
]

EXTERNAL_REFS = "external_refs"
"""The field under which links are kept: the link alone, not all that the record has."""

CUSTOM = "custom"
"""The field whose values are kept one by one, as `custom.<key>`."""

FEW = 2
"""So many changes are written as rows, more of them as arrays."""

_NO_ADDRESS = Address()


class Counted(Protocol):
    """What is changed: a record, or the custom fields of a document by the document's id."""

    @property
    def id(self) -> UUID:
        """The record's id."""

    @property
    def version(self) -> int:
        """Counts all changes."""

    @property
    def etag_version(self) -> int:
        """The number in the ETag."""


class KeptChange(NamedTuple):
    """One row of `record_change`, but for what all rows of an act have alike."""

    id: UUID
    record_type: str
    record_id: UUID
    version: int
    revision: int
    correlation_id: UUID
    is_new: bool
    changes: str


def keep_change(work: Work, record_type: str, record: Counted, before: Mapping[str, Any]) -> None:
    """Keep what fields of the record were and what they are now; `before` as `apply` gives it."""
    changes: dict[str, Any] = {}
    for name, was in before.items():
        now = getattr(record, name)
        if isinstance(now, Phone):
            changes |= _phone_changes(name, was, now)
        elif name == CUSTOM:
            changes |= _custom_changes(was, now)
        else:
            changes[name] = [was, now]
    _keep(work, record_type, record, changes)


def keep_first_values(
    work: Work,
    record_type: str,
    record: Record,
    fields: Sequence[str],
    link: ExternalRef | None = None,
) -> None:
    """Keep the values of a new record, and the link that it came with; empty ones are left out."""
    values = {name: getattr(record, name) for name in fields}
    custom = _custom_changes({}, values.pop(CUSTOM, None) or {})
    changes = {name: [None, value] for name, value in values.items() if not _is_empty(value)}
    changes |= custom
    if link:
        changes[EXTERNAL_REFS] = [None, link]
    _keep(work, record_type, record, changes, is_new=True)


def keep_link(
    work: Work,
    record_type: str,
    record: Record,
    *,
    made: ExternalRef | None = None,
    ended: ExternalRef | None = None,
) -> None:
    """Keep that a link was made or ended. It makes no version: the row has the present one."""
    _keep(work, record_type, record, {EXTERNAL_REFS: [ended, made]})


def keep_erasure(work: Work, record_type: str, record: Counted, fields: Sequence[str]) -> None:
    """Keep that fields of the record were emptied, and nothing of what they were."""
    _keep(work, record_type, record, dict.fromkeys(fields))


def _keep(
    work: Work,
    record_type: str,
    record: Counted,
    changes: Mapping[str, Any],
    *,
    is_new: bool = False,
) -> None:
    row = KeptChange(
        uuid7(),
        record_type,
        record.id,
        record.etag_version,
        record.version,
        work.trace_of(record.id).correlation_id,
        is_new,
        orjson.dumps(changes, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode(),
    )
    work.write_at_settle(_insert, row)


def _is_empty(value: Any) -> bool:
    """Whether a new record's first row leaves the value out."""
    if isinstance(value, str | list | dict):
        return not value
    if isinstance(value, Phone):
        return not value.raw
    return value is None or (isinstance(value, Address) and value == _NO_ADDRESS)


def _custom_changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What changed of the custom fields, each under its own name."""
    return {
        f"{CUSTOM}.{key}": [was.get(key), now.get(key)]
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    }


def _phone_changes(name: str, was: Phone, now: Phone) -> dict[str, Any]:
    """What changed of a phone number, which views show as it is called and as it was typed."""
    pairs = {name: [was.shown, now.shown], f"{name}_raw": [was.raw, now.raw]}
    return {part: pair for part, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    """A value of an entity as JSON has it; money and ratios by their parts."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Phone):
        return value.shown
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return str(value) if isinstance(value, UUID) else format(value, "f")


_COLUMNS = ", ".join(KeptChange._fields)
_TYPES = ("uuid", "text", "uuid", "bigint", "bigint", "uuid", "boolean", "text")
_HEAD = f"""record_change_row as (
  insert into record_change (changed_at, actor, actor_name, way, import_id, {_COLUMNS})"""
_SAME = "$1::timestamptz, $2::text, $3::text, $4::text, $5::uuid"
_FIRST = 6
_ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_TYPES, _FIRST))
_MANY = f"""{_HEAD}
  select {_SAME}, {_COLUMNS.replace("changes", "changes::jsonb")}
    from unnest({_ARRAYS}) with ordinality as n({_COLUMNS}, place) order by place)"""


@cache
def _few(count: int) -> str:
    numbers = iter(range(_FIRST, _FIRST + count * len(_TYPES)))
    rows = [
        f"({_SAME}, {', '.join(f'${next(numbers)}::{kind}' for kind in _TYPES)}::jsonb)"
        for _ in range(count)
    ]
    return f"{_HEAD} values {', '.join(rows)})"


def _insert(work: Work, rows: Sequence[KeptChange]) -> Part:
    """The part of the last statement that writes the rows of an act."""
    actor = work.actor
    same = (work.now, actor.reference, actor.name, work.way, work.import_id)
    if len(rows) <= FEW:
        return _few(len(rows)), (*same, *chain.from_iterable(rows))
    return _MANY, (*same, *map(list, zip(*rows, strict=True)))
