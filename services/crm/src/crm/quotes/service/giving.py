"""Open quotes are given to others when their owner leaves."""

from collections.abc import Mapping
from uuid import UUID

from chassis.work.unit_of_work import Work
from crm.open_work import OpenWork
from crm.quotes.service.quotes import QUOTE
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["OPEN"]


async def _give(work: Work, owners: Mapping[UUID, UUID]) -> None:
    """Give quotes to users, by quote; with history and events. Raises NotFound, Forbidden."""
    found = await lock_visible(work, QUOTE, list(owners))
    await write(work, QUOTE, [Change(one, {"owner_id": owners[one.id]}) for one in found.values()])


OPEN = OpenWork(
    type="quote",
    table="quote",
    is_open="status = 'active' and state in ('draft', 'sent')",
    give=_give,
)
"""Quotes that are drawn up, or sent and not answered, are what a user has open."""
