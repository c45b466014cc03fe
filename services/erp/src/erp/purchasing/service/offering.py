"""From whom we buy, and what: nothing new of what is archived."""

from collections.abc import Collection
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.parties.errors import PartyArchived
from erp.purchasing.errors import NotBought
from erp.purchasing.queries import prices

__all__ = ["require_bought"]


async def require_bought(
    work: Work, supplier_ids: Collection[UUID], item_ids: Collection[UUID]
) -> None:
    """Begin nothing new with an archived supplier, nor of an item that is not bought.

    Raises PartyArchived, NotBought.
    """
    archived = await prices.archived_suppliers(work.sql, supplier_ids)
    if archived:
        raise PartyArchived(number=", ".join(archived))
    not_bought = await prices.items_not_bought(work.sql, item_ids)
    if not_bought:
        raise NotBought(skus=", ".join(not_bought))
