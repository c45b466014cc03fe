"""What receivables do when settlement or the catalog has news."""

from chassis.work.unit_of_work import Work
from erp.catalog.events import TaxCodesNamed
from erp.receivables import service
from erp.settlement.events import DocumentsSettled

__all__ = ["know_tax_codes", "tell_settled_invoices"]


async def tell_settled_invoices(work: Work, event: DocumentsSettled) -> None:
    """Invoices or opening items were settled or reopened: they tell what is left of them."""
    await service.tell_settled(work, event.document_ids)
    if event.opening_ids:
        await service.tell_settled_openings(work, event.opening_ids)


async def know_tax_codes(work: Work, event: TaxCodesNamed) -> None:
    """Items name no tax code that there is not. Raises MissingReference."""
    await service.rates_of(work, event.tax_codes)
