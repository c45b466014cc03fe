"""Codes: each is of one record of its kind."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.catalog.errors import DuplicateCode
from erp.catalog.queries.items import ids_by_code

__all__ = ["Coded", "claim_codes"]


class Coded(Protocol):
    """A record with a code."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def code(self) -> str:
        """The code, which no other record of its kind has."""


async def claim_codes(work: Work, table: str, records: Sequence[Coded]) -> None:
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
