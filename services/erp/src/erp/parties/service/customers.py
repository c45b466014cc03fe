"""Acts on customers."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.lines import stand_in_line
from erp.links import CRM, LinkExternal, ManagedByCrm, is_linked, link
from erp.parties import queries
from erp.parties.errors import DuplicateTaxId
from erp.parties.events import CustomerChanged
from erp.parties.models import ACTIVE, ARCHIVED, Customer
from erp.parties.rules.ownership import led_by_crm
from erp.parties.schemas import ChangeCustomer, CustomerView, NewCustomer, UpsertCustomer
from erp.parties.service.facts import merged, supported
from erp.upserts import Sent, Upserted, required, upsert

__all__ = [
    "archive_customer",
    "change_customer",
    "link_customer",
    "register_customer",
    "restore_customer",
    "see_customer",
    "upsert_customer",
]

KIND = "customer"


async def see_customer(sql: "asyncpg.Connection[Any]", customer_id: UUID) -> CustomerView:
    """The customer as callers see it. Raises NotFound."""
    seen = await queries.customer_view(sql, customer_id)
    if seen is None:
        raise NotFound(entity=KIND, id=customer_id)
    return seen


async def register_customer(work: Work, command: NewCustomer) -> UUID:
    """Take on a customer. Raises DuplicateTaxId, CurrencyNotSupported."""
    return await _register(work, command.facts(), uuid7())


async def change_customer(
    work: Work, customer_id: UUID, command: ChangeCustomer, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateTaxId, CurrencyNotSupported, ManagedByCrm.
    """
    customer = await _locked(work, customer_id)
    customer.check_revision(revision)
    await _change(work, customer, merged(customer, command.facts()))


async def archive_customer(work: Work, customer_id: UUID) -> None:
    """Stop doing business with the customer; its history stays. Raises NotFound."""
    await _change(work, await _locked(work, customer_id), {"status": ARCHIVED})


async def restore_customer(work: Work, customer_id: UUID) -> None:
    """Do business with the customer again. Raises NotFound, DuplicateTaxId."""
    await _change(work, await _locked(work, customer_id), {"status": ACTIVE})


async def link_customer(work: Work, customer_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the customer is. Raises NotFound, AlreadyLinked.

    A change at hand ends first: from then on a linked CRM leads.
    """
    await link(work, KIND, customer_id, command)
    await _locked(work, customer_id)


async def upsert_customer(
    work: Work, system: str, external_id: str, command: UpsertCustomer
) -> Upserted:
    """Take over a customer as another system knows it.

    Raises InvalidInput (a new one without a name), DuplicateTaxId, CurrencyNotSupported,
    ManagedByCrm.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_register_sent, work, facts),
        change=partial(_change_sent, work, facts, leads=system == CRM),
    )


async def _register_sent(work: Work, facts: dict[str, Any], customer_id: UUID) -> None:
    await _register(work, required(facts, "name"), customer_id)


async def _change_sent(
    work: Work, facts: dict[str, Any], customer_id: UUID, *, leads: bool
) -> bool:
    return await _change(work, await _locked(work, customer_id), facts, leads=leads)


async def _register(work: Work, facts: Mapping[str, Any], customer_id: UUID) -> UUID:
    customer = Customer(
        id=customer_id,
        number=await queries.next_customer_number(work.sql),
        currency=work.setting.currency,
        status=ACTIVE,
        created_at=work.now,
        updated_at=work.now,
    )
    customer.take(supported(work, facts))
    work.session.add(customer)
    await _claim_tax_id(work, customer)
    await work.flush()
    await work.record(CustomerChanged.of(customer, CustomerChanged.every_field()))
    return customer.id


async def _change(
    work: Work, customer: Customer, facts: Mapping[str, Any], *, leads: bool = False
) -> bool:
    """Whether anything changed; then it is one version and one event more."""
    changed = customer.change(supported(work, facts), work.now)
    if not changed:
        return False
    led = led_by_crm(changed)
    if led and not leads and await is_linked(work, KIND, customer.id, system=CRM):
        raise ManagedByCrm(fields=", ".join(led), entity=KIND)
    if {"tax_id", "status"} & set(changed):
        await _claim_tax_id(work, customer)
    await work.flush()
    await work.record(CustomerChanged.of(customer, changed))
    return True


async def _claim_tax_id(work: Work, customer: Customer) -> None:
    """See to it that no other active customer has the tax id. Raises DuplicateTaxId."""
    if not customer.claims_tax_id:
        return
    await stand_in_line(work, f"tax_id:{customer.tax_id}")
    holder = await queries.active_customer_with_tax_id(
        work.sql, customer.tax_id, other_than=customer.id
    )
    if holder:
        existing_id, number = holder
        raise DuplicateTaxId(tax_id=customer.tax_id, existing_id=existing_id, number=number)


async def _locked(work: Work, customer_id: UUID) -> Customer:
    customer = await queries.for_update(work, Customer, customer_id)
    if customer is None:
        raise NotFound(entity=KIND, id=customer_id)
    return customer
