"""States and kinds of invoices."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["INVOICE_FOLLOWING", "InvoiceKind", "InvoiceState"]


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


INVOICE_FOLLOWING: Mapping[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.ISSUED: frozenset(
        {
            InvoiceState.PARTLY_PAID,
            InvoiceState.PAID,
            InvoiceState.CREDITED,
            InvoiceState.WRITTEN_OFF,
        }
    ),
    InvoiceState.PARTLY_PAID: frozenset(
        {InvoiceState.ISSUED, InvoiceState.PAID, InvoiceState.CREDITED, InvoiceState.WRITTEN_OFF}
    ),
    InvoiceState.PAID: frozenset(
        {InvoiceState.ISSUED, InvoiceState.PARTLY_PAID, InvoiceState.CREDITED}
    ),
    InvoiceState.CREDITED: frozenset({InvoiceState.ISSUED, InvoiceState.PARTLY_PAID}),
    InvoiceState.WRITTEN_OFF: frozenset(
        {InvoiceState.ISSUED, InvoiceState.PARTLY_PAID, InvoiceState.CREDITED}
    ),
}
"""What settled an invoice may be taken back; what is paid or credited whole is not written off."""
