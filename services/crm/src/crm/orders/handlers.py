"""What orders do when an account changes."""

from chassis.work.unit_of_work import Work
from crm.accounts.errors import HasOrdered
from crm.accounts.events import AccountChanged
from crm.accounts.service import accounts
from crm.orders import queries

__all__ = ["refuse_prospect_who_ordered"]


async def refuse_prospect_who_ordered(work: Work, event: AccountChanged) -> None:
    """Who has ordered is no prospect any more, so that its orders cross. Raises HasOrdered."""
    back = event.stage == "prospect" and "stage" in event.changed and event.version > 1
    if not back:
        return
    await accounts.wait_for_orders(work, event.id)
    if await queries.has_ordered(work.sql, event.id):
        raise HasOrdered(account=event.id)
