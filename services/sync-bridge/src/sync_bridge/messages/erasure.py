"""What both halves publish when a person is erased."""

from uuid import UUID

from sync_bridge.messages.base import Message, Part, Text

__all__ = ["ErasedRecord", "PersonErased"]


class ErasedRecord(Part):
    """A record that stood for the person."""

    record_type: Text
    record_id: UUID


class PersonErased(Message):
    """`tandem.<half>.person-erased.v1`: which records stood for a person that was erased."""

    records: list[ErasedRecord]
