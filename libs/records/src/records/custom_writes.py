"""The part of the write path that custom fields have: values laid onto records, and their order."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.settle import Part
from chassis.work.unit_of_work import Work
from records.custom.definitions import CustomFields, current_fields, fields_for_new
from records.custom.kinds import Kind, order_of
from records.custom.values import FIELD, merged, values_of_new
from records.document_types import reads_by_name
from records.types import Change, RecordType

__all__ = [
    "keep_order",
    "keep_places",
    "lay_custom_values",
    "missing_references",
    "order_part",
    "require_referred",
]

_NO_RECORD = "There is no such record, or you may not see it."


async def lay_custom_values(
    work: Work, kind: RecordType[Any, Any], changes: Sequence[Change[Any]]
) -> CustomFields | None:
    """Lay the custom values that are given onto those that the records have.

    Gives the fields that they were read by; None where no record needed them. Raises InvalidInput
    naming every value that cannot be.
    """
    if any(FIELD in one.values for one in changes):
        fields = await current_fields(work, kind.name)
    elif any(one.is_new for one in changes):
        fields = await fields_for_new(work, kind.name)
    else:
        return None
    for one in changes:
        given = one.values.get(FIELD)
        if given is not None:
            present = one.record.custom or {}
            one.custom = merged(fields, present, given, is_new=one.is_new)
        elif one.is_new:
            one.custom = values_of_new(fields)
    before = [one.record.custom or {} for one in changes]
    await require_referred(work, kind.entity, fields, [one.custom or {} for one in changes], before)
    return fields


async def require_referred(
    work: Work,
    base: type[Any],
    fields: CustomFields,
    after: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
) -> None:
    """See to it that new references are to records that there are and that the actor may see.

    As `missing_references`. Raises InvalidInput.
    """
    missing = await missing_references(work, base, fields, after, before)
    errors = {one.pointer: one for some in missing for one in some}
    if errors:
        raise InvalidInput(errors=list(errors.values()))


async def missing_references(
    work: Work,
    base: type[Any],
    fields: CustomFields,
    after: Sequence[Mapping[str, Any]],
    before: Sequence[Mapping[str, Any]],
) -> list[list[FieldError]]:
    """Of each record the new references to records that there are not, or that are hidden.

    `base`: a class of the service's metadata; `before`: the values that the same records had.
    """
    named: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for definition in fields.fields:
        if definition.kind == Kind.REFERENCE and definition.refers_to:
            found = _new_values(definition.key, after, before)
            named[definition.refers_to] += [(at, definition.key, value) for at, value in found]
    errors: list[list[FieldError]] = [[] for _ in after]
    for refers_to, references in named.items():
        if not references:
            continue
        ids = list({UUID(value) for _, _, value in references})
        seen = {str(one.id) for one in await reads_by_name(base)[refers_to].get_all(work, ids)}
        for at, key, value in references:
            if value not in seen:
                errors[at].append(FieldError(f"/{FIELD}/{key}", "missing_reference", _NO_RECORD))
    return errors


def _new_values(
    key: str, after: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[int, str]]:
    """Values of the field that records did not have before, each with its place."""
    for at, (now, was) in enumerate(zip(after, before, strict=True)):
        value = now.get(key)
        if value is not None and value != was.get(key):
            yield at, value


def keep_order(work: Work, fields: CustomFields, changes: Sequence[Change[Any]]) -> None:
    """Keep the place that changed records have in lists sorted by custom fields."""
    for one in changes:
        if not one.touches(FIELD):
            continue
        for definition in fields.ordered:
            value = one.record.custom.get(definition.key)
            row = (definition.id, one.record.id, order_of(definition.kind, value))
            work.write_at_settle(order_part, row)


def order_part(_work: Work, rows: Sequence[tuple[UUID, UUID, str]]) -> Part:
    """The part of a statement that keeps places in lists; the last of a record holds."""
    last: Mapping[tuple[UUID, UUID], str] = {(field, record): at for field, record, at in rows}
    columns = [[one[0] for one in last], [one[1] for one in last], list(last.values())]
    return _KEEP_ORDER, columns


def keep_places(work: Work, fields: CustomFields, values: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Keep the place that documents have in lists sorted by custom fields; without a value none."""
    for definition in fields.ordered:
        for record_id, custom in values.items():
            place = order_of(definition.kind, custom.get(definition.key))
            work.write_at_settle(_places_part, (definition.id, record_id, place))


def _places_part(work: Work, rows: Sequence[tuple[UUID, UUID, str]]) -> Part:
    """As `order_part`, for documents."""
    return _KEEP_PLACES, order_part(work, rows)[1]


_KEEP_PLACES = """document_places as (
  insert into custom_order as o (field_id, record_id, value_order)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[]) as n(field_id, record_id, value_order)
   where value_order <> '' order by field_id, record_id
  on conflict (field_id, record_id) do update set value_order = excluded.value_order
   where o.value_order <> excluded.value_order),
document_places_left as (
  delete from custom_order o
   using unnest($1::uuid[], $2::uuid[], $3::text[]) as n(field_id, record_id, value_order)
   where n.value_order = '' and o.field_id = n.field_id and o.record_id = n.record_id)"""
_KEEP_ORDER = """custom_places as (
  insert into custom_order as o (field_id, record_id, value_order)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[]) as n(field_id, record_id, value_order)
   order by field_id, record_id
  on conflict (field_id, record_id) do update set value_order = excluded.value_order
   where o.value_order <> excluded.value_order)"""
