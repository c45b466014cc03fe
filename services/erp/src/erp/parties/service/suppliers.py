"""Acts on suppliers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.work.locking import lock, lock_all
from chassis.work.unit_of_work import Work
from erp.links import LinkExternal, link
from erp.parties import queries
from erp.parties.events import SupplierChanged
from erp.parties.models import ACTIVE, ARCHIVED, Supplier
from erp.parties.schemas import ChangeSupplier, NewSupplier, SupplierView, UpsertSupplier
from erp.parties.service.facts import CLAIMING, claim_tax_ids, merged, supported
from erp.upserts import InBulk, Sent, Upserted, required, upsert_one

__all__ = [
    "IN_BULK",
    "archive_supplier",
    "change_supplier",
    "link_supplier",
    "register_supplier",
    "restore_supplier",
    "see_supplier",
    "upsert_supplier",
]

KIND = "supplier"
Facts: TypeAlias = Mapping[str, Any]


async def see_supplier(sql: "asyncpg.Connection[Any]", supplier_id: UUID) -> SupplierView:
    """The supplier as callers see it. Raises NotFound."""
    seen = await queries.supplier_view(sql, supplier_id)
    if seen is None:
        raise NotFound(entity=KIND, id=supplier_id)
    return seen


async def register_supplier(work: Work, command: NewSupplier) -> UUID:
    """Take on a supplier. Raises DuplicateTaxId, CurrencyNotSupported."""
    supplier_id = uuid7()
    await _register_all(work, [(supplier_id, command.facts())])
    return supplier_id


async def change_supplier(
    work: Work, supplier_id: UUID, command: ChangeSupplier, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateTaxId, CurrencyNotSupported.
    """
    supplier = await lock(work, Supplier, supplier_id)
    supplier.check_revision(revision)
    await _change_all(work, [(supplier, command.facts())])


async def archive_supplier(work: Work, supplier_id: UUID) -> None:
    """Stop buying from the supplier; its history stays. Raises NotFound."""
    await _put(work, supplier_id, ARCHIVED)


async def restore_supplier(work: Work, supplier_id: UUID) -> None:
    """Buy from the supplier again. Raises NotFound, DuplicateTaxId."""
    await _put(work, supplier_id, ACTIVE)


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
    sent = Sent(KIND, system, external_id, command)
    return await upsert_one(work, sent, command, by=IN_BULK)


async def _register_sent(
    work: Work, _system: str, sent: Sequence[tuple[UUID, UpsertSupplier]]
) -> None:
    new = [(supplier_id, required(command.facts(), "name")) for supplier_id, command in sent]
    await _register_all(work, new)


async def _change_sent(
    work: Work, _system: str, sent: Sequence[tuple[UUID, UpsertSupplier]]
) -> list[bool]:
    held = await lock_all(work, Supplier, [supplier_id for supplier_id, _ in sent])
    return await _change_all(work, [(held[one], command.facts()) for one, command in sent])


IN_BULK = InBulk[Any](create=_register_sent, change=_change_sent)
"""How suppliers of another system are taken over, one or many."""


async def _register_all(work: Work, new: Sequence[tuple[UUID, Facts]]) -> None:
    """Take on suppliers under the ids given, all or none of them."""
    numbers = await queries.next_supplier_numbers(work.sql, len(new))
    suppliers = []
    for (supplier_id, facts), number in zip(new, numbers, strict=True):
        supplier = Supplier(
            id=supplier_id,
            number=number,
            currency=work.setting.currency,
            status=ACTIVE,
            created_at=work.now,
            updated_at=work.now,
        )
        supplier.take(supported(work, merged(supplier, facts)))
        suppliers.append(supplier)
    await claim_tax_ids(work, KIND, suppliers)
    work.session.add_all(suppliers)
    await work.flush()
    every_field = SupplierChanged.every_field()
    await work.record(*(SupplierChanged.of(supplier, every_field) for supplier in suppliers))


async def _put(work: Work, supplier_id: UUID, status: str) -> None:
    supplier = await lock(work, Supplier, supplier_id)
    await _change_all(work, [(supplier, {"status": status})])


async def _change_all(work: Work, told: Sequence[tuple[Supplier, Facts]]) -> list[bool]:
    """Whether each of the locked suppliers changed; then it is one version and one event more."""
    changes = [
        supplier.change(supported(work, merged(supplier, facts)), work.now)
        for supplier, facts in told
    ]
    claims = [
        supplier
        for (supplier, _), fields in zip(told, changes, strict=True)
        if CLAIMING.intersection(fields)
    ]
    await claim_tax_ids(work, KIND, claims)
    await work.flush()
    await work.record(
        *(
            SupplierChanged.of(supplier, fields)
            for (supplier, _), fields in zip(told, changes, strict=True)
            if fields
        )
    )
    return [bool(fields) for fields in changes]
