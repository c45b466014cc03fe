"""The end of every movement of goods: stored, posted to the ledger, published."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, PostingLine
from erp.ledger.service.entries import in_open_periods, post
from erp.stock.lines import NewMove
from erp.stock.models.demand import Demand
from erp.stock.queries import saving
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.service.publishing import fill_backorders, publish_changes

__all__ = ["post_moves"]

_NOTHING = Decimal(0)


async def post_moves(
    work: Work,
    stock: LockedStock,
    document: SourceDocument,
    *,
    counterpart: str,
    filled: Sequence[Demand] | None = None,
) -> None:
    """Fill backorders, store, post to the ledger and publish: the end of every movement of goods.

    `filled` is given where others than the lines that move have got goods already.
    """
    own = set(stock.demands) - {line.order_line_id for line in filled or ()}
    if filled is None:
        filled = await fill_backorders(work, stock)
    with in_open_periods([document.effective_on]):
        await saving.save(work, stock, document)
    await post(work, list(_postings(stock, document, counterpart)))
    await publish_changes(work, stock, filled=filled, own=own)


def _postings(stock: LockedStock, document: SourceDocument, counterpart: str) -> Iterable[Posting]:
    """An entry for each document: inventory by item, against the counterpart by item."""
    for source_id, values in _value_by_document(stock.moves).items():
        lines = [
            line
            for item_id, value in values.items()
            for line in _posting_lines(stock, item_id, value, counterpart)
        ]
        yield Posting(
            id=uuid7(),
            effective_on=document.effective_on,
            source_type=document.source_type,
            source_id=source_id,
            memo=document.memo,
            lines=tuple(lines),
        )


def _value_by_document(moves: Iterable[NewMove]) -> Mapping[UUID, Mapping[UUID, Decimal]]:
    """What each document brought in (negative: took out) of each item."""
    found: dict[UUID, dict[UUID, Decimal]] = {}
    for move in moves:
        values = found.setdefault(move.source_id, {})
        signed = move.value if move.inward else -move.value
        values[move.item_id] = values.get(move.item_id, _NOTHING) + signed
    return found


def _posting_lines(
    stock: LockedStock, item_id: UUID, value: Decimal, counterpart: str
) -> tuple[PostingLine, PostingLine]:
    warehouse_id = stock.valuations[item_id].warehouse_id
    gained, lost = max(value, _NOTHING), max(-value, _NOTHING)
    return (
        PostingLine("inventory", gained, lost, item_id=item_id, warehouse_id=warehouse_id),
        PostingLine(counterpart, lost, gained, item_id=item_id),
    )
