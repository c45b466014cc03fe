"""States and kinds of invoices."""

from enum import StrEnum

__all__ = ["InvoiceKind", "InvoiceState"]


class InvoiceKind(StrEnum):
    """An invoice, or a credit note that takes some of it back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class InvoiceState(StrEnum):
    """How an invoice is settled."""

    ISSUED = "issued"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
