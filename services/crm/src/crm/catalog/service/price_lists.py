"""The ERP's price lists: which one holds where none is named."""

from functools import partial
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from crm.catalog.models import PriceList
from crm.catalog.schemas import PriceListView, UpsertPriceList
from crm.fields import Facts
from records.upserts import Sent, Upserted, require, upsert

__all__ = ["see_price_list", "upsert_price_list"]

KIND = "price_list"


async def see_price_list(sql: queries.Sql, price_list_id: UUID) -> PriceListView:
    """The price list as callers see it. Raises NotFound."""
    seen = await queries.price_list_view(sql, price_list_id)
    if seen is None:
        raise NotFound(entity=KIND, id=price_list_id)
    return seen


async def upsert_price_list(
    work: Work, system: str, external_id: str, command: UpsertPriceList
) -> Upserted:
    """Take over a price list as the ERP knows it.

    Each list only says of itself whether it is the default one, so they may come in any order.
    Raises InvalidInput (a new one without a code or a name).
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command),
        create=partial(_add, work, facts),
        change=partial(_change, work, facts),
    )


async def _add(work: Work, facts: Facts, price_list_id: UUID) -> None:
    added = PriceList(id=price_list_id, is_default=False, created_at=work.now, updated_at=work.now)
    added.apply(require(facts, "code", "name"))
    work.session.add(added)
    await work.flush()


async def _change(work: Work, facts: Facts, price_list_id: UUID) -> bool:
    listed = await lock(work, PriceList, price_list_id)
    changed = listed.apply(facts)
    if changed:
        listed.touch(work.now)
    await work.flush()
    return bool(changed)
