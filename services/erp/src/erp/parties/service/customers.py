"""Customers: what is particular about writing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from erp.parties import queries
from erp.parties.errors import ManagedByCrm
from erp.parties.events import CustomerChanged
from erp.parties.models import ACTIVE, Customer
from erp.parties.rules.ownership import CRM, LED_BY_CRM
from erp.parties.schemas import CustomerView
from erp.parties.service.parties import claim_tax_ids, prepare, require_price_lists
from erp.parties.service.personal import PERSONAL_CUSTOMER, refuse_erased
from records.entities import Values
from records.erasure.service import writable_values
from records.types import Change, Leader, RecordType

__all__ = ["CUSTOMER", "customer_states"]


async def customer_states(at: Reading, customer_ids: Sequence[UUID]) -> list[CustomerChanged]:
    """What is published of customers, as they are now."""
    customers = await read_all(at, Customer, customer_ids)
    return [CustomerChanged.of(customer, []) for customer in customers]


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    new = await queries.new_customers(work.sql, count)
    own = {"currency": work.setting.currency, "status": ACTIVE}
    return [one | own for one in new]


async def _prepare(work: Work, change: Change[Customer], sender: str | None) -> Values:
    """The values as of all parties, but for an erased person. Raises PersonIsErased."""
    values = await prepare(work, change, sender)
    return writable_values(work, CUSTOMER, change, values, sender)


async def _check(work: Work, changes: Sequence[Change[Customer]], sender: str | None) -> None:
    await refuse_erased(work, CUSTOMER, changes, sender)
    await require_price_lists(work, changes)
    await claim_tax_ids(work, "customer", changes)


async def _publish(work: Work, changes: Sequence[Change[Customer]]) -> None:
    await work.record(*(CustomerChanged.after(one) for one in changes))


CUSTOMER: RecordType[Customer, CustomerView] = RecordType(
    name="customer",
    entity=Customer,
    reads=queries.CUSTOMERS,
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    personal=PERSONAL_CUSTOMER,
    publish=_publish,
    leader=Leader(system=CRM, fields=LED_BY_CRM, refusal=ManagedByCrm),
)
"""How customers are kept. Raises DuplicateTaxId, CurrencyNotSupported, ManagedByCrm,
MissingReference (price list), Forbidden (terms).
"""
