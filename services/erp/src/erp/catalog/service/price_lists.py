"""Acts on price lists."""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference, NotFound
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import DuplicateCode
from erp.catalog.events import PriceListChanged
from erp.catalog.models import PriceList
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import ChangePriceList, NewPriceList, PriceListView

__all__ = [
    "add_price_list",
    "change_price_list",
    "make_default",
    "price_list_of",
    "price_list_states",
    "see_price_list",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
KIND = "price_list"


async def see_price_list(sql: Sql, price_list_id: UUID) -> PriceListView:
    """The price list as callers see it. Raises NotFound."""
    seen = await queries.price_list_view(sql, price_list_id)
    if seen is None:
        raise NotFound(entity=KIND, id=price_list_id)
    return seen


async def price_list_of(sql: Sql, code: str | None) -> PriceListView:
    """The list with the code, the default one where none is named. Raises MissingReference."""
    found = await queries.price_list(sql, code)
    if found is None:
        raise MissingReference(entity=KIND, reference=code or "default")
    return found


async def add_price_list(work: Work, command: NewPriceList) -> UUID:
    """Add a price list. Raises DuplicateCode, CurrencyNotSupported."""
    facts = {"currency": work.setting.currency} | command.facts()
    require_supported_currency(work, facts["currency"])
    await advisory_lock(work, f"price_list:{command.code}")
    existing = await queries.price_list(work.sql, command.code)
    if existing:
        raise DuplicateCode(entity=KIND, record_code=command.code, existing_id=existing.id)
    added = PriceList(id=uuid7(), created_at=work.now, updated_at=work.now)
    added.apply(facts)
    work.session.add(added)
    await work.flush()
    every_field = sorted(PriceListChanged.model_fields.keys() - {"id", "version", "changed"})
    await work.record(PriceListChanged.of(added, every_field))
    return added.id


async def change_price_list(
    work: Work, price_list_id: UUID, command: ChangePriceList, *, revision: int
) -> None:
    """Change what the caller saw as `revision`. Raises NotFound, StaleRevision."""
    listed, _ = await _locked(work, price_list_id)
    listed.check_revision(revision)
    changed = list(listed.change(command.facts(), work.now))
    await _tell(work, listed, changed)


async def _tell(work: Work, listed: PriceList, changed: Sequence[str]) -> None:
    await work.flush()
    if changed:
        await work.record(PriceListChanged.of(listed, list(changed)))


async def price_list_states(work: Work, price_list_ids: Sequence[UUID]) -> list[PriceListChanged]:
    """What is published of price lists, as they are now."""
    found = await read_all(work, PriceList, price_list_ids)
    return [PriceListChanged.of(listed, []) for listed in found]


async def make_default(work: Work, price_list_id: UUID) -> None:
    """Use this list where none is named. Raises NotFound."""
    await advisory_lock(work, "default price list")
    listed, others = await _locked(work, price_list_id)
    for other in others:
        await _tell(work, other, list(other.change({"is_default": False}, work.now)))
    await _tell(work, listed, list(listed.change({"is_default": True}, work.now)))


async def _locked(work: Work, price_list_id: UUID) -> tuple[PriceList, list[PriceList]]:
    """The list, and the default one if that is another."""
    found = await queries.price_lists_for_update(work, price_list_id)
    listed = next((one for one in found if one.id == price_list_id), None)
    if listed is None:
        raise NotFound(entity=KIND, id=price_list_id)
    return listed, [one for one in found if one is not listed]
