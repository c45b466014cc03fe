"""Entities of records: values are applied to them, and only what differs counts as a change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

from chassis.storage.base import TYPES, Identified, Versioned
from values.address import Address
from values.sorting import sort_key

__all__ = [
    "ACTIVE",
    "ARCHIVED",
    "COLUMN_TYPES",
    "CustomRecord",
    "NamedRecord",
    "Record",
    "Values",
    "list_indexes",
]

ACTIVE, ARCHIVED = "active", "archived"

Values = Mapping[str, Any]
"""Values of a record's fields, by name; a field that nobody gave is not in it."""


class AddressColumn(TypeDecorator[Address]):
    """An address as a JSON object: a value, read and written whole."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The address as JSON takes it."""
        return None if value is None else value.model_dump()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Address | None:  # noqa: ARG002
        """The address that was stored."""
        return None if value is None else Address.model_validate(value)


COLUMN_TYPES: dict[Any, Any] = TYPES | {Address: AddressColumn()}
"""Column types by Python type: the `type_annotation_map` of a service's Base."""


class Record(Identified, Versioned):
    """A record whose fields are changed by name."""

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ; what those fields were before, sorted by name.

        The version stays.
        """
        before = {
            name: present
            for name in sorted(values)
            if (present := getattr(self, name, None)) != values[name]
        }
        for name in before:
            setattr(self, name, values[name])
        return before

    def change(self, values: Values, at: datetime) -> dict[str, Any]:
        """As `apply`, and if anything differs, count it as one change."""
        before = self.apply(values)
        if before:
            self.touch(at)
        return before


class CustomRecord(Record):
    """A record with custom fields, all in one column: `custom` has their values by key."""

    custom: Mapped[dict[str, Any]] = mapped_column(
        CheckConstraint("jsonb_typeof(custom) = 'object'", name="custom_object"),
        default=dict,
        server_default=text("'{}'"),
    )

    def __init_subclass__(cls, **options: Any) -> None:
        """Give its table the index that lists are filtered by."""
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        if table is not None:
            Index(
                f"ix_{table.name}_custom",
                table.c.custom,
                postgresql_using="gin",
                postgresql_ops={"custom": "jsonb_path_ops"},
                postgresql_where=text("custom <> '{}'"),
            )


class NamedRecord(CustomRecord):
    """A record with a name that lists are sorted by."""

    name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ; the sort key follows the name."""
        before = super().apply(values)
        if "name" in before:
            self.sort_key = sort_key(self.name)
        return before


def list_indexes(table: str, *columns: str, named: bool = True) -> tuple[SchemaItem, ...]:
    """The indexes that lists of records are read by: newest first, last changed first, by name.

    `columns` are those by which lists are filtered, newest first.
    """
    sorts = ["created_at", "updated_at", *(["sort_key"] if named else [])]
    return (
        *(Index(f"ix_{table}_{one}", one, "id") for one in sorts),
        *(Index(f"ix_{table}_{one}_created_at", one, "created_at", "id") for one in columns),
    )
