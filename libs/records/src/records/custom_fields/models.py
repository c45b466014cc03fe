"""The definition of a custom field as an entity; each service maps it to its own metadata."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from records.custom.kinds import Kind
from records.entities import ACTIVE, Record

__all__ = ["CustomFieldColumns", "field_rules"]


_KINDS = ", ".join(f"'{kind}'" for kind in Kind)


class CustomFieldColumns(Record):
    """What an installation keeps of the records of a type beyond what the product has."""

    record_type: Mapped[str]
    key: Mapped[str]
    kind: Mapped[str]
    label: Mapped[str]
    label_zh: Mapped[str] = mapped_column(default="")
    required: Mapped[bool] = mapped_column(default=False)
    default: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    scale: Mapped[int | None] = mapped_column(SmallInteger)
    min: Mapped[str | None]
    max: Mapped[str | None]
    min_length: Mapped[int | None]
    max_length: Mapped[int | None]
    pattern: Mapped[str] = mapped_column(default="")
    choices: Mapped[list[Any]] = mapped_column(default=list)
    refers_to: Mapped[str | None]
    filtered: Mapped[bool] = mapped_column(default=False)
    sorted: Mapped[bool] = mapped_column(default=False)
    personal: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default=ACTIVE)


def field_rules() -> tuple[SchemaItem, ...]:
    """`__table_args__` of the entity."""
    return (
        UniqueConstraint("record_type", "key"),
        CheckConstraint(f"kind in ({_KINDS})", name="kind_known"),
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,47}$'", name="key_form"),
        CheckConstraint("label <> ''", name="label_given"),
        CheckConstraint("scale between 0 and 6", name="scale_range"),
        CheckConstraint("max_length >= coalesce(min_length, 0)", name="lengths_in_order"),
        CheckConstraint("jsonb_typeof(choices) = 'array'", name="choices_listed"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        Index("ix_custom_field_created_at", "created_at", "id"),
        Index("ix_custom_field_updated_at", "updated_at", "id"),
        Index("ix_custom_field_position", "position", "id"),
    )
