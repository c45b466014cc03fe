"""Lots split and merged, and goods of others that come and go: quantities move, no value does."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.ledger.service.entries import in_open_periods
from erp.stock.errors import LotNotForeign, LotsNotAlike, TooLittleInLot
from erp.stock.events import LotsReleasing
from erp.stock.lines import NewMove
from erp.stock.models.lots import Lot
from erp.stock.queries import genealogy, lot_stock, saving, views
from erp.stock.queries.genealogy import NewEdge
from erp.stock.queries.locking import SourceDocument
from erp.stock.schemas.lots import MergeLots, MoveForeign, SplitLot
from erp.stock.service.demand import lock_stock
from erp.stock.service.expected_receipts import lock_items
from erp.stock.service.lots import LOT
from erp.stock.service.publishing import publish_changes
from erp.stock.states import LocationKind, LotEdgeKind, LotOwner, StockDocumentKind
from records.writes import create_all, lock_visible
from values.decimals import plain

__all__ = ["issue_foreign", "merge_lots", "receive_foreign", "split_lot", "split_off"]

_COPIED = (
    *("item_id", "owner", "owner_id", "supplier_id", "supplier_lot", "made_on", "expires_on"),
    *("quality", "quality_reason"),
)
_ALIKE = ("item_id", "owner", "owner_id", "quality")


async def split_lot(work: Work, lot_id: UUID, command: SplitLot) -> None:
    """Let so many of a lot be a lot of their own, which is what the first one is.

    Raises NotFound, FractionOfUnit, TooLittleInLot, DuplicateLotNumber, PeriodClosed, NoPeriod.
    """
    await _ask_first(work, lot_id)
    await split_off(work, lot_id, command)


async def _ask_first(work: Work, lot_id: UUID, *others: UUID) -> None:
    """Ask who may refuse, once no goods of the lots come any more. Raises NotFound."""
    lot = await LOT.reads.get(work, lot_id)
    await lock_items(work, [lot.item_id])
    await work.record(LotsReleasing(lot_ids=[lot_id, *others]))


async def split_off(work: Work, lot_id: UUID, command: SplitLot) -> list[UUID]:
    """As `split_lot`, also of a lot that is not decided yet; the ids of the new lots."""
    lot = (await lock_visible(work, LOT, [lot_id]))[lot_id]
    await _require_counted(work, lot.item_id, [one.quantity for one in command.parts])
    new = [(uuid7(), one) for one in command.parts]
    values = {name: getattr(lot, name) for name in _COPIED}
    await create_all(
        work,
        LOT,
        [(one_id, values | {"number": part.number}) for one_id, part in new],
        links=[None] * len(new),
    )
    edges = [NewEdge(lot_id, one_id, part.quantity) for one_id, part in new]
    await _repack(work, lot, edges, LotEdgeKind.SPLIT, StockDocumentKind.LOT_SPLIT)
    return [one_id for one_id, _ in new]


async def merge_lots(work: Work, lot_id: UUID, command: MergeLots) -> None:
    """Let all that lies of other lots be goods of this one.

    They are of the same item, owner and state, and none of them expires before it does. Raises
    NotFound, LotsNotAlike, TooLittleInLot (nothing lies of one), PeriodClosed, NoPeriod.
    """
    others = [one for one in dict.fromkeys(command.lot_ids) if one != lot_id]
    await _ask_first(work, lot_id, *others)
    found = await lock_visible(work, LOT, [lot_id, *others])
    lot = found[lot_id]
    for one in others:
        other = found[one]
        alike = all(getattr(other, name) == getattr(lot, name) for name in _ALIKE)
        if not alike or other.usable_until < lot.usable_until:
            raise LotsNotAlike(lot=lot.number, other=other.number)
    held = await lot_stock.on_hand_of_lots(work.sql, others)
    edges = [NewEdge(one, lot_id, held.get(one, Decimal(0))) for one in others]
    for edge in edges:
        if not edge.quantity:
            raise await _too_little(work, found[edge.from_lot_id], Decimal(0), Decimal(0))
    await _repack(work, lot, edges, LotEdgeKind.MERGE, StockDocumentKind.LOT_MERGE)


async def _require_counted(work: Work, item_id: UUID, quantities: Sequence[Decimal]) -> None:
    """Raises FractionOfUnit."""
    unit = (await views.units_of_items(work.sql, [item_id]))[item_id]
    for quantity in quantities:
        unit.check_quantity(quantity)


async def _too_little(work: Work, lot: Lot, wanted: Decimal, on_hand: Decimal) -> TooLittleInLot:
    shown = await LOT.reads.get(work, lot.id)
    return TooLittleInLot(
        sku=shown.sku, lot=lot.number, wanted=plain(wanted), on_hand=plain(on_hand)
    )


async def _repack(
    work: Work, lot: Lot, edges: Sequence[NewEdge], kind: LotEdgeKind, source: StockDocumentKind
) -> None:
    """Move goods from lot to lot, keep the edges, and let what is reserved lie on them anew."""
    source_id = uuid7()
    document = SourceDocument(source, f"Lot {lot.number}", work.today())
    act = _repack_foreign if lot.owner != LotOwner.OWN else _repack_own
    await act(work, lot, edges, source_id, document)
    await genealogy.add_edges(
        work, edges, kind=kind, source_id=source_id, effective_on=work.today()
    )


async def _repack_own(
    work: Work, lot: Lot, edges: Sequence[NewEdge], source_id: UUID, document: SourceDocument
) -> None:
    stock = await lock_stock(work, [lot.item_id], with_valuation=True)
    ids = {one for edge in edges for one in (edge.from_lot_id, edge.to_lot_id)}
    await lot_stock.load_lots(work, stock.lots, list(ids), on=work.today())
    buckets = stock.lots[lot.item_id].buckets
    for edge in edges:
        for lot_id, sign in ((edge.from_lot_id, -1), (edge.to_lot_id, 1)):
            bucket = buckets[lot_id]
            if sign < 0 and edge.quantity > bucket.on_hand:
                raise await _too_little(work, lot, edge.quantity, bucket.on_hand)
            stock.move_lot(lot.item_id, lot_id, sign * edge.quantity)
        came = buckets[edge.from_lot_id].received_on
        buckets[edge.to_lot_id].received_on = min(came, buckets[edge.to_lot_id].received_on)
    location_id = stock.levels[lot.item_id].location_id
    stock.moves += _moves(lot, edges, location_id, source_id)
    with in_open_periods([document.effective_on]):
        await saving.save(work, stock, document)
    await publish_changes(work, stock)


def _moves(lot: Lot, edges: Sequence[NewEdge], location_id: UUID, source_id: UUID) -> list[NewMove]:
    """Out of the one lot and into the other, by way of repacking."""
    return [
        _move(lot, lot_id, edge.quantity, location_id, source_id, inward=inward)
        for edge in edges
        for lot_id, inward in ((edge.from_lot_id, False), (edge.to_lot_id, True))
    ]


def _move(
    lot: Lot,
    lot_id: UUID,
    quantity: Decimal,
    location_id: UUID,
    source_id: UUID,
    *,
    inward: bool,
    outside: LocationKind = LocationKind.REPACKING,
) -> NewMove:
    return NewMove(
        id=uuid7(),
        item_id=lot.item_id,
        location_id=location_id,
        outside_kind=outside,
        inward=inward,
        quantity=quantity,
        value=Decimal(0),
        source_id=source_id,
        order_line_id=None,
        tracking="lot",
        lot_id=lot_id,
    )


async def _repack_foreign(
    work: Work, lot: Lot, edges: Sequence[NewEdge], source_id: UUID, document: SourceDocument
) -> None:
    ids = {one for edge in edges for one in (edge.from_lot_id, edge.to_lot_id)}
    rows = await genealogy.foreign_stock(work.sql, list(ids), on=work.today())
    for edge in edges:
        source, target = rows[edge.from_lot_id], rows[edge.to_lot_id]
        if edge.quantity > source.on_hand:
            raise await _too_little(work, lot, edge.quantity, source.on_hand)
        source.on_hand -= edge.quantity
        target.on_hand += edge.quantity
    location_id = next(iter(rows.values())).location_id
    with in_open_periods([document.effective_on]):
        moves = _moves(lot, edges, location_id, source_id)
        await saving.save_foreign(work, list(rows.values()), moves, document)


async def receive_foreign(work: Work, lot_id: UUID, command: MoveForeign) -> None:
    """Take goods in that stay their owner's: a quantity, no value, no posting.

    Raises NotFound, LotNotForeign, FractionOfUnit, PeriodClosed, NoPeriod.
    """
    await _move_foreign(work, lot_id, command, inward=True)


async def issue_foreign(work: Work, lot_id: UUID, command: MoveForeign) -> None:
    """Give goods back to their owner.

    Raises NotFound, LotNotForeign, FractionOfUnit, TooLittleInLot, PeriodClosed, NoPeriod.
    """
    await _move_foreign(work, lot_id, command, inward=False)


async def _move_foreign(work: Work, lot_id: UUID, command: MoveForeign, *, inward: bool) -> None:
    lot = (await lock_visible(work, LOT, [lot_id]))[lot_id]
    if lot.owner == LotOwner.OWN:
        raise LotNotForeign(lot=lot.number)
    await _require_counted(work, lot.item_id, [command.quantity])
    row = (await genealogy.foreign_stock(work.sql, [lot_id], on=work.today()))[lot_id]
    if not inward and command.quantity > row.on_hand:
        raise await _too_little(work, lot, command.quantity, row.on_hand)
    row.on_hand += command.quantity if inward else -command.quantity
    kind = StockDocumentKind.FOREIGN_RECEIPT if inward else StockDocumentKind.FOREIGN_ISSUE
    move = _move(
        lot,
        lot_id,
        command.quantity,
        row.location_id,
        uuid7(),
        inward=inward,
        outside=LocationKind(lot.owner),
    )
    with in_open_periods([work.today()]):
        document = SourceDocument(kind, command.memo, work.today())
        await saving.save_foreign(work, [row], [move], document)
