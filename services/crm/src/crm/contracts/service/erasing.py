"""What becomes of contracts when a person is erased."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from crm.contracts.models import Contract
from crm.contracts.queries import contracts as queries
from crm.contracts.service.contracts import BY_ACT, CONTRACT
from records.types import Change
from records.writes import write

__all__ = ["contracts_with", "count_fixed", "erase_contract_texts"]


async def erase_contract_texts(
    work: Work, *, contacts: Sequence[UUID] = (), accounts: Sequence[UUID] = ()
) -> int:
    """Delete the texts made for these persons that nobody agreed to; how many there were.

    These are texts of what was never sent, and versions before the one that was. They bind nobody.
    """
    ids = await queries.with_loose_texts(work.sql, contacts, accounts)
    if not ids:
        return 0
    found = await lock_all(work, Contract, ids)
    # Read once the contracts are locked: one may have been sent, or generated again.
    gone = await queries.loose_texts(work.sql, contacts, accounts)
    gone = [one for one in gone if one[0] in found]
    without = [one for one in found.values() if (one.id, one.contract_version) in gone]
    emptied = {BY_ACT: True, "contract_version": None, "text_hash": ""}
    await write(work, CONTRACT, [Change(one, emptied) for one in without])
    await work.flush()
    await queries.forget_texts(work.sql, gone)
    return len(gone)


async def count_fixed(
    work: Work, *, contacts: Sequence[UUID] = (), accounts: Sequence[UUID] = ()
) -> int:
    """How many contracts that were sent are made with these persons."""
    return await queries.fixed_naming(work.sql, contacts, accounts)


async def contracts_with(
    at: Reading, *, contacts: Sequence[UUID] = (), accounts: Sequence[UUID] = ()
) -> list[dict[str, Any]]:
    """What contracts that are made with these persons say, each with all its texts."""
    rows = await queries.all_naming(at.sql, contacts, accounts)
    return [row | {"document_type": "contract"} for row in rows]
