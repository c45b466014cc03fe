"""What must hold at any time during the replay, looked at when each month ends.

The look falls between that day's invoices and their payments, so that goods and debts are there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from demonstration.calling import Api

__all__ = ["MonthEnd", "look", "month_ends"]


@dataclass(frozen=True)
class MonthEnd:
    """The books of the ERP on the last day of a month on which something was shipped."""

    day: str
    inventory_account: Decimal
    stock_valuation: Decimal
    receivable_account: Decimal
    open_items: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def balances(self) -> bool:
        """Whether debit equals credit."""
        return self.debit == self.credit

    def as_json(self) -> dict[str, str]:
        """The look for programs."""
        return {name: str(value) for name, value in asdict(self).items()}


def month_ends(days: Sequence[str]) -> frozenset[str]:
    """The last day of each month among these ISO dates."""
    last = {day[:7]: day for day in sorted(days)}
    return frozenset(last.values())


async def look(erp: Api, day: str) -> MonthEnd:
    """The books as they are now."""
    trial = await erp.get("/v1/reports/trial-balance")
    worth = await erp.get("/v1/reports/stock-valuation")
    accounts: Mapping[str, Decimal] = {
        one["role"]: Decimal(one["balance"]) for one in trial["accounts"] if one["role"]
    }
    amounts = [
        Decimal(item["open_amount"])
        async for item in erp.every("/v1/open-items", side="receivable", open=True)
    ]
    return MonthEnd(
        day=day,
        inventory_account=accounts["inventory"],
        stock_valuation=Decimal(worth["total"]),
        receivable_account=accounts["receivable"],
        open_items=sum(amounts, Decimal(0)),
        debit=Decimal(trial["debit"]),
        credit=Decimal(trial["credit"]),
    )
