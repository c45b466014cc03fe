"""Handlers of receivables for events of settlement and the catalog."""

from chassis.work.unit_of_work import Work
from erp.catalog.events import TaxCodesNamed
from erp.receivables.service.building import publish_settled, tax_rates_of
from erp.receivables.service.opening import publish_settled_openings
from erp.settlement.events import DocumentsSettled

__all__ = ["publish_settled_invoices", "require_tax_codes"]


async def publish_settled_invoices(work: Work, event: DocumentsSettled) -> None:
    """Invoices or opening items were settled or reopened: publish what is left of them."""
    await publish_settled(work, event.document_ids)
    if event.opening_ids:
        await publish_settled_openings(work, event.opening_ids)


async def require_tax_codes(work: Work, event: TaxCodesNamed) -> None:
    """Items name no tax code that there is not. Raises MissingReference."""
    await tax_rates_of(work, event.tax_codes)
