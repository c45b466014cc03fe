"""Costs of products: what is particular about writing them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from crm.catalog.service.products import PRODUCT
from crm.costs import queries
from crm.costs.errors import CostTaken
from crm.costs.events import ProductCostChanged
from crm.costs.models import ProductCost
from crm.costs.schemas import ProductCostView
from records.entities import ACTIVE, Values
from records.types import Change, RecordType, changed_fields

__all__ = ["COST", "COST_OF_PRODUCT", "costs_on", "product_cost_states"]

COST_OF_PRODUCT = queries.COST_OF_PRODUCT


async def product_cost_states(at: Reading, ids: Sequence[UUID]) -> list[ProductCostChanged]:
    """What is published of costs, as they are now: no amounts."""
    return [ProductCostChanged.of(one, []) for one in await read_all(at, ProductCost, ids)]


_FIXED = ("product_id", "currency", "valid_from")
_Key = tuple[UUID, str, date]


async def costs_on(
    at: Reading, product_ids: Collection[UUID], *, currency: str, day: date
) -> Mapping[UUID, Decimal]:
    """What one unit of each product costs on the day; those without a cost are left out."""
    return await queries.costs_on(at.sql, product_ids, currency=currency, day=day)


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    return [{"currency": work.setting.currency, "note": "", "status": ACTIVE}] * count


async def _look_up(
    work: Work, changes: Sequence[Change[ProductCost]], _sender: str | None
) -> Sequence[Values]:
    """Raises MissingReference (product)."""
    wanted = {one.values["product_id"] for one in changes if one.values.get("product_id")}
    found = await PRODUCT.reads.found_ids(work, wanted) if wanted else set()
    for product_id in sorted(wanted):
        if product_id not in found:
            raise MissingReference(entity="product", reference=product_id)
    return [one.values for one in changes]


async def _prepare(_work: Work, change: Change[ProductCost], _sender: str | None) -> Values:
    """Raises InvalidInput for a known one of another product, currency or day."""
    values = dict(change.values)
    for name in _FIXED:
        if not change.is_new and name in values and values[name] != getattr(change.record, name):
            message = "This cannot be changed."
            raise InvalidInput(errors=[FieldError(f"/{name}", "fixed", message)])
    return values


async def _check(work: Work, changes: Sequence[Change[ProductCost]], _sender: str | None) -> None:
    """Raises CostTaken, for new costs and those that count again."""
    counting = [one for one in changes if one.is_new or "status" in one.before]
    new = [one.record for one in counting if one.record.status == ACTIVE]
    if not new:
        return
    names = sorted({f"product_cost:{one.product_id}" for one in new})
    await advisory_lock(work, *names)
    keys = [_key(one) for one in new]
    found = await queries.taken(work.sql, new)
    if found is None and len(set(keys)) < len(keys):
        found = Counter(keys).most_common(1)[0][0]
    if found is not None:
        _, currency, valid_from = found
        raise CostTaken(currency=currency, valid_from=valid_from)


async def _publish(work: Work, changes: Sequence[Change[ProductCost]]) -> None:
    events = [
        ProductCostChanged.of(one.record, changed_fields(ProductCostChanged, one))
        for one in changes
    ]
    await work.record(*events)


def _key(cost: ProductCost) -> _Key:
    return cost.product_id, cost.currency, cost.valid_from


COST: RecordType[ProductCost, ProductCostView] = RecordType(
    name="product_cost",
    entity=ProductCost,
    reads=queries.COSTS,
    required=("product_id", "valid_from", "cost"),
    defaults=_defaults,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
"""How costs of products are kept; what they come to is published nowhere."""
