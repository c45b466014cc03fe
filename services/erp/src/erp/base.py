"""The ERP's tables: one metadata, names by convention, and how an address is stored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from chassis.storage.base import NAMING, TYPES, Identified, Versioned
from values.address import Address
from values.sorting import sort_key

__all__ = ["Base", "NamedRecord", "Record"]


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


class Base(DeclarativeBase):
    """Every entity of the ERP descends from this."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {Address: AddressColumn()}


class Record(Identified, Versioned):
    """Master data: changed by facts, and only counted as changed when a fact differs."""

    def take(self, facts: Mapping[str, Any]) -> list[str]:
        """Take over the facts that differ; names of those, sorted. Keeps the version."""
        changed = sorted(name for name in facts if getattr(self, name, None) != facts[name])
        for name in changed:
            setattr(self, name, facts[name])
        return changed

    def change(self, facts: Mapping[str, Any], at: datetime) -> list[str]:
        """Take over the facts that differ, as one change if any does; names of those, sorted."""
        changed = self.take(facts)
        if changed:
            self.touch(at)
        return changed


class NamedRecord(Record):
    """Master data with a name that lists are sorted by."""

    name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))

    def take(self, facts: Mapping[str, Any]) -> list[str]:
        """Take over the facts that differ; the sort key follows the name."""
        changed = super().take(facts)
        if "name" in changed:
            self.sort_key = sort_key(self.name)
        return changed
