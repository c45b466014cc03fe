"""Parts of entities that every service's tables share: names, keys, versions, exact numbers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, FromClause, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from chassis.clock import utc_now
from chassis.ids import uuid7
from chassis.problems.standard import StaleRevision

__all__ = [
    "NAMING",
    "TYPES",
    "Amount",
    "Identified",
    "PartlyEdited",
    "Quantity",
    "Versioned",
    "version_columns",
]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints are named; the same in the entities and in the migrations."""

Amount = Annotated[Decimal, mapped_column(Numeric(20, 4))]
"""Money in the currency that stands beside it."""

Quantity = Annotated[Decimal, mapped_column(Numeric(20, 6))]
"""A quantity or a unit price."""

TYPES: dict[Any, Any] = {
    str: Text(),
    UUID: PG_UUID(as_uuid=True),
    datetime: DateTime(timezone=True),
    date: Date(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}
"""Column types by Python type. A service's Base takes it as its `type_annotation_map`."""


class Identified:
    """An entity with a UUIDv7 key, drawn before it is stored."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class Versioned:
    """An entity whose every change counts: the version is its event's aggversion, and its ETag.

    A new entity starts at version 1. Callers lock the row before they change it, so that
    versions of one entity follow each other without a gap.
    """

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def etag_version(self) -> int:
        """The number in the ETag."""
        return self.version

    def touch(self, at: datetime | None = None) -> None:
        """Count one more change."""
        self.version += 1
        self.updated_at = at or utc_now()

    def check_revision(self, revision: int) -> None:
        """Refuse a change based on another ETag than the present one (412)."""
        if revision != self.etag_version:
            raise StaleRevision(expected=revision, current=self.etag_version)


class PartlyEdited(Versioned):
    """An entity that also changes in what nobody edits here: copies, and progress noted on it.

    Such changes are versions, and are told, but leave the ETag as it is.
    """

    unedited_versions: Mapped[int] = mapped_column(
        CheckConstraint(
            "unedited_versions >= 0 and unedited_versions < version", name="unedited_versions_range"
        ),
        default=0,
        server_default=text("0"),
    )

    @property
    def etag_version(self) -> int:
        """The number in the ETag: how often what is edited here changed."""
        return self.version - self.unedited_versions

    def touch(self, at: datetime | None = None, *, edited: bool = True) -> None:
        """Count one more change; whether of what is edited here."""
        super().touch(at)
        if not edited:
            self.unedited_versions += 1


def version_columns(table: FromClause) -> str:
    """The SQL columns `version`, the ETag's number, and `revision`, the events' aggversion.

    What is written once, as a journal entry, has its first version for good.
    """
    name = table.description
    if "version" not in table.columns:
        return "1 as version, 1 as revision"
    unedited = f" - {name}.unedited_versions" if "unedited_versions" in table.columns else ""
    return f"{name}.version{unedited} as version, {name}.version as revision"
