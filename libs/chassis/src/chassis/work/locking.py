"""Locks that an act holds until it ends: rows it is about to change, and names."""

from collections.abc import Collection
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, bindparam, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm.interfaces import ORMOption

from chassis.problems.standard import NotFound
from chassis.storage.base import Identified
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work

__all__ = ["advisory_lock", "any_of", "lock", "lock_all", "lock_found", "read_all"]

E = TypeVar("E", bound=Identified)

_ADVISORY = """select pg_advisory_xact_lock(hashtextextended(name, 1))
  from (select name from unnest($1::text[]) with ordinality as n(name, at) order by at) n"""
_IDS = ARRAY(PG_UUID(as_uuid=True))


def any_of(ids: Collection[UUID]) -> ColumnElement[bool]:
    """What a column equals if it is one of the ids; one statement, however many they are."""
    return any_(literal(list(ids), _IDS))


async def advisory_lock(work: Work, *names: str) -> None:
    """Wait until no other act holds one of the names; hold them until ours ends.

    The next one sees what we committed: so a check such as "is this code taken?" holds under
    concurrency and can name the record in the way. The unique index promises it as well.
    Several names are locked in the order given, which must be the same for all.
    """
    await work.sql.execute(_ADVISORY, names)


async def lock(work: Work, kind: type[E], record_id: UUID, *options: ORMOption) -> E:
    """The entity as it is now, nobody else's to change until the act ends. Raises NotFound."""
    return (await lock_all(work, kind, [record_id], *options))[record_id]


async def lock_all(
    work: Work, kind: type[E], ids: Collection[UUID], *options: ORMOption
) -> dict[UUID, E]:
    """The entities by id, their rows locked in key order. Raises NotFound for one that is missing.

    `options` load what belongs to them. Foreign keys may still be set to locked rows.
    """
    found = await lock_found(work, kind, ids, *options)
    missing = next((one for one in ids if one not in found), None)
    if missing:
        raise NotFound(entity=kind.__tablename__, id=missing)  # type: ignore[attr-defined] # mapped
    return found


async def read_all(
    at: Reading, kind: type[E], ids: Collection[UUID], *options: ORMOption
) -> list[E]:
    """The entities there are of the ids, in their order, not locked."""
    wanted = select(kind).where(kind.id == any_of(ids)).order_by(kind.id).options(*options)
    return list((await at.session.execute(wanted)).scalars())


async def lock_found(
    work: Work, kind: type[E], ids: Collection[UUID], *options: ORMOption
) -> dict[UUID, E]:
    """As `lock_all`, but what is missing is left out."""
    wanted = _locked(kind)  # type: ignore[arg-type] # classes are hashable
    rows = await work.session.execute(wanted.options(*options), {"ids": list(ids)})
    return {entity.id: entity for entity in rows.scalars()}


@cache
def _locked(kind: type[E]) -> Select[Any]:
    return (
        select(kind)
        .where(kind.id == any_(bindparam("ids", type_=_IDS)))
        .order_by(kind.id)
        .with_for_update(key_share=True, of=kind)
        .execution_options(populate_existing=True)
    )
