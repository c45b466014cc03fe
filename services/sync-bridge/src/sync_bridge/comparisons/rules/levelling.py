"""How a difference is levelled: which half leads is known; this says by which act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sync_bridge.comparisons.rules.fields import comparable
from sync_bridge.flows import FLOWS, Flow
from sync_bridge.ownership import OWNERSHIP, Half
from sync_bridge.states import CorrectionKind, DifferenceKind

__all__ = ["COPIES", "Correction", "Difference", "correction_for", "to_write_back"]

COPIES: Mapping[str, Sequence[str]] = {
    "customer": ("debt",),
    "product": ("availability",),
    "order": ("fulfilment",),
}
"""What is kept on a record of that entity, with links of its own."""

BY_SENDER: Mapping[tuple[str, Half], Flow] = {
    (flow.entity.name, flow.sender): flow for flow in FLOWS
}
LINKED_BY_CALL = frozenset({"customer", "product"})
WRITTEN_BACK = frozenset({"customer", "product", "price"})
NOT_WRITTEN: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"customer_number", "archived"}),
    "price": frozenset({"item", "price_list", "status"}),
}
"""Parts that no change of a record sets: they are given once, or by an act of their own."""

PERSON = "left_to_person"


@dataclass(frozen=True)
class Difference:
    """What is to be levelled."""

    id: UUID
    entity: str
    kind: str
    half: Half
    leads: Half
    crm_id: UUID | None
    erp_id: UUID | None
    fields: Sequence[Mapping[str, Any]]
    reason: str

    def of(self, half: Half) -> UUID:
        """That half's record. Raises ValueError where it has none."""
        record = self.crm_id if half == "crm" else self.erp_id
        if record is None:
            message = f"difference {self.id} names no record of the {half}"
            raise ValueError(message)
        return record


@dataclass(frozen=True)
class Correction:
    """What levels a difference: the flow that sends the record, or why a person must decide."""

    kind: CorrectionKind
    flow: Flow | None = None
    why: str = ""


def correction_for(one: Difference) -> Correction:
    """What levels the difference."""
    if one.kind == DifferenceKind.FIELDS_DIFFER:
        return _fields(one)
    if one.kind == DifferenceKind.RECORD_MISSING:
        return _sending_correction(CorrectionKind.RECREATE, BY_SENDER.get((one.entity, one.leads)))
    if one.kind == DifferenceKind.LINK_MISSING:
        linked = one.entity in LINKED_BY_CALL
        return (
            Correction(CorrectionKind.LINK)
            if linked
            else Correction(CorrectionKind.LEAVE, why=PERSON)
        )
    if one.reason in {"review", "apart"}:
        return Correction(CorrectionKind.LEAVE, why=one.reason)
    return _sending_correction(CorrectionKind.SEND, BY_SENDER.get((one.entity, one.half)))


def _fields(one: Difference) -> Correction:
    if one.leads == one.half:
        return _sending_correction(CorrectionKind.SEND, BY_SENDER.get((one.entity, one.half)))
    if one.entity == "order":
        return Correction(CorrectionKind.SEND, BY_SENDER["fulfilment", "erp"])
    return (
        Correction(CorrectionKind.WRITE_BACK)
        if one.entity in WRITTEN_BACK
        else Correction(CorrectionKind.LEAVE, why=PERSON)
    )


def _sending_correction(kind: CorrectionKind, flow: Flow | None) -> Correction:
    """A half that sends nothing of the entity, or an order that only the ERP has left: a person."""
    return Correction(CorrectionKind.LEAVE, why=PERSON) if flow is None else Correction(kind, flow)


def to_write_back(one: Difference, view: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What of the other half's fields is written to the restored half's record, in its words.

    A field is left out that somebody has changed there since it was compared. The second: why a
    person must see to the rest; empty: there is none.
    """
    found: dict[str, Any] = {}
    why = ""
    for differing in one.fields:
        key, lost = _key(one, str(differing["name"])), differing[one.half]
        if key in NOT_WRITTEN.get(one.entity, ()):
            why = PERSON
        elif comparable(view.get(key), key) == lost:
            value = differing[one.leads]
            found[key] = None if value == "" else value
    return found, why


def _key(one: Difference, name: str) -> str:
    """What the half calls its own field."""
    whole, _, part = name.partition(": ")
    if part:
        return part.replace(" ", "_")
    known = {field.name: field.called_by(one.half) for field in OWNERSHIP[one.entity]}
    return known[whole]
