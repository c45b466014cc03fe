"""The records that activities are about: of every type that is described in the service."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from crm.base import Base
from records.document_types import reads_by_name
from records.paths import described_by
from records.reads import Reads

__all__ = ["Subject", "found_subjects", "ids_by_external", "require_type", "subjects"]

ACTIVITY = "activity"
_BY_EXTERNAL = """select entity_type, external_id, entity_id from external_reference
  where system = $1 and (entity_type, external_id) in (
    select * from unnest($2::text[], $3::text[]))"""


@dataclass(frozen=True)
class Subject:
    """A type of record that activities may be about, and the permission to read it."""

    reads: Reads[Any]
    scope: str


def subjects() -> Mapping[str, Subject]:
    """The types by name, as notes, tags and attachments know them; activities are none."""
    return {
        name: Subject(reads, described_by(reads.view).read)
        for name, reads in reads_by_name(Base).items()
        if name != ACTIVITY
    }


def require_type(name: str, *, pointer: str) -> None:
    """See to it that there are records of the type. Raises InvalidInput at the pointer."""
    known = subjects()
    if name not in known:
        text, facts = "An activity is about one of: {known}.", {"known": ", ".join(sorted(known))}
        raise InvalidInput(errors=[FieldError(pointer, "unknown_type", text, facts)])


async def found_subjects(at: Reading, record_type: str, ids: Collection[UUID]) -> Collection[UUID]:
    """Those of the ids whose records there are, of a type that the actor may read, and sees."""
    subject = subjects()[record_type]
    if not at.actor.may(subject.scope):
        return ()
    return await subject.reads.found_ids(at, ids)


async def ids_by_external(
    at: Reading, system: str, named: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], UUID]:
    """Records by type and the id in another system; what is not linked is left out."""
    known = subjects()
    types = {known[name].reads.table: name for name, _ in named}
    tables, external_ids = [known[name].reads.table for name, _ in named], [one for _, one in named]
    rows = await at.sql.fetch(_BY_EXTERNAL, system, tables, external_ids)
    return {(types[row["entity_type"]], row["external_id"]): row["entity_id"] for row in rows}
