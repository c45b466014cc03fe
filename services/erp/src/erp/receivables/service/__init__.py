"""The door of receivables: issuing invoices and credit notes."""

from erp.receivables.service.issuing import (
    IssueCharge,
    IssueInvoice,
    IssueLine,
    credit_order,
    issue,
    see_invoice,
)

__all__ = ["IssueCharge", "IssueInvoice", "IssueLine", "credit_order", "issue", "see_invoice"]
