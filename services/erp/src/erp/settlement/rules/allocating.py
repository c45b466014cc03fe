"""Which open items a payment settles when the payer names none: the oldest due first."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

__all__ = ["AllocationShare", "allocate_oldest_first"]


class AllocationShare(NamedTuple):
    """So much of a payment for a document."""

    document_id: UUID
    amount: Decimal


def allocate_oldest_first(
    amount: Decimal, items: Iterable[tuple[UUID, Decimal]]
) -> list[AllocationShare]:
    """Shares of the amount for documents in the order given, each at most what is open of it."""
    shares = []
    for document_id, open_amount in items:
        share = min(amount, open_amount)
        if share > 0:
            shares.append(AllocationShare(document_id, share))
            amount -= share
    return shares
