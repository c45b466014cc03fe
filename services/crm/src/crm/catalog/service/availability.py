"""What the ERP says of the stock of products: its newest word of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from chassis.http.batch import Outcome
from chassis.problems.standard import NotFound
from chassis.storage.source_versions import age_of, require_near
from chassis.work.unit_of_work import Work
from crm.catalog import queries
from records.settings import source_version_step_max
from records.upserts import OUTCOMES

__all__ = ["Stock", "store_stocks"]


@dataclass(frozen=True)
class Stock:
    """What the ERP says is free of a product, and expected, in its own version."""

    product_id: UUID
    version: int
    free: Decimal
    incoming: Decimal


async def store_stocks(work: Work, sent: Sequence[Stock]) -> list[Outcome]:
    """Keep the newest word of the stock of each of different products; it is no change of them.

    Raises NotFound, VersionTooFar.
    """
    found = await queries.availability_versions(work.sql, [one.product_id for one in sent])
    missing = next((one.product_id for one in sent if one.product_id not in found), None)
    if missing:
        raise NotFound(entity="product", id=missing)
    step_max = source_version_step_max(work)
    outcomes: list[Outcome] = []
    rows = []
    for one in sent:
        last, last_history = found[one.product_id]["version"], found[one.product_id]["history"]
        history = work.trace_of(one.product_id).history or last_history
        near_to = last if history == last_history else 0
        require_near(one.version, near_to, step_max=step_max)
        age = age_of(one.version, last, history=history, last_history=last_history)
        outcomes.append(OUTCOMES[age])
        if age > 0:
            rows.append(
                queries.StockOf(one.product_id, one.version, history, one.free, one.incoming)
            )
    await queries.store_availabilities(work.sql, rows, now=work.now)
    return outcomes
