"""Categories of items: what is particular about writing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.catalog.errors import CategoryLoop
from erp.catalog.models import ItemCategory
from erp.catalog.queries import items as queries
from erp.catalog.schemas import CategoryView
from erp.catalog.service.codes import claim_codes
from erp.sql import Sql
from records.entities import Values
from records.shown import code_of
from records.types import Change, RecordType

__all__ = ["CATEGORY", "category_ids_of"]


async def category_ids_of(sql: Sql, codes: Sequence[str]) -> dict[str, UUID]:
    """Ids of the categories with the codes. Raises MissingReference for the first without one."""
    found = await queries.ids_by_code(sql, "item_category", codes)
    for code in codes:
        if code not in found:
            raise MissingReference(entity="item_category", reference=code)
    return found


async def _prepare(work: Work, change: Change[ItemCategory], _sender: str | None) -> Values:
    """The values with the parent's id in place of its code. Raises MissingReference."""
    values = dict(change.values)
    if "parent" not in values:
        return values
    if not change.is_new:
        await advisory_lock(work, "item_category tree")
    code = values.pop("parent")
    ids = await category_ids_of(work.sql, [code]) if code else {}
    return values | {"parent_id": ids.get(code)}


async def _check(work: Work, changes: Sequence[Change[ItemCategory]], _sender: str | None) -> None:
    """Raises DuplicateCode, CategoryLoop."""
    await claim_codes(work, "item_category", [one.record for one in changes if one.is_new])
    for one in changes:
        category, parent_id = one.record, one.record.parent_id
        if parent_id is None or "parent_id" not in one.before:
            continue
        if await queries.lies_within(work.sql, inner=parent_id, outer=category.id):
            raise CategoryLoop(record_code=category.code, parent=one.values["parent"])


CATEGORY: RecordType[ItemCategory, CategoryView] = RecordType(
    name="item_category",
    entity=ItemCategory,
    reads=queries.CATEGORIES,
    required=("code", "name"),
    prepare=_prepare,
    check=_check,
    in_bulk=False,
    shown={"parent_id": code_of("parent", "item_category")},
)
"""How categories are kept; in turn, because one of a batch may lie within one before it.

Raises DuplicateCode, FixedCode, CategoryLoop, MissingReference (its parent).
"""
