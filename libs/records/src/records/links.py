"""Links of our records to the same records in other systems: shown, searched and made."""

from collections.abc import Collection
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.actor import ADMIN
from chassis.storage import external
from chassis.storage.paging import Filter
from chassis.work.unit_of_work import Work
from identity.systems import require_binding
from values.external import ExternalId, System
from values.text import Command

__all__ = [
    "LINKS_MAX",
    "RESERVED_SYSTEMS",
    "ExternalRef",
    "LinkExternal",
    "LinkRecord",
    "LinkRecords",
    "link",
    "linked",
    "linked_to",
    "references",
    "require_sender",
    "unlink",
]

LINKS_MAX = 250

RESERVED_SYSTEMS = frozenset({"crm", "erp"})
"""Names of the two halves: only a key bound to one of them may send in its name."""


class ExternalRef(BaseModel):
    """The record's id in another system."""

    model_config = ConfigDict(frozen=True)

    system: str
    external_id: str


class LinkExternal(Command):
    """Say which record of another system this one is."""

    system: System
    external_id: ExternalId


class LinkRecord(Command):
    """One of our records, and the other system's record that it is."""

    id: UUID
    external_id: ExternalId


class LinkRecords(Command):
    """Say of many records which record of another system each one is."""

    system: System
    items: list[LinkRecord] = Field(min_length=1, max_length=LINKS_MAX)


def references(table: str) -> str:
    """The SQL column `external_refs` of the table's rows, sorted by system."""
    return f"""(select coalesce(jsonb_agg(jsonb_build_object(
        'system', r.system, 'external_id', r.external_id) order by r.system), '[]')
      from external_reference r
      where r.entity_type = '{table}' and r.entity_id = {table}.id) as external_refs"""


def linked_to(table: str, system: str | None, external_id: str | None) -> Filter:
    """Only records linked to the system, or to the one record there."""
    wanted = {"system": system, "external_id": external_id}
    given = {column: value for column, value in wanted.items() if value is not None}
    conditions = "".join(
        f" and r.{column} = ({{0}}::text[])[{at}]" for at, column in enumerate(given, 1)
    )
    return Filter(
        f"{table}.id in (select r.entity_id from external_reference r"
        f" where r.entity_type = '{table}'{conditions})",
        list(given.values()) or None,
    )


def require_sender(work: Work, system: str) -> None:
    """Raise SystemReserved for a half, unless the caller is bound to it or an administrator."""
    if system in RESERVED_SYSTEMS and not work.actor.may(ADMIN):
        require_binding(work.actor, system)


async def link(
    work: Work, entity_type: str, entity_id: UUID, command: LinkExternal
) -> ExternalRef | None:
    """Link the record, or leave it as it is if it is linked so already; the link that is new.

    A link is no part of the record's content: it makes no version and no event. Raises
    AlreadyLinked when the foreign record, or ours in that system, has another link, and
    SystemReserved unless the caller may send for that system or is an administrator, who mends.
    """
    require_sender(work, command.system)
    made = ExternalRef(system=command.system, external_id=command.external_id)
    is_new = await external.link(
        work.sql, entity_type, made.system, made.external_id, entity_id=entity_id
    )
    return made if is_new else None


async def unlink(work: Work, entity_type: str, entity_id: UUID, gone: ExternalRef) -> bool:
    """Forget the link, or change nothing if the record is not linked so; whether it was.

    Like a link it makes no version and no event. Whoever led by it leads no more.
    """
    return await external.unlink(
        work.sql, entity_type, gone.system, gone.external_id, entity_id=entity_id
    )


async def linked(
    work: Work, entity_type: str, entity_ids: Collection[UUID], *, system: str
) -> list[UUID]:
    """Those of the records that are known to be records of the system."""
    if not entity_ids:
        return []
    found = await external.references_of(work.sql, entity_type, list(entity_ids))
    return [one for one, links in found.items() if any(known.system == system for known in links)]
