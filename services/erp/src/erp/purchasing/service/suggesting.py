"""What should be bought: suggestions that follow the demand (E41)."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.problems import MissingReference
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.purchasing.models import PurchaseSuggestion
from erp.purchasing.queries import suggestions as queries
from erp.purchasing.queries.suggestions import Prospect
from erp.purchasing.rules.replenishing import Wish, wish_of
from erp.purchasing.schemas import Refreshed, RefreshSuggestions
from erp.stock import service as stock
from erp.stock.service import Shortage

__all__ = ["refresh", "refresh_asked"]


async def refresh(work: Work, item_ids: Sequence[UUID]) -> Refreshed:
    """Make, change or withdraw the suggestion of each item, as its shortage asks.

    What is waited for less what is expected, in the supplier's lots; run again, it changes
    nothing. The caller holds the items locked. Three statements, two when all is as it was.
    """
    short = await stock.shortages(work.sql, item_ids)
    prospects = await queries.prospects_of(work, item_ids)
    made, changed = [], []
    for item_id, prospect in prospects.items():
        wish = _wish(short.get(item_id), prospect)
        if prospect.suggestion is not None:
            if prospect.suggestion.follow(wish, work.now):
                changed.append(prospect.suggestion)
        elif wish is not None:
            made.append(_suggestion(work, item_id, wish))
    if made or changed:
        await queries.save_suggestions(work, [*made, *changed])
    withdrawn = sum(one.state == "withdrawn" for one in changed)
    return Refreshed(made=len(made), changed=len(changed) - withdrawn, withdrawn=withdrawn)


def _wish(short: Shortage | None, prospect: Prospect) -> Wish | None:
    if short is None or not prospect.bought:
        return None
    return wish_of(short.quantity, short.needed_on, prospect.source)


def _suggestion(work: Work, item_id: UUID, wish: Wish) -> PurchaseSuggestion:
    return PurchaseSuggestion(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        item_id=item_id,
        quantity=wish.quantity,
        needed_on=wish.needed_on,
        order_by=wish.order_by,
        supplier_id=wish.supplier_id,
        state="open",
        order_line_id=None,
    )


async def refresh_asked(work: Work, command: RefreshSuggestions) -> Refreshed:
    """Look anew at the items asked for, or at every one that is short or suggested.

    Raises MissingReference.
    """
    if command.skus is None:
        item_ids = [*await stock.short_items(work.sql), *await queries.open_items(work.sql)]
    else:
        known = await queries.items_by_sku(work.sql, command.skus)
        for sku in command.skus:
            if sku not in known:
                raise MissingReference(entity="item", reference=sku)
        item_ids = list(known.values())
    distinct = sorted(set(item_ids))
    await stock.lock_items(work, distinct)
    return await refresh(work, distinct)
