"""What should be bought: suggestions that follow the demand (E41)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.purchasing.models.prices import PurchaseSuggestion
from erp.purchasing.queries import suggestions as queries
from erp.purchasing.queries.suggestions import ItemSourcing
from erp.purchasing.rules.replenishing import Requirement, requirement_of
from erp.purchasing.schemas.orders import Refreshed, RefreshSuggestions
from erp.purchasing.states import SuggestionState
from erp.stock.lines import Shortage
from erp.stock.service.expected_receipts import backordered_items, lock_items
from erp.stock.service.expected_receipts import shortages as stock_shortages

__all__ = ["refresh_suggestions", "requirements_of", "update_suggestions"]


async def requirements_of(at: Reading, short: Mapping[UUID, Shortage]) -> dict[UUID, Requirement]:
    """What should be bought of items that are short, in the supplier's lots.

    What is not bought is left out. Suggestions, and planning, answer from this alone (E41).
    """
    sourcings = await queries.sourcing_of(at, list(short))
    found = {one: _requirement(short[one], sourcing) for one, sourcing in sourcings.items()}
    return {one: need for one, need in found.items() if need is not None}


async def update_suggestions(work: Work, item_ids: Sequence[UUID]) -> Refreshed:
    """Make, change or withdraw the suggestion of each item, as its shortage asks.

    What is waited for less what is expected, or ordered and not approved yet, in the supplier's
    lots; run again, it changes nothing. The caller has locked the items. Three statements, two when
    all is as it was.
    """
    shortages = await stock_shortages(work, item_ids)
    sourcings = await queries.sourcing_of(work, item_ids)
    made, changed = [], []
    for item_id, sourcing in sourcings.items():
        requirement = _requirement(shortages.get(item_id), sourcing)
        if sourcing.suggestion is not None:
            if sourcing.suggestion.update_from(requirement, work.now):
                changed.append(sourcing.suggestion)
        elif requirement is not None:
            made.append(_suggestion(work, item_id, requirement))
    if made or changed:
        await queries.save_suggestions(work, [*made, *changed])
    withdrawn = sum(one.state == SuggestionState.WITHDRAWN for one in changed)
    return Refreshed(made=len(made), changed=len(changed) - withdrawn, withdrawn=withdrawn)


def _requirement(shortages: Shortage | None, sourcing: ItemSourcing) -> Requirement | None:
    if shortages is None or not sourcing.bought or shortages.quantity <= sourcing.pending:
        return None
    quantity = shortages.quantity - sourcing.pending
    return requirement_of(quantity, shortages.needed_on, sourcing.source)


def _suggestion(work: Work, item_id: UUID, requirement: Requirement) -> PurchaseSuggestion:
    return PurchaseSuggestion(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        item_id=item_id,
        quantity=requirement.quantity,
        needed_on=requirement.needed_on,
        order_by=requirement.order_by,
        supplier_id=requirement.supplier_id,
        state=SuggestionState.OPEN,
        order_line_id=None,
    )


async def refresh_suggestions(work: Work, command: RefreshSuggestions) -> Refreshed:
    """Look anew at the items asked for, or at every one that is short or suggested.

    Raises MissingReference.
    """
    if command.skus is None:
        item_ids = [*await backordered_items(work.sql), *await queries.open_items(work.sql)]
    else:
        known = await queries.items_by_sku(work.sql, command.skus)
        for sku in command.skus:
            if sku not in known:
                raise MissingReference(entity="item", reference=sku)
        item_ids = list(known.values())
    distinct = sorted(set(item_ids))
    await lock_items(work, distinct)
    return await update_suggestions(work, distinct)
