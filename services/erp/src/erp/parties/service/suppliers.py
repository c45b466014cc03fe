"""Suppliers: what is particular about writing them."""

from collections.abc import Sequence

from chassis.work.unit_of_work import Work
from erp.parties import queries
from erp.parties.events import SupplierChanged
from erp.parties.models import ACTIVE, Supplier
from erp.parties.schemas import SupplierView
from erp.parties.service.parties import claim_tax_ids, prepare
from erp.parties.service.personal import PERSONAL_SUPPLIER, refuse_erased
from records.entities import Values
from records.erasure.service import writable_values
from records.types import Change, RecordType

__all__ = ["SUPPLIER"]


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    new = await queries.new_suppliers(work.sql, count)
    own = {"currency": work.setting.currency, "status": ACTIVE}
    return [one | own for one in new]


async def _prepare(work: Work, change: Change[Supplier], sender: str | None) -> Values:
    """The values as of all parties, but for an erased person. Raises PersonIsErased."""
    values = await prepare(work, change, sender)
    return writable_values(work, SUPPLIER, change, values, sender)


async def _check(work: Work, changes: Sequence[Change[Supplier]], sender: str | None) -> None:
    await refuse_erased(work, SUPPLIER, changes, sender)
    await claim_tax_ids(work, "supplier", changes)


async def _publish(work: Work, changes: Sequence[Change[Supplier]]) -> None:
    await work.record(*(SupplierChanged.after(one) for one in changes))


SUPPLIER: RecordType[Supplier, SupplierView] = RecordType(
    name="supplier",
    entity=Supplier,
    reads=queries.SUPPLIERS,
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    personal=PERSONAL_SUPPLIER,
    publish=_publish,
)
"""How suppliers are kept. Raises DuplicateTaxId, CurrencyNotSupported, Forbidden (terms)."""
