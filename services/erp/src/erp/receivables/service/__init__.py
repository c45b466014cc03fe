"""Acts of receivables: invoices, credit notes and tax codes."""

from erp.receivables.queries import is_invoiced
from erp.receivables.service.building import (
    IssueCharge,
    IssueInvoice,
    IssueLine,
    publish_settled,
    tax_rates_of,
)
from erp.receivables.service.crediting import credit_invoice, credit_order
from erp.receivables.service.issuing import add_tax_code, issue, issue_manual_invoice
from erp.receivables.service.opening import (
    open_receivables,
    publish_settled_openings,
)
from erp.receivables.service.writing_off import write_off_debt

__all__ = [
    "IssueCharge",
    "IssueInvoice",
    "IssueLine",
    "add_tax_code",
    "credit_invoice",
    "credit_order",
    "is_invoiced",
    "issue",
    "issue_manual_invoice",
    "open_receivables",
    "publish_settled",
    "publish_settled_openings",
    "tax_rates_of",
    "write_off_debt",
]
