"""What parties owe us, and what we owe them, with the control account beside it."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from erp.settlement import queries
from erp.settlement.schemas import PartyReport
from erp.settlement.states import Side
from erp.sql import Sql

__all__ = ["party_report"]


async def party_report(
    sql: Sql, side: Side, *, on: date, currency: str, party_id: UUID | None
) -> PartyReport:
    """Open items and unused payments of each party at the end of a day (E14)."""
    items, account = await queries.party_balances(
        sql, side, on=on, currency=currency, party_id=party_id
    )
    return PartyReport(
        on=on,
        currency=currency,
        items=items,
        total=sum((one.balance for one in items), Decimal(0)),
        control_account=account,
    )
