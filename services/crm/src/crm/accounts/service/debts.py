"""What customers owe, as a linked ERP tells it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from chassis.storage.work import Work
from crm.accounts import queries
from crm.accounts.service.accounts import see_account

__all__ = ["tell_debt"]


async def tell_debt(work: Work, account_id: UUID, *, owes: Decimal, told_at: datetime) -> None:
    """Keep the newest word of what the account owes; it is no change of it. Raises NotFound."""
    await see_account(work.sql, account_id)
    await queries.tell_debt(work.sql, account_id, owes, told_at)
