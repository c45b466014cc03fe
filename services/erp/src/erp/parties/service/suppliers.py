"""Acts on suppliers."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.links import LinkExternal, link
from erp.parties import queries
from erp.parties.events import SupplierChanged
from erp.parties.models import ACTIVE, ARCHIVED, Supplier
from erp.parties.schemas import ChangeSupplier, NewSupplier, SupplierView, UpsertSupplier
from erp.parties.service.facts import merged, supported
from erp.upserts import Sent, Upserted, required, upsert

__all__ = [
    "archive_supplier",
    "change_supplier",
    "link_supplier",
    "register_supplier",
    "restore_supplier",
    "see_supplier",
    "upsert_supplier",
]

KIND = "supplier"


async def see_supplier(sql: "asyncpg.Connection[Any]", supplier_id: UUID) -> SupplierView:
    """The supplier as callers see it. Raises NotFound."""
    seen = await queries.supplier_view(sql, supplier_id)
    if seen is None:
        raise NotFound(entity=KIND, id=supplier_id)
    return seen


async def register_supplier(work: Work, command: NewSupplier) -> UUID:
    """Take on a supplier. Raises CurrencyNotSupported."""
    return await _register(work, command.facts(), uuid7())


async def change_supplier(
    work: Work, supplier_id: UUID, command: ChangeSupplier, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, CurrencyNotSupported.
    """
    supplier = await _locked(work, supplier_id)
    supplier.check_revision(revision)
    await _change(work, supplier, merged(supplier, command.facts()))


async def archive_supplier(work: Work, supplier_id: UUID) -> None:
    """Stop buying from the supplier; its history stays. Raises NotFound."""
    await _change(work, await _locked(work, supplier_id), {"status": ARCHIVED})


async def restore_supplier(work: Work, supplier_id: UUID) -> None:
    """Buy from the supplier again. Raises NotFound."""
    await _change(work, await _locked(work, supplier_id), {"status": ACTIVE})


async def link_supplier(work: Work, supplier_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the supplier is. Raises NotFound, AlreadyLinked."""
    await see_supplier(work.sql, supplier_id)
    await link(work, KIND, supplier_id, command)


async def upsert_supplier(
    work: Work, system: str, external_id: str, command: UpsertSupplier
) -> Upserted:
    """Take over a supplier as another system knows it.

    Raises InvalidInput (a new one without a name), CurrencyNotSupported.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_register_sent, work, facts),
        change=partial(_change_sent, work, facts),
    )


async def _register_sent(work: Work, facts: dict[str, Any], supplier_id: UUID) -> None:
    await _register(work, required(facts, "name"), supplier_id)


async def _change_sent(work: Work, facts: dict[str, Any], supplier_id: UUID) -> bool:
    return await _change(work, await _locked(work, supplier_id), facts)


async def _register(work: Work, facts: Mapping[str, Any], supplier_id: UUID) -> UUID:
    supplier = Supplier(
        id=supplier_id,
        number=await queries.next_supplier_number(work.sql),
        currency=work.setting.currency,
        status=ACTIVE,
        created_at=work.now,
        updated_at=work.now,
    )
    supplier.take(supported(work, facts))
    work.session.add(supplier)
    await work.flush()
    await work.record(SupplierChanged.of(supplier, SupplierChanged.every_field()))
    return supplier.id


async def _change(work: Work, supplier: Supplier, facts: Mapping[str, Any]) -> bool:
    """Whether anything changed; then it is one version and one event more."""
    changed = supplier.change(supported(work, facts), work.now)
    if not changed:
        return False
    await work.flush()
    await work.record(SupplierChanged.of(supplier, changed))
    return True


async def _locked(work: Work, supplier_id: UUID) -> Supplier:
    supplier = await queries.for_update(work, Supplier, supplier_id)
    if supplier is None:
        raise NotFound(entity=KIND, id=supplier_id)
    return supplier
