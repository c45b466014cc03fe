"""Custom fields are defined, changed, archived and deleted: what is particular about it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, StaleRevision
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.states import States
from chassis.work.unit_of_work import Work
from records.custom.definitions import Definition, forget_fields
from records.custom.kinds import order_of
from records.custom.tables import FIELDS_MAX
from records.custom.values import read_value
from records.custom_fields.errors import (
    BreaksRecords,
    CustomFieldInUse,
    CustomFieldKeyTaken,
    TooManyCustomFields,
)
from records.custom_fields.events import CustomFieldChanged
from records.custom_fields.models import CustomFieldColumns
from records.custom_fields.rules import LIMITS, definition_of, require_sound
from records.custom_fields.schemas import CustomFieldQuery, CustomFieldView
from records.custom_writes import order_part
from records.document_types import document_types, kept_values, reads_by_name
from records.entities import Values
from records.filters import among
from records.reads import BY_TIME, Reads, columns_of, everybody
from records.settings import record_settings
from records.types import Change, RecordType, changed_fields, record_types
from records.writes import lock_visible

__all__ = ["FieldUse", "custom_field_type", "delete_field", "field_states"]

Field: TypeAlias = CustomFieldColumns
FieldType: TypeAlias = RecordType[Any, CustomFieldView]

NAMED = 10
"""So many records are named that do not fit a changed field."""


@dataclass(frozen=True)
class FieldUse:
    """What else may name custom fields, such as saved views, in one word of the business.

    `find` gives the names of those that use the field of a record type.
    """

    what: str
    find: Callable[[Reading, str, str], Awaitable[Sequence[str]]]


def custom_field_type(entity: type[Field]) -> FieldType:
    """How the custom fields of a service are kept."""

    async def look_up(work: Work, changes: Sequence[Change[Any]], _sender: str | None) -> Any:
        return await _look_up(work, changes)

    async def check(work: Work, changes: Sequence[Change[Any]], _sender: str | None) -> None:
        for one in changes:
            await _check(work, entity, one)

    return RecordType(
        name="custom_field",
        entity=entity,
        reads=_reads(entity),
        look_up=look_up,
        check=check,
        publish=_publish,
    )


def _reads(entity: type[Field]) -> Reads[CustomFieldView]:
    def filters(_at: Reading, query: CustomFieldQuery) -> list[Filter]:
        return [
            Filter("custom_field.record_type = {}", query.record_type),
            among("custom_field.status", query.status),
        ]

    table = entity.__table__  # type: ignore[attr-defined] # mapped
    return Reads(
        name="custom_field",
        view=CustomFieldView,
        columns=columns_of(CustomFieldView, table, default='custom_field."default"').replace(
            "as default", 'as "default"'
        ),
        source="custom_field",
        visible=everybody,
        query=CustomFieldQuery,
        filters=filters,
        sorts={**BY_TIME, "position": Sort("position", "integer")},
        default_sort="position",
    )


async def _look_up(work: Work, changes: Sequence[Change[Any]]) -> Sequence[Values]:
    """The values, once all who write records by these fields are done; others wait."""
    types = {one.values.get("record_type") or one.record.record_type for one in changes}
    await advisory_lock(work, *sorted(f"custom fields of {one}" for one in types))
    given = [dict(one.values) for one in changes]
    for values in given:
        if "choices" in values:
            values["choices"] = [_choice(one) for one in values["choices"]]
    return given


def _choice(given: Any) -> dict[str, Any]:
    return {
        "key": given.key,
        "label": given.label,
        "label_zh": given.label_zh or "",
        "archived": bool(given.archived),
    }


async def _check(work: Work, entity: type[Field], change: Change[Any]) -> None:
    """See to it that the field can be so, and that the records there are fit it.

    Raises InvalidInput, CustomFieldKeyTaken, TooManyCustomFields, BreaksRecords.
    """
    field, types = change.record, record_types(entity)
    known = [name for name, one in types.items() if one.has_custom_fields]
    known += document_types(entity)
    if field.record_type not in known:
        expected = {"expected": ", ".join(f"'{one}'" for one in sorted(known))}
        wrong = FieldError("/record_type", "literal_error", "Write one of: {expected}.", expected)
        raise InvalidInput(errors=[wrong])
    if change.is_new:
        await _require_room(work, field)
        _set_defaults(field)
    referable = [name for name in reads_by_name(entity) if name != "custom_field"]
    definition = definition_of(field, record_settings(work).region)
    field.default = require_sound(definition, record_types=referable)
    if field.status == "active" and (change.is_new or change.touches(*LIMITS)):
        await _require_fitting(work, entity, field)


def _set_defaults(field: Any) -> None:
    """What the database would set, before the field is looked at."""
    usual = {"label_zh": "", "required": False, "pattern": "", "choices": [], "filtered": False}
    usual |= {"sorted": False, "personal": False, "position": 0, "status": "active"}
    for name, value in usual.items():
        if getattr(field, name) is None:
            setattr(field, name, value)


async def _require_room(work: Work, field: Any) -> None:
    rows = await work.sql.fetch(
        "select key from custom_field where record_type = $1", field.record_type
    )
    if field.key in {row["key"] for row in rows}:
        raise CustomFieldKeyTaken(key=field.key)
    if len(rows) >= FIELDS_MAX:
        raise TooManyCustomFields(record_type=field.record_type)


async def _require_fitting(work: Work, entity: type[Field], field: Any) -> None:
    """Raise BreaksRecords if records lack a value that is required, or have one that is refused.

    Documents that there are may lack it: required is what they are made with.
    """
    source = kept_values(entity, field.record_type)
    definition = definition_of(field, record_settings(work).region)
    broken: list[UUID] = []
    if definition.required and field.record_type not in document_types(entity):
        lacking = f"select id from {source} where not (custom ? $1)"
        broken += [row["id"] for row in await work.sql.fetch(lacking, field.key)]
    kept = f"select id, custom->$1 as value from {source} where custom ? $1"
    async for row in work.sql.cursor(kept, field.key, prefetch=1000):
        try:
            read_value(definition, row["value"], _archived_of(definition))
        except InvalidInput:
            broken.append(row["id"])
    if broken:
        named = [str(one) for one in broken[:NAMED]]
        raise BreaksRecords(count=len(broken), key=field.key, record_ids=named)


def _archived_of(definition: Definition) -> list[str]:
    """What may stay where it was chosen."""
    return [one.key for one in definition.choices if one.archived]


async def _publish(work: Work, changes: Sequence[Change[Any]]) -> None:
    for one in changes:
        if one.touches("sorted") and one.record.sorted:
            await _order_all(work, type(one.record), one.record)
    events = [
        CustomFieldChanged.of(one.record, changed_fields(CustomFieldChanged, one))
        for one in changes
    ]
    await work.record(*events)
    for one in changes:
        forget_fields(work, one.record.record_type)


async def _order_all(work: Work, entity: type[Field], field: Any) -> None:
    """Give every record its place in lists that are sorted by the field; documents with a value."""
    values = f"select id, custom->$1 as value from {kept_values(entity, field.record_type)}"
    if field.record_type in document_types(entity):
        values += " where custom ? $1"
    rows: list[tuple[UUID, UUID, str]] = []
    async for row in work.sql.cursor(values, field.key, prefetch=10_000):
        rows.append((field.id, row["id"], order_of(field.kind, row["value"])))  # noqa: PERF401 - a cursor
    for start in range(0, len(rows), 10_000):
        part, columns = order_part(work, rows[start : start + 10_000])
        await work.sql.execute(f"with {part} select 1", *columns)


async def delete_field(
    work: Work, kind: FieldType, field_id: UUID, uses: Sequence[FieldUse], *, revision: int
) -> None:
    """Delete a field that nothing uses and no record has a value of.

    Raises NotFound, StaleRevision, CustomFieldInUse with what uses it.
    """
    field = (await lock_visible(work, kind, [field_id]))[field_id]
    if field.etag_version != revision:
        raise StaleRevision(expected=revision, current=field.etag_version)
    record_type, key = field.record_type, field.key
    await advisory_lock(work, f"custom fields of {record_type}")
    counted = f"select count(*) from {kept_values(kind.entity, record_type)} where custom ? $1"
    count = await work.sql.fetchval(counted, key)
    users = [f"{count} × {record_type}"] if count else []
    for use in uses:
        users += [f"{use.what} {name}" for name in await use.find(work, record_type, key)]
    if users:
        raise CustomFieldInUse(key=key, users=", ".join(users), records=count)
    await work.session.delete(field)
    await work.flush()
    await work.record(CustomFieldChanged.of(field, ["deleted"], deleted=True))
    forget_fields(work, record_type)


def field_states(entity: type[Field]) -> States:
    """Where the present states of custom fields are read."""

    async def read(at: Reading, ids: Sequence[UUID]) -> list[CustomFieldChanged]:
        return [CustomFieldChanged.of(one, []) for one in await read_all(at, entity, ids)]

    return States("custom_field", read)
