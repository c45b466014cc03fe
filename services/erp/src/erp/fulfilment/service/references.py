"""The customers and items that orders refer to, read once for all of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.unit_of_work import Work
from erp.fulfilment.models import OrderLine
from erp.fulfilment.queries import reading
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import NewOrderLine

__all__ = ["OrderReferences"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class OrderReferences:
    """Rows of customers by id, and of items by id and by SKU."""

    customers: Mapping[UUID, Row]
    items: Mapping[UUID | str | None, Row]

    @classmethod
    async def read(
        cls, work: Work, customer_ids: Collection[UUID], lines: Sequence[NewOrderLine | OrderLine]
    ) -> Self:
        """What there is of the customers, and of the items that lines name."""
        skus = {line.sku for line in lines if isinstance(line, NewOrderLine) and line.sku}
        item_ids = {line.item_id for line in lines if line.item_id}
        customers, rows = await reading.load_references(
            work.sql, customer_ids=customer_ids, item_ids=item_ids, skus=skus
        )
        items: dict[UUID | str | None, Row] = {row["id"]: row for row in rows}
        return cls(customers, items | {row["sku"]: row for row in rows})

    @classmethod
    async def of(cls, work: Work, order: LockedOrder) -> Self:
        """What there is of an order's customer and items."""
        return await cls.read(work, [order.header.customer_id], order.lines)

    def customer(self, customer_id: UUID) -> Row:
        """The customer's row. Raises MissingReference."""
        if customer_id not in self.customers:
            raise MissingReference(entity="customer", reference=customer_id)
        return self.customers[customer_id]

    def item(self, line: NewOrderLine) -> Row:
        """The row of the item that the line names. Raises MissingReference."""
        named = line.item_id or line.sku
        if named not in self.items:
            raise MissingReference(entity="item", reference=named)
        return self.items[named]

    def tax_code(self, item_id: UUID) -> str | None:
        """The tax code the item is invoiced with now; None: it is not taxed."""
        found: str | None = self.items[item_id]["tax_code"]
        return found

    def is_goods(self, item_id: UUID) -> bool:
        """Whether the item lies in stock."""
        return bool(self.items[item_id]["kind"] == "goods")
