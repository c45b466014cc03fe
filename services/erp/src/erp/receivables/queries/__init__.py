"""Named reads, locks and set-based writes of receivables."""

from erp.receivables.queries.invoices import (
    INVOICES,
    InvoiceDocument,
    add_document,
    customer_terms,
    documents_of_order,
    documents_to_credit,
    is_invoiced,
    order_of_invoice,
    owed_document,
    rates,
    save_credited,
    take_numbers,
    tax_codes,
    update_settled,
)
from erp.receivables.queries.openings import (
    OPENING_RECEIVABLES,
    add_openings,
    existing_openings,
    find_customers,
    update_settled_openings,
)

__all__ = [
    "INVOICES",
    "OPENING_RECEIVABLES",
    "InvoiceDocument",
    "add_document",
    "add_openings",
    "customer_terms",
    "documents_of_order",
    "documents_to_credit",
    "existing_openings",
    "find_customers",
    "is_invoiced",
    "order_of_invoice",
    "owed_document",
    "rates",
    "save_credited",
    "take_numbers",
    "tax_codes",
    "update_settled",
    "update_settled_openings",
]
