"""States of the ledger's periods, kinds and roles of its accounts."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "CONTROL_ROLES",
    "PERIOD_FOLLOWING",
    "PRODUCTION_ROLES",
    "AccountKind",
    "AccountRole",
    "ChartName",
    "PeriodState",
]


class AccountKind(StrEnum):
    """On which side of which statement an account stands."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class AccountRole(StrEnum):
    """What documents post to; each role has one account of the company's chart."""

    BANK = "bank"
    RECEIVABLE = "receivable"
    INVENTORY = "inventory"
    PAYABLE = "payable"
    GRNI = "grni"
    CUSTOMER_CREDIT = "customer_credit"
    TAX_OUTPUT = "tax_output"
    TAX_INPUT = "tax_input"
    EQUITY_OPENING = "equity_opening"
    RETAINED = "retained"
    SALES = "sales"
    FREIGHT_INCOME = "freight_income"
    COGS = "cogs"
    INVENTORY_ADJUSTMENT = "inventory_adjustment"
    PURCHASE_VARIANCE = "purchase_variance"
    BAD_DEBT = "bad_debt"
    PAYMENT_DIFFERENCE = "payment_difference"
    WORK_IN_PROGRESS = "work_in_progress"
    LABOUR_ABSORPTION = "labour_absorption"
    OVERHEAD_ABSORPTION = "overhead_absorption"
    PRODUCTION_VARIANCE = "production_variance"
    SCRAP = "scrap"
    REPAIR_COST = "repair_cost"


CONTROL_ROLES = frozenset(
    {
        AccountRole.RECEIVABLE,
        AccountRole.PAYABLE,
        AccountRole.INVENTORY,
        AccountRole.GRNI,
        AccountRole.WORK_IN_PROGRESS,
    }
)
"""Roles whose account agrees with documents line by line: it stays once it has entries."""

PRODUCTION_ROLES = frozenset(
    {
        AccountRole.WORK_IN_PROGRESS,
        AccountRole.LABOUR_ABSORPTION,
        AccountRole.OVERHEAD_ABSORPTION,
        AccountRole.PRODUCTION_VARIANCE,
        AccountRole.SCRAP,
        AccountRole.REPAIR_COST,
    }
)
"""Roles that a chart may leave out: the accounts that have them keep them."""


class ChartName(StrEnum):
    """Charts of accounts that come with the ERP."""

    CN_SMALL_ENTERPRISES = "cn_small_enterprises"


class PeriodState(StrEnum):
    """`open` takes entries, `closed` may be opened again, `locked` never."""

    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


PERIOD_FOLLOWING: Mapping[PeriodState, frozenset[PeriodState]] = {
    PeriodState.OPEN: frozenset({PeriodState.CLOSED, PeriodState.LOCKED}),
    PeriodState.CLOSED: frozenset({PeriodState.OPEN, PeriodState.LOCKED}),
    PeriodState.LOCKED: frozenset(),
}
"""Locked stays locked (E6)."""
