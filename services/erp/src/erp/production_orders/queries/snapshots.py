"""What an order is made firm with, stored once."""

from collections.abc import Sequence
from typing import Any

from chassis.storage.bulk import Bulk
from chassis.work.unit_of_work import Work
from erp.production_orders.models import OrderByProduct, OrderComponent, OrderOperation
from erp.production_orders.queries.orders import LockedOrder

__all__ = ["add_parts"]


def _columns(entity: Any) -> tuple[str, ...]:
    return tuple(column.name for column in entity.__table__.columns)


_OPERATION = _columns(OrderOperation)
_PLACES = ", ".join(f"${at}" for at in range(1, len(_OPERATION) + 1))


async def add_parts(work: Work, locked: Sequence[LockedOrder]) -> None:
    """Store the components, operations and by-products of orders that have none yet."""
    write = Bulk()
    components = [part for one in locked for part in one.components]
    write.insert(OrderComponent, components, *_columns(OrderComponent))
    by_products = [part for one in locked for part in one.by_products]
    write.insert(OrderByProduct, by_products, *_columns(OrderByProduct))
    await write.execute(work.sql)
    operations = [part for one in locked for part in one.operations]
    if operations:
        # Arrays within rows cannot go through unnest: they go row by row in one message.
        await work.sql.executemany(
            f"""insert into production_order_operation ({", ".join(_OPERATION)})
                 values ({_PLACES})""",
            [tuple(getattr(part, name) for name in _OPERATION) for part in operations],
        )
