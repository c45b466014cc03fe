"""Acts on customers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.http.linking import LinksReply, LinksView, ViewOf, link_each, links_of
from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.locking import lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.links import (
    CRM,
    ExternalRef,
    LinkExternal,
    LinkRecords,
    ManagedByCrm,
    link,
    linked,
    require_speaker,
    unlink,
)
from erp.parties import queries
from erp.parties.events import CustomerChanged
from erp.parties.models import ACTIVE, ARCHIVED, Customer
from erp.parties.rules.ownership import LED_BY_CRM, led_by_crm
from erp.parties.schemas import ChangeCustomer, CustomerView, NewCustomer, UpsertCustomer
from erp.parties.service.facts import (
    CLAIMING,
    claim_tax_ids,
    merged,
    require_price_lists,
    supported,
)
from erp.upserts import InBulk, Sent, Upserted, required, upsert_one

__all__ = [
    "IN_BULK",
    "archive_customer",
    "change_customer",
    "customer_states",
    "link_customer",
    "link_customers",
    "links_of_customers",
    "register_customer",
    "restore_customer",
    "see_customer",
    "unlink_customer",
    "upsert_customer",
]

KIND = "customer"
Facts: TypeAlias = Mapping[str, Any]


async def see_customer(sql: "asyncpg.Connection[Any]", customer_id: UUID) -> CustomerView:
    """The customer as callers see it. Raises NotFound."""
    seen = await queries.customer_view(sql, customer_id)
    if seen is None:
        raise NotFound(entity=KIND, id=customer_id)
    return seen


async def customer_states(work: Work, customer_ids: Sequence[UUID]) -> list[CustomerChanged]:
    """What is published of customers, as they are now."""
    customers = await read_all(work, Customer, customer_ids)
    return [CustomerChanged.of(customer, []) for customer in customers]


async def register_customer(work: Work, command: NewCustomer) -> UUID:
    """Take on a customer. Raises DuplicateTaxId, CurrencyNotSupported, MissingReference."""
    customer_id = uuid7()
    await _register_all(work, [(customer_id, command.facts())])
    return customer_id


async def change_customer(
    work: Work, customer_id: UUID, command: ChangeCustomer, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateTaxId, CurrencyNotSupported, ManagedByCrm,
    MissingReference (price list).
    """
    customer = await lock(work, Customer, customer_id)
    customer.check_revision(revision)
    await _change_all(work, [(customer, command.facts())])


async def archive_customer(work: Work, customer_id: UUID) -> None:
    """Stop doing business with the customer; its history stays. Raises NotFound."""
    await _put(work, customer_id, ARCHIVED)


async def restore_customer(work: Work, customer_id: UUID) -> None:
    """Do business with the customer again. Raises NotFound, DuplicateTaxId."""
    await _put(work, customer_id, ACTIVE)


async def link_customer(work: Work, customer_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the customer is. Raises NotFound, AlreadyLinked.

    A change at hand ends first: from then on a linked CRM leads.
    """
    await link(work, KIND, customer_id, command)
    await lock(work, Customer, customer_id)


async def unlink_customer(work: Work, customer_id: UUID, gone: ExternalRef) -> None:
    """Forget which record of another system the customer is. Raises NotFound.

    All that the other system led in is ours to change again.
    """
    await unlink(work, KIND, customer_id, gone)
    await lock(work, Customer, customer_id)


async def link_customers(work: Work, command: LinkRecords, *, view_of: ViewOf) -> LinksReply:
    """Say of many customers which record of another system each is; each is judged alone.

    Raises SystemReserved.
    """
    require_speaker(work, command.system)
    return await link_each(work, Customer, command.system, command.items, view_of=view_of)


async def links_of_customers(at: Reading, ids: Sequence[UUID]) -> LinksView:
    """Which records of other systems the customers are."""
    return await links_of(at, KIND, ids)


async def upsert_customer(
    work: Work, system: str, external_id: str, command: UpsertCustomer
) -> Upserted:
    """Take over a customer as another system knows it.

    Raises InvalidInput (a new one without a name), DuplicateTaxId, CurrencyNotSupported,
    ManagedByCrm, MissingReference (price list).
    """
    sent = Sent(KIND, system, external_id, command)
    return await upsert_one(work, sent, command, by=IN_BULK)


async def _register_sent(
    work: Work, _system: str, sent: Sequence[tuple[UUID, UpsertCustomer]]
) -> None:
    new = [(customer_id, required(command.facts(), "name")) for customer_id, command in sent]
    await _register_all(work, new)


async def _change_sent(
    work: Work, system: str, sent: Sequence[tuple[UUID, UpsertCustomer]]
) -> list[bool]:
    held = await lock_all(work, Customer, [customer_id for customer_id, _ in sent])
    told = [(held[customer_id], command.facts()) for customer_id, command in sent]
    return await _change_all(work, told, leads=system == CRM)


IN_BULK = InBulk[Any](create=_register_sent, change=_change_sent)
"""How customers of another system are taken over, one or many."""


async def _register_all(work: Work, new: Sequence[tuple[UUID, Facts]]) -> None:
    """Take on customers under the ids given, all or none of them."""
    numbers = await queries.next_customer_numbers(work.sql, len(new))
    customers = []
    for (customer_id, facts), number in zip(new, numbers, strict=True):
        customer = Customer(
            id=customer_id,
            number=number,
            currency=work.setting.currency,
            status=ACTIVE,
            created_at=work.now,
            updated_at=work.now,
        )
        customer.take(supported(work, merged(customer, facts)))
        customers.append(customer)
    await require_price_lists(work, customers)
    await claim_tax_ids(work, KIND, customers)
    work.session.add_all(customers)
    await work.flush()
    every_field = CustomerChanged.every_field()
    await work.record(*(CustomerChanged.of(customer, every_field) for customer in customers))


async def _put(work: Work, customer_id: UUID, status: str) -> None:
    customer = await lock(work, Customer, customer_id)
    await _change_all(work, [(customer, {"status": status})])


async def _change_all(
    work: Work, told: Sequence[tuple[Customer, Facts]], *, leads: bool = False
) -> list[bool]:
    """Whether each of the locked customers changed; then it is one version and one event more.

    Where a linked CRM sent what it leads in, and nobody here may edit, the ETag stays.
    """
    changes = [customer.take(supported(work, merged(customer, facts))) for customer, facts in told]
    changed = [
        (customer, fields) for (customer, _), fields in zip(told, changes, strict=True) if fields
    ]
    if not leads:
        await _must_be_led_here(work, changed)
    for customer, fields in changed:
        customer.touch(work.now, edited=not (leads and LED_BY_CRM.issuperset(fields)))
    priced = [customer for customer, fields in changed if {"price_list", "currency"} & set(fields)]
    await require_price_lists(work, priced)
    claims = [customer for customer, fields in changed if CLAIMING.intersection(fields)]
    await claim_tax_ids(work, KIND, claims)
    await work.flush()
    await work.record(*(CustomerChanged.of(customer, fields) for customer, fields in changed))
    return [bool(fields) for fields in changes]


async def _must_be_led_here(work: Work, changed: Sequence[tuple[Customer, Sequence[str]]]) -> None:
    """Raise ManagedByCrm where a field changed that the linked CRM leads in."""
    led = {customer.id: fields for customer, changes in changed if (fields := led_by_crm(changes))}
    for customer_id in await linked(work, KIND, led.keys(), system=CRM):
        raise ManagedByCrm(fields=", ".join(led[customer_id]), entity=KIND)
