"""What the books bring into the ERP."""

from chassis.service import Module
from erp.ledger.models import (
    Account,
    FiscalYear,
    JournalEntry,
    JournalLine,
    JournalNumber,
    JournalSeries,
    Period,
)
from erp.ledger.router import (
    account_router,
    chart_router,
    entry_router,
    ledger_report_router,
    period_router,
    role_router,
    year_router,
)

__all__ = ["MODULE"]

MODULE = Module(
    name="ledger",
    routers=(
        account_router,
        chart_router,
        role_router,
        year_router,
        period_router,
        entry_router,
        ledger_report_router,
    ),
    tags={
        "accounts": "The chart of accounts that journal entries are posted to.",
        "fiscal-years": "Years of the books, each with its twelve periods.",
        "journal-entries": "Entries of the ledger; posted ones are reversed, not changed.",
        "periods": "Months of the books, open for posting or closed.",
    },
    permissions={
        "ledger.read": "See accounts, periods, entries and the trial balance.",
        "ledger.write": "Post and reverse entries by hand, open accounts.",
        "ledger.close": "Open fiscal years; close, open and lock periods.",
    },
    roles={
        "accountant": {"ledger.read", "ledger.write", "ledger.close"},
    },
    tables=(Account, FiscalYear, Period, JournalEntry, JournalLine, JournalNumber, JournalSeries),
    rights={
        "journal_entry": "select, insert",
        "journal_line": "select, insert",
        "journal_number": "select, insert",
        "journal_series": "select, insert, update (last_number)",
    },
)
