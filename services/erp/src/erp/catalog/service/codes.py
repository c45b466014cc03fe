"""Codes: each is of one record of its kind."""

from collections.abc import Sequence

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.catalog.errors import DuplicateCode
from erp.catalog.models import ItemCategory, PriceList
from erp.catalog.queries.items import ids_by_code

__all__ = ["claim_codes"]


async def claim_codes(
    work: Work, table: str, records: Sequence[ItemCategory] | Sequence[PriceList]
) -> None:
    """See to it that each new record's code is of no other one. Raises DuplicateCode."""
    if not records:
        return
    codes = sorted({one.code for one in records})
    await advisory_lock(work, *(f"{table}:{code}" for code in codes))
    known = await ids_by_code(work.sql, table, codes)
    for one in records:
        existing_id = known.setdefault(one.code, one.id)
        if existing_id != one.id:
            raise DuplicateCode(entity=table, record_code=one.code, existing_id=existing_id)
