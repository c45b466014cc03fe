"""The door of receivables: invoices, credit notes and tax codes."""

from erp.receivables.queries import is_invoiced
from erp.receivables.service.building import (
    IssueCharge,
    IssueInvoice,
    IssueLine,
    rates_of,
    tell_settled,
)
from erp.receivables.service.crediting import credit_by_hand, credit_order
from erp.receivables.service.issuing import add_tax_code, issue, issue_by_hand, see_invoice
from erp.receivables.service.opening import (
    open_receivables,
    see_opening,
    tell_settled_openings,
)
from erp.receivables.service.writing_off import write_off_debt

__all__ = [
    "IssueCharge",
    "IssueInvoice",
    "IssueLine",
    "add_tax_code",
    "credit_by_hand",
    "credit_order",
    "is_invoiced",
    "issue",
    "issue_by_hand",
    "open_receivables",
    "rates_of",
    "see_invoice",
    "see_opening",
    "tell_settled",
    "tell_settled_openings",
    "write_off_debt",
]
