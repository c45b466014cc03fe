"""The CRM's tables: one metadata, names by convention, and how records take over facts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.storage.base import NAMING, TYPES, Identified, Versioned
from crm.columns import AddressColumn
from values.address import Address
from values.sorting import sort_key

__all__ = ["Base", "NamedRecord", "Record"]


class Base(DeclarativeBase):
    """Every entity of the CRM descends from this."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {Address: AddressColumn()}


class Record(Identified, Versioned):
    """A record that is changed by facts, and only counts as changed where a fact differs."""

    def take(self, facts: Mapping[str, Any]) -> list[str]:
        """Take over the facts that differ; names of those, sorted. Keeps the version."""
        changed = sorted(name for name, fact in facts.items() if getattr(self, name, None) != fact)
        for name in changed:
            setattr(self, name, facts[name])
        return changed


class NamedRecord(Record):
    """A record with a name that lists are sorted by."""

    name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(Text(collation="C"))

    def take(self, facts: Mapping[str, Any]) -> list[str]:
        """Take over the facts that differ; the sort key follows the name."""
        changed = super().take(facts)
        if "name" in changed:
            self.sort_key = sort_key(self.name)
        return changed
