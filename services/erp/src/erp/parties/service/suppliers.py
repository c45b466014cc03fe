"""Suppliers: what is particular about writing them."""

from collections.abc import Sequence

from chassis.work.unit_of_work import Work
from erp.parties import queries
from erp.parties.events import SupplierChanged
from erp.parties.models import ACTIVE, Supplier
from erp.parties.schemas import SupplierView
from erp.parties.service.parties import claim_tax_ids, prepare
from records.entities import Values
from records.types import Change, RecordType

__all__ = ["SUPPLIER"]


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    numbers = await queries.next_supplier_numbers(work.sql, count)
    own = {"currency": work.setting.currency, "status": ACTIVE}
    return [{"number": number} | own for number in numbers]


async def _check(work: Work, changes: Sequence[Change[Supplier]], _sender: str | None) -> None:
    await claim_tax_ids(work, "supplier", changes)


async def _publish(work: Work, changes: Sequence[Change[Supplier]]) -> None:
    await work.record(*(SupplierChanged.after(one) for one in changes))


SUPPLIER: RecordType[Supplier, SupplierView] = RecordType(
    name="supplier",
    entity=Supplier,
    reads=queries.SUPPLIERS,
    defaults=_defaults,
    prepare=prepare,
    check=_check,
    publish=_publish,
)
"""How suppliers are kept. Raises DuplicateTaxId, CurrencyNotSupported, Forbidden (terms)."""
