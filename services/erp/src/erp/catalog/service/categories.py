"""Acts on categories of items."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference, NotFound
from chassis.work.locking import advisory_lock, lock
from chassis.work.unit_of_work import Work
from erp.catalog import queries
from erp.catalog.errors import CategoryLoop, DuplicateCode
from erp.catalog.models import ItemCategory
from erp.catalog.schemas import CategoryView, ChangeCategory, NewCategory, UpsertCategory
from records.upserts import Sent, Upserted, require, upsert

__all__ = ["add_category", "change_category", "see_category", "upsert_category"]

Sql: TypeAlias = "asyncpg.Connection[Any]"
KIND = "item_category"


async def see_category(sql: Sql, category_id: UUID) -> CategoryView:
    """The category as callers see it. Raises NotFound."""
    seen = await queries.category_view(sql, category_id)
    if seen is None:
        raise NotFound(entity=KIND, id=category_id)
    return seen


async def add_category(work: Work, command: NewCategory) -> UUID:
    """Add a category. Raises DuplicateCode, MissingReference (its parent)."""
    return await _add(work, command.facts(), uuid7())


async def change_category(
    work: Work, category_id: UUID, command: ChangeCategory, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, MissingReference (its parent), CategoryLoop.
    """
    category = await lock(work, ItemCategory, category_id)
    category.check_revision(revision)
    await _change(work, category, command.facts())


async def upsert_category(
    work: Work, system: str, external_id: str, command: UpsertCategory
) -> Upserted:
    """Take over a category as another system knows it.

    Raises InvalidInput (a new one without code or name), DuplicateCode, FixedCode,
    MissingReference (its parent), CategoryLoop.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add_sent, work, facts),
        change=partial(_change_sent, work, facts),
    )


async def _add_sent(work: Work, facts: dict[str, Any], category_id: UUID) -> None:
    await _add(work, require(facts, "code", "name"), category_id)


async def _change_sent(work: Work, facts: dict[str, Any], category_id: UUID) -> bool:
    return await _change(work, await lock(work, ItemCategory, category_id), facts)


async def _add(work: Work, facts: Mapping[str, Any], category_id: UUID) -> UUID:
    code = facts["code"]
    await advisory_lock(work, f"item_category:{code}")
    existing_id = (await queries.category_ids(work.sql, [code])).get(code)
    if existing_id:
        raise DuplicateCode(entity=KIND, record_code=code, existing_id=existing_id)
    category = ItemCategory(id=category_id, created_at=work.now, updated_at=work.now)
    category.apply(await _resolved(work, facts))
    work.session.add(category)
    await work.flush()
    return category.id


async def _change(work: Work, category: ItemCategory, facts: Mapping[str, Any]) -> bool:
    """Whether anything changed."""
    if "parent" in facts:
        await advisory_lock(work, "item_category tree")
    changed = category.change(await _resolved(work, facts), work.now)
    if "parent_id" in changed and category.parent_id:
        await _stay_a_tree(work, category, category.parent_id, str(facts["parent"]))
    await work.flush()
    return bool(changed)


async def _stay_a_tree(
    work: Work, category: ItemCategory, parent_id: UUID, parent_code: str
) -> None:
    if await queries.lies_within(work.sql, inner=parent_id, outer=category.id):
        raise CategoryLoop(record_code=category.code, parent=parent_code)


async def _resolved(work: Work, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with the parent's id in place of its code. Raises MissingReference."""
    kept = {name: value for name, value in facts.items() if name != "parent"}
    if "parent" not in facts:
        return kept
    return kept | {"parent_id": await category_id_of(work.sql, facts["parent"])}


async def category_id_of(sql: Sql, code: str | None) -> UUID | None:
    """Id of the category with the code; None for no code. Raises MissingReference."""
    if code is None:
        return None
    return (await category_ids_of(sql, [code]))[code]


async def category_ids_of(sql: Sql, codes: Sequence[str]) -> dict[str, UUID]:
    """Ids of the categories with the codes. Raises MissingReference for the first without one."""
    found = await queries.category_ids(sql, codes)
    for code in codes:
        if code not in found:
            raise MissingReference(entity=KIND, reference=code)
    return found
