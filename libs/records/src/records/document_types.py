"""Types of documents that have custom fields, and which types there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from records.reads import Reads
from records.shown import Shown
from records.types import record_types

__all__ = ["DocumentType", "custom_of", "document_types", "kept_values", "reads_by_name"]


@dataclass(frozen=True)
class DocumentType:
    """A type of documents with custom fields, which stand beside the documents.

    `base` is the service's, by which others find the type (`document_types`).
    """

    reads: Reads[Any]
    base: type[Any]
    shown: Mapping[str, Shown] = field(default_factory=dict)
    fields_with_history: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Let others find the type."""
        document_types(self.base)[self.name] = self

    @property
    def name(self) -> str:
        """The type in one word, such as `sales_order`."""
        return self.reads.name

    def names_kept_of(self, field_name: str) -> Sequence[str]:
        """How the history names a field."""
        return [field_name]


def document_types(base: type[Any]) -> dict[str, DocumentType]:
    """The types of documents with custom fields of the service that the class belongs to."""
    known: dict[str, DocumentType] = base.metadata.info.setdefault("document_types", {})
    return known


def reads_by_name(base: type[Any]) -> dict[str, Reads[Any]]:
    """How the records and documents are read that a custom field may refer to, by type."""
    found: dict[str, Reads[Any]] = {name: one.reads for name, one in record_types(base).items()}
    return found | {name: one.reads for name, one in document_types(base).items()}


def kept_values(base: type[Any], record_type: str) -> str:
    """SQL of where the values of a type are: `id` and `custom`, as a table."""
    if record_type in document_types(base):
        of_type = f"from document_fields where record_type = '{record_type}'"
        return f"(select record_id as id, custom {of_type}) kept"
    return record_type


def custom_of(record_type: str, key: str) -> str:
    """SQL of the custom fields of the document of the type whose id the expression is.

    What moved goods has one id as a stock document and as the shipment or receipt that it is.
    """
    of_it = f"f.record_id = {key} and f.record_type = '{record_type}'"
    return f"coalesce((select f.custom from document_fields f where {of_it}), '{{}}')"
