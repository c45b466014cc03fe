"""Changes of records as callers see them: fields and values in the form of the record's view."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from chassis.work.ways import Way
from records.custom.values import FIELD as CUSTOM
from records.history import EXTERNAL_REFS
from records.reads import Reads
from records.shown import Shown

__all__ = [
    "COLUMNS",
    "ChangedField",
    "FieldChange",
    "RecordChangeView",
    "changes_by_view",
    "history_of",
    "shown_changes",
]


ChangedField = Annotated[
    str | None, Query(max_length=64, description="Only changes of this field, by its name.")
]


class Kept(Protocol):
    """A type whose changes are kept: a record type, or documents with custom fields."""

    @property
    def name(self) -> str:
        """The type in one word."""

    @property
    def reads(self) -> Reads[Any]:
        """How it is read."""

    @property
    def shown(self) -> Mapping[str, Shown]:
        """How fields are shown that are kept in another form."""

    @property
    def fields_with_history(self) -> Sequence[str]:
        """The view's names of the fields whose changes are kept."""

    def names_kept_of(self, field_name: str, /) -> Sequence[str]:
        """How a field of the view is named in what is kept."""


class FieldChange(BaseModel):
    """What one field was and what it became."""

    field: str = Field(description="Name of the field, as the record shows it.")
    before: Any = Field(
        description="The value before, in the form of the record; null: none, or a new record. Of "
        "`external_refs` the link that ended."
    )
    after: Any = Field(
        description="The value after; null: none. Of `external_refs` the link that was made."
    )
    redacted: bool = Field(
        description="True: both values were erased; that the field changed is all that is kept."
    )


class RecordChangeView(BaseModel):
    """One change of a record: who changed which fields, when and by which way."""

    id: UUID
    changed_at: datetime
    actor: str = Field(description="Who changed it: `user:…`, `key:…`, `token:…` or `system:…`.")
    actor_name: str = Field(description="The actor's name at that time; empty: it was erased.")
    way: str = Field(
        description=f"One of {', '.join(Way)}. ui: a user; api: a key of one's own; import: a file;"
        " bridge: another system; rule: the service by itself; merge: two records became one."
    )
    import_id: UUID | None = Field(description="The import that it was a part of; null: none.")
    correlation_id: UUID = Field(description="The process that it was a part of, as in events.")
    is_new: bool = Field(description="True: the record was made, with these values.")
    version: int = Field(description="The number in the record's ETag after the change.")
    revision: int = Field(
        description="Counts all changes of the record: its events' `aggversion` after the change. "
        "Links count as none."
    )
    changes: list[FieldChange] = Field(description="The fields that changed, by name.")


async def history_of(
    at: Reading,
    kind: Kept,
    record_id: UUID,
    asked: PageQuery,
    *,
    field: str | None = None,
) -> Page[RecordChangeView]:
    """A page of the changes of a record, the last first; only those of `field` where one is named.

    Raises NotFound, also where the actor may not see the record; InvalidCursor, InvalidInput (also
    for a field that such records have not).
    """
    await kind.reads.get(at, record_id)
    names = _names_kept_of(kind, field) if field else None
    page = await fetch_page(
        at.sql,
        columns=COLUMNS,
        source="record_change",
        view=dict,
        sorts={"revision": Sort("revision", "bigint")},
        default="-revision",
        asked=asked,
        where=[
            Filter("record_type = {}", kind.name),
            Filter("record_id = {}", record_id),
            Filter("changes ?| {}::text[]", names),
        ],
    )
    items = await shown_changes(at, kind, page.items)
    if field:
        for one in items:
            one.changes = [change for change in one.changes if change.field == field]
    return Page(items=items, next_cursor=page.next_cursor)


def _names_kept_of(kind: Kept, field: str) -> Sequence[str]:
    known = kind.fields_with_history
    if field in known:
        return kind.names_kept_of(field)
    if field.startswith(f"{CUSTOM}."):
        return [field]  # of a definition that may be gone
    text = "There is no field {field}. A row has: {known}."
    facts = {"field": field, "known": ", ".join(known)}
    raise InvalidInput(errors=[FieldError("/query/field", "unknown_field", text, facts)])


async def shown_changes(
    at: Reading, kind: Kept, rows: Sequence[Mapping[str, Any]]
) -> list[RecordChangeView]:
    """Rows of `record_change`, all of one record type, as callers see them."""
    changes = await changes_by_view(at, kind, [row["changes"] for row in rows])
    return [
        RecordChangeView.model_validate(dict(row) | {"changes": fields})
        for row, fields in zip(rows, changes, strict=True)
    ]


COLUMNS = ", ".join(name for name in RecordChangeView.model_fields)


async def changes_by_view(
    at: Reading, kind: Kept, changes_kept: Sequence[Mapping[str, Any]]
) -> list[list[FieldChange]]:
    """Of each `changes` the fields, by name; what they refer to is looked up at once."""
    kept = [dict(changes) for changes in changes_kept]
    for name, shown in kind.shown.items():
        pairs = [changes for changes in kept if changes.get(name)]
        given = [value for changes in pairs for value in changes[name]]
        values = iter(await shown.values(at, given))
        for changes in pairs:
            changes[name] = [next(values), next(values)]
    return [
        sorted((_field_change(kind, *one) for one in changes.items()), key=lambda one: one.field)
        for changes in kept
    ]


def _field_change(kind: Kept, name: str, values: tuple[Any, Any] | None) -> FieldChange:
    field = kind.shown[name].name if name in kind.shown else name
    if values is None:
        return FieldChange(field=field, before=None, after=None, redacted=True)
    before, after = (_as_in_view(kind.reads.view, field, value) for value in values)
    return FieldChange(field=field, before=before, after=after, redacted=False)


def _as_in_view(view: Any, field: str, value: Any) -> Any:
    """The value in the form of the view; as it was kept where the view has another form by now."""
    form = _form(view, field) if field != EXTERNAL_REFS and value is not None else None
    if form is None:
        return value
    try:
        return form.dump_python(form.validate_python(value), mode="json")
    except ValidationError:
        return value


@cache
def _form(view: Any, field: str) -> TypeAdapter[Any] | None:
    declared = view.model_fields.get(field)
    if declared is None:
        return None
    form: Any = Annotated[declared.annotation, *declared.metadata, Field()]
    return TypeAdapter(form)
