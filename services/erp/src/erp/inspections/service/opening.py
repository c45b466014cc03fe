"""Inspections that acts open as goods come or are made; the goods are withheld from the first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.inspections.models.inspections import Inspection
from erp.inspections.queries import inspections as queries
from erp.inspections.queries.inspections import Goods, Matched
from erp.inspections.rules.sampling import sample_of
from erp.inspections.states import InspectionSource, InspectionStage
from erp.stock.lines import ReceiptLine
from erp.stock.service.inspecting import inspect_coming_lots, own_lot_ids

__all__ = ["ComingGoods", "OpenedInspections", "new_inspection", "open_inspections"]


class ComingGoods(NamedTuple):
    """What comes in with a line, and where it is from."""

    line: ReceiptLine
    source_id: UUID
    work_centre_id: UUID | None = None
    operation: str = ""


class _Part(NamedTuple):
    """Goods of one inspection: a line of goods without lots, or one lot of a line."""

    id: UUID
    at: int
    quantity: Decimal
    lot: str | None


@dataclass
class OpenedInspections:
    """The lines as stock takes them, and the inspections that are stored once it has them."""

    lines: list[ReceiptLine]
    parts: list[_Part] = field(default_factory=list)
    matched: dict[int, Matched] = field(default_factory=dict)
    coming: Sequence[ComingGoods] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    async def store(self, work: Work) -> None:
        """Store the inspections; the goods have come, and with them lots that are new."""
        if not self.parts:
            return
        named = [(self.lines[one.at].item_id, one.lot) for one in self.parts if one.lot]
        lots = await own_lot_ids(work, named)
        numbers = await queries.next_numbers(work.sql, len(self.parts))
        new = []
        for one, number in zip(self.parts, numbers, strict=True):
            line, coming = self.lines[one.at], self.coming[one.at]
            inspection = new_inspection(
                work,
                self.matched[one.at],
                one.quantity,
                id=one.id,
                number=number,
                item_id=line.item_id,
                lot_id=lots[line.item_id, one.lot] if one.lot else None,
                serials=list(line.serials),
                supplier_id=line.supplier_id,
                source_id=coming.source_id,
                **self.facts,
            )
            new.append(inspection)
        await queries.add_inspections(work, new)


def new_inspection(work: Work, plan: Matched, quantity: Decimal, **facts: Any) -> Inspection:
    """An inspection by a plan of which all is pending."""
    sample = sample_of(plan.sampling, plan.sampling_value, quantity)
    nothing = dict.fromkeys(("accepted", "rejected", "cancelled", "shipped"), Decimal(0))
    unset = dict.fromkeys(("lot_id", "supplier_id", "customer_id", "order_line_id"))
    return Inspection(
        created_at=work.now,
        updated_at=work.now,
        actor=work.actor.reference,
        plan_id=plan.plan_id,
        characteristics=plan.characteristics,
        sample_size=sample.size,
        acceptance_number=sample.acceptance_number,
        quantity=quantity,
        pending=quantity,
        verdicts=0,
        **{**nothing, **unset, **facts},
    )


async def open_inspections(
    work: Work,
    stage: InspectionStage,
    coming: Sequence[ComingGoods],
    *,
    source_type: InspectionSource,
    on: date,
    item_ids: Collection[UUID] = (),
) -> OpenedInspections:
    """The lines with what is inspected withheld; one statement where no plan counts (E64).

    Who calls it gives the lines to stock, and then stores what was opened. `item_ids`: other items
    that the act moves.
    """
    lines = [one.line for one in coming]
    if not lines:
        return OpenedInspections(lines)
    goods = [
        Goods(
            one.line.item_id,
            supplier_id=one.line.supplier_id,
            work_centre_id=one.work_centre_id,
            operation=one.operation,
        )
        for one in coming
    ]
    matched = await queries.matching_plans(work.sql, stage, goods, on)
    if not matched:
        return OpenedInspections(lines)
    in_lots = [at for at, plan in matched.items() if plan.tracking == "lot"]
    if in_lots:
        reason = f"Inspection at {stage}"
        moved = {*item_ids, *(line.item_id for line in lines)}
        inspected = await inspect_coming_lots(
            work, [lines[at] for at in in_lots], reason, item_ids=moved
        )
        for at, line in zip(in_lots, inspected, strict=True):
            lines[at] = line
    parts = []
    for at, plan in matched.items():
        if plan.tracking == "lot":
            parts += [_Part(uuid7(), at, lot.quantity, lot.number) for lot in lines[at].lots]
            continue
        part = _Part(uuid7(), at, lines[at].quantity, None)
        lines[at] = lines[at]._replace(withheld_by=part.id)
        parts.append(part)
    facts = {"stage": stage, "source_type": source_type, "effective_on": on}
    return OpenedInspections(lines, parts, matched, coming, facts)
