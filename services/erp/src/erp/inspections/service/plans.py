"""Inspection plans: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from erp.inspections.errors import (
    DuplicatePlan,
    NoCharacteristics,
    OverlappingPlan,
    PlanFixed,
)
from erp.inspections.events import InspectionPlanChanged
from erp.inspections.models.plans import CONTENT, InspectionPlan
from erp.inspections.queries import plans as queries
from erp.inspections.queries.plans import PLANS
from erp.inspections.rules.sampling import AQLS
from erp.inspections.schemas.plans import (
    Characteristic,
    InspectionPlanView,
    NewInspectionPlan,
    ReviseInspectionPlan,
)
from erp.inspections.states import CharacteristicKind, InspectionStage, PlanStatus, Sampling
from records.entities import Values
from records.types import Change, RecordType, changed_fields
from records.writes import create

__all__ = ["PLAN", "plan_states", "revise"]

_NEW = {"status": PlanStatus.DRAFT, "sampling": Sampling.ALL, "operation": "", "note": ""}
_NAMES = {
    "sku": ("item_id", "items", "item"),
    "category": ("category_id", "categories", "item_category"),
    "supplier_number": ("supplier_id", "suppliers", "supplier"),
    "work_centre": ("work_centre_id", "work_centres", "work_centre"),
    "customer_number": ("customer_id", "customers", "customer"),
}
"""Field -> the column it gives, whose ids it is of, what is missing."""
_OF_STAGE = {
    "supplier_id": ("/supplier_number", InspectionStage.RECEIPT),
    "work_centre_id": ("/work_centre", InspectionStage.PRODUCTION),
    "operation": ("/operation", InspectionStage.PRODUCTION),
    "customer_id": ("/customer_number", InspectionStage.SHIPMENT),
}
_WHOLE = 100
_GIVEN = ("item_id", "category_id", *_OF_STAGE)


async def revise(work: Work, plan_id: UUID, command: ReviseInspectionPlan) -> UUID:
    """Draft a revision like the one there is; the id of the new one.

    Raises NotFound, DuplicatePlan, and what the content is refused for by now.
    """
    plan = await PLANS.get(work, plan_id)
    own = NewInspectionPlan.model_fields.keys() - {"effective_from", "effective_to"}
    given = plan.model_dump(mode="json", include=set(own))
    given |= command.model_dump(mode="json", exclude_unset=True)
    return await create(work, PLAN, NewInspectionPlan.model_validate(given))


async def plan_states(at: Reading, plan_ids: Sequence[UUID]) -> list[InspectionPlanChanged]:
    """What is published of plans, as they are now."""
    plans = await read_all(at, InspectionPlan, plan_ids)
    return [InspectionPlanChanged.of(one, ()) for one in plans]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [dict(_NEW, characteristics=[]) for _ in range(count)]


async def _look_up(
    work: Work, changes: Sequence[Change[InspectionPlan]], _sender: str | None
) -> Sequence[Values]:
    """The values with what they name by id. Raises MissingReference, InvalidInput."""
    words: list[Collection[str]] = [
        {word for one in changes if (word := one.values.get(name))} for name in _NAMES
    ]
    named = await queries.ids_of_names(work.sql, words) if any(words) else None
    return [_ready(one.values, named) for one in changes]


def _ready(given: Values, named: queries.Named | None) -> Values:
    values = {name: value for name, value in given.items() if name not in _NAMES}
    for name in _NAMES.keys() & given.keys():
        column, kind, entity = _NAMES[name]
        values[column] = _found(getattr(named, kind), given[name], entity) if given[name] else None
    if "characteristics" in values:
        asked = sorted(values["characteristics"] or [], key=lambda one: one.number)
        _require_sound(asked)
        values["characteristics"] = [one.model_dump(mode="json") for one in asked]
    return values


def _found(ids: Mapping[str, UUID], word: str, entity: str) -> UUID:
    if word not in ids:
        raise MissingReference(entity=entity, reference=word)
    return ids[word]


def _require_sound(asked: Sequence[Characteristic]) -> None:
    """Raises InvalidInput: a number twice, limits that do not fit."""
    errors, numbers = [], set[int]()
    for at, one in enumerate(asked):
        pointer = f"/characteristics/{at}"
        if one.number in numbers:
            message = "Give each characteristic a number of its own."
            errors.append(FieldError(f"{pointer}/number", "number_twice", message))
        numbers.add(one.number)
        values = (one.lower_limit, one.nominal, one.upper_limit)
        limits = [value for value in values if value is not None]
        if one.kind == CharacteristicKind.YES_NO and (limits or one.unit):
            message = "What is answered by yes or no has neither unit nor limits."
            errors.append(FieldError(f"{pointer}/kind", "limits_of_yes_no", message))
        if one.kind == CharacteristicKind.MEASURED and values[0] is None and values[2] is None:
            message = "What is measured has a lower or an upper limit."
            errors.append(FieldError(f"{pointer}/lower_limit", "limit_needed", message))
        if limits != sorted(limits):
            message = "The lower limit, the nominal value and the upper limit are in this order."
            errors.append(FieldError(f"{pointer}/lower_limit", "limits_in_order", message))
    if errors:
        raise InvalidInput(errors=errors)


async def _check(
    work: Work, changes: Sequence[Change[InspectionPlan]], _sender: str | None
) -> None:
    """See to it that plans stand beside each other, and say what is looked at.

    Raises PlanFixed, NoCharacteristics, InvalidInput (scope, sample), DuplicatePlan,
    OverlappingPlan.
    """
    for one in changes:
        _require_allowed(one)
    plans = [one.record for one in changes]
    await advisory_lock(work, "inspection_plan")
    for found in await queries.plans_in_the_way(work.sql, plans):
        problem = OverlappingPlan if found.overlaps else DuplicatePlan
        raise problem(plan=found.code, label=found.label, existing_id=found.existing_id)


def _require_allowed(change: Change[InspectionPlan]) -> None:
    plan = change.record
    was = plan.status if change.is_new else change.before.get("status", plan.status)
    fixed = not change.is_new and was != PlanStatus.DRAFT
    if fixed and (CONTENT & change.before.keys() or plan.status == PlanStatus.DRAFT):
        raise PlanFixed(plan=plan.code, label=change.before.get("label", plan.label))
    if errors := [*_scope_errors(plan), *_sample_errors(plan)]:
        raise InvalidInput(errors=errors)
    if plan.status == PlanStatus.ACTIVE and not plan.characteristics:
        raise NoCharacteristics(plan=plan.code, label=plan.label)


def _scope_errors(plan: InspectionPlan) -> list[FieldError]:
    errors = []
    if plan.item_id and plan.category_id:
        message = "A plan is of an item or of a category, not of both."
        errors.append(FieldError("/category", "item_or_category", message))
    for name, (pointer, stage) in _OF_STAGE.items():
        if getattr(plan, name) and plan.stage != stage:
            message = "Plans of this stage do not have it."
            errors.append(FieldError(pointer, "of_another_stage", message))
    if not any(getattr(plan, name) for name in _GIVEN):
        message = "Say for which goods the plan counts."
        errors.append(FieldError("/sku", "scope_needed", message))
    return errors


def _sample_errors(plan: InspectionPlan) -> list[FieldError]:
    value, kind = plan.sampling_value, plan.sampling
    if kind == Sampling.ALL:
        sound = value is None
    elif value is None:
        sound = False
    elif kind == Sampling.AQL:
        sound = value in {Decimal(one) for one in AQLS}
    else:
        sound = value <= _WHOLE if kind == Sampling.PERCENT else value == value.to_integral_value()
    message = "Give a percent up to 100, a whole number, or an AQL of the table; null for all."
    return [] if sound else [FieldError("/sampling_value", "sample_size", message)]


async def _publish(work: Work, changes: Sequence[Change[InspectionPlan]]) -> None:
    events: list[Any] = [
        InspectionPlanChanged.of(one.record, changed_fields(InspectionPlanChanged, one))
        for one in changes
    ]
    await work.record(*events)


PLAN: RecordType[InspectionPlan, InspectionPlanView] = RecordType(
    name="inspection_plan",
    entity=InspectionPlan,
    reads=PLANS,
    required=("code", "label", "stage"),
    defaults=_defaults,
    look_up=_look_up,
    check=_check,
    publish=_publish,
)
"""How inspection plans are kept. Raises MissingReference, InvalidInput, ReversedPlanDays,
PlanFixed, NoCharacteristics, DuplicatePlan, OverlappingPlan.
"""
