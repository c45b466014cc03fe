"""Entries of other systems: known by their id there, so that none is posted twice."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from chassis.http.batch import BatchReply
from chassis.work.unit_of_work import Work
from erp.ledger.errors import EntryPosted
from erp.ledger.models import JournalEntry
from erp.ledger.schemas import LedgerOpening, SentEntry
from erp.ledger.service.entries import post_manual_entry, post_opening
from records.batches import upsert_each
from records.senders import BatchRequest
from records.upserts import Sent, Upserted, upsert

__all__ = ["upsert_entries", "upsert_openings"]


async def upsert_entries(
    work: Work, request: BatchRequest, items: Sequence[SentEntry]
) -> BatchReply:
    """Post entries as another system tells them, each once; each is judged alone."""
    return await upsert_each(work, request, JournalEntry, items, _upsert_entry)


async def _upsert_entry(work: Work, system: str, external_id: str, command: SentEntry) -> Upserted:
    """Raises EntryPosted (another one was posted), and what `post_manual_entry` raises."""
    return await upsert(
        work,
        Sent(JournalEntry.__tablename__, system, external_id, command),
        create=partial(post_manual_entry, work, command),
        change=partial(_stay, external_id),
    )


async def upsert_openings(
    work: Work, request: BatchRequest, items: Sequence[LedgerOpening]
) -> BatchReply:
    """Post opening balances, each once; each is judged alone."""
    return await upsert_each(work, request, JournalEntry, items, _upsert_opening)


async def _upsert_opening(
    work: Work, system: str, external_id: str, command: LedgerOpening
) -> Upserted:
    """Raises EntryPosted (another one was posted), and what `post_opening` raises."""
    return await upsert(
        work,
        Sent(JournalEntry.__tablename__, system, external_id, command),
        create=partial(post_opening, work, command),
        change=partial(_stay, external_id),
    )


async def _stay(external_id: str, _entry_id: UUID) -> bool:
    raise EntryPosted(external_id=external_id)
