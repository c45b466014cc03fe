"""What invoices bring into the ERP."""

from chassis.service import Module
from erp.catalog.events import TaxCodesNamed
from erp.receivables.events import InvoiceChanged, OpeningReceivableChanged
from erp.receivables.handlers import publish_settled_invoices, require_tax_codes
from erp.receivables.models import (
    Invoice,
    InvoiceLine,
    InvoiceNumber,
    InvoiceSeries,
    InvoiceTax,
    OpeningReceivable,
    TaxCode,
)
from erp.receivables.router import (
    invoice_router,
    opening_receivable_router,
    tax_code_router,
    write_off_router,
)
from erp.settlement.events import DocumentsSettled

__all__ = ["MODULE"]

MODULE = Module(
    name="receivables",
    routers=(invoice_router, tax_code_router, write_off_router, opening_receivable_router),
    tags={
        "invoices": "Invoices and credit notes to customers, with their legal numbers.",
        "opening-receivables": "Unpaid invoices of the time before Tandem, taken over once.",
        "tax-codes": "Rates of value-added tax that lines name.",
        "write-offs": "Debts of customers that are given up, and taken back when they are paid.",
    },
    permissions={
        "receivables.read": "See invoices, credit notes and tax codes.",
        "receivables.write": "Issue and credit invoices; add tax codes.",
        "receivables.write_off": "Write off bad debts, and take that back.",
    },
    roles={
        "accountant": {"receivables.read", "receivables.write", "receivables.write_off"},
        "seller": {"receivables.read"},
    },
    tables=(
        TaxCode,
        InvoiceSeries,
        Invoice,
        InvoiceNumber,
        InvoiceLine,
        OpeningReceivable,
        InvoiceTax,
    ),
    rights={
        "tax_code": "select, insert",
        "invoice": "select, insert, update (version, updated_at, state, open_amount, credited)",
        "invoice_number": "select, insert",
        "invoice_line": "select, insert, update (credited_quantity, credited_net)",
        "invoice_tax": "select, insert, update (credited_base, credited_tax)",
        "invoice_series": "select, insert, update (last_number, last_on)",
        "opening_receivable": "select, insert, update (version, updated_at)",
    },
    events=(InvoiceChanged, OpeningReceivableChanged),
    handlers={
        TaxCodesNamed: (require_tax_codes,),
        DocumentsSettled: (publish_settled_invoices,),
    },
)
