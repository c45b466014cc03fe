"""What receivables do when settlement has news."""

from chassis.storage.work import Work
from erp.receivables import service
from erp.settlement.events import DocumentsSettled

__all__ = ["tell_settled_invoices"]


async def tell_settled_invoices(work: Work, event: DocumentsSettled) -> None:
    """Invoices were paid, credited or reopened: they tell what is left of them."""
    await service.tell_settled(work, event.document_ids)
