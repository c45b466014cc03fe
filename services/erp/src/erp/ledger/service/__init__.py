"""Acts of the ledger, and the door that other modules post through."""

from erp.ledger.rules.posting import Posting, PostingLine, credit, debit
from erp.ledger.service.entries import (
    accounts_must_be_free,
    in_open_periods,
    must_be_open,
    post,
    post_by_hand,
    reverse,
    reverse_by_hand,
    reverse_document,
    see_entry,
    trial_balance,
)
from erp.ledger.service.years import change_period, ensure_year, open_account, open_year

__all__ = [
    "Posting",
    "PostingLine",
    "accounts_must_be_free",
    "change_period",
    "credit",
    "debit",
    "ensure_year",
    "in_open_periods",
    "must_be_open",
    "open_account",
    "open_year",
    "post",
    "post_by_hand",
    "reverse",
    "reverse_by_hand",
    "reverse_document",
    "see_entry",
    "trial_balance",
]
