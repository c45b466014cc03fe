"""Acts of the ledger, and what other modules post by."""

from erp.ledger.rules.posting import Posting, PostingLine, credit, debit
from erp.ledger.service.entries import (
    get_entry,
    in_open_periods,
    post,
    post_manual_entry,
    require_no_control_account,
    require_open_period,
    reverse,
    reverse_document,
    reverse_manual_entry,
    trial_balance,
)
from erp.ledger.service.sent import upsert_entries
from erp.ledger.service.years import change_period, ensure_year, open_year

__all__ = [
    "Posting",
    "PostingLine",
    "change_period",
    "credit",
    "debit",
    "ensure_year",
    "get_entry",
    "in_open_periods",
    "open_year",
    "post",
    "post_manual_entry",
    "require_no_control_account",
    "require_open_period",
    "reverse",
    "reverse_document",
    "reverse_manual_entry",
    "trial_balance",
    "upsert_entries",
]
