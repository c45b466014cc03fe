"""Routings: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.routings import queries
from erp.routings.errors import (
    DuplicateOperation,
    DuplicateRouting,
    NoCalendar,
    NoOperations,
    NotAbleTo,
    OverlappingRouting,
    RoutingFixed,
)
from erp.routings.events import RoutingChanged
from erp.routings.models import Operation, Routing
from erp.routings.queries import Named, RatedOperation, Workplace
from erp.routings.schemas import NewOperation, NewRouting, ReviseRouting, RoutingView
from erp.routings.states import RoutingStatus
from erp.sql import Sql
from records.entities import Values
from records.shown import Shown
from records.types import Change, RecordType, changed_fields
from records.writes import create

__all__ = ["ROUTING", "RatedOperation", "revise", "routing_states", "routings_for"]


async def routings_for(
    sql: Sql, wanted: Collection[tuple[UUID, date]]
) -> dict[tuple[UUID, date], tuple[UUID, list[RatedOperation]]]:
    """Of each item and day on which making begins the routing that counts, with its operations.

    An item without one is left out (E60).
    """
    return await queries.routings_on(sql, set(wanted))


CONTENT = frozenset({"item_id", "label", "operations"})
"""What of a routing is fixed once it was activated."""
_NEW = {"status": RoutingStatus.DRAFT}


async def revise(work: Work, routing_id: UUID, command: ReviseRouting) -> UUID:
    """Draft a routing like the one there is; the id of the new one.

    Raises NotFound, DuplicateRouting, and what the content is refused for by now.
    """
    routing = await queries.ROUTINGS.get(work, routing_id)
    shown = routing.model_dump(mode="json", include={"sku", "note", "custom"})
    operations = [one.model_dump(mode="json") for one in routing.operations]
    given = shown | {"operations": operations}
    given |= command.model_dump(mode="json", exclude_unset=True)
    return await create(work, ROUTING, NewRouting.model_validate(given))


async def routing_states(at: Reading, routing_ids: Sequence[UUID]) -> list[RoutingChanged]:
    """What is published of routings, as they are now."""
    routings = await read_all(at, Routing, routing_ids)
    await queries.load_operations(at.sql, {one.id: one for one in routings})
    return await _events(at, dict.fromkeys(routings, ()))


async def _events(at: Reading, changed: Mapping[Routing, Sequence[str]]) -> list[RoutingChanged]:
    """What is published of routings and the fields that changed."""
    words = await _words(at, [one.item_id for one in changed], changed)
    return [
        RoutingChanged.of(
            routing,
            fields,
            sku=words[routing.item_id],
            operations=[_named(one, words) for one in routing.operations],
        )
        for routing, fields in changed.items()
    ]


async def _words(
    at: Reading, item_ids: Sequence[UUID], routings: Collection[Routing]
) -> dict[UUID, str]:
    """The SKUs, codes and numbers of all that routings name, by id."""
    ids = set(item_ids)
    for operation in (one for routing in routings for one in routing.operations):
        ids |= {operation.work_centre_id, *operation.alternates}
        ids |= {operation.supplier_id} if operation.supplier_id else set()
    named = await queries.names_of(at.sql, ids=ids)
    return {one: word for words in named for word, one in words.items()}


def _named(operation: Operation, words: Mapping[UUID, str]) -> dict[str, Any]:
    """The operation with codes in place of ids."""
    ids = {"work_centre_id", "supplier_id", "alternates"}
    names = [one for one in type(operation).__dataclass_fields__ if one not in ids]
    return {name: getattr(operation, name) for name in names} | {
        "work_centre": words[operation.work_centre_id],
        "alternates": [words[one] for one in operation.alternates],
        "supplier_number": words[operation.supplier_id] if operation.supplier_id else None,
    }


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW] * count


async def _lock(work: Work, ids: Collection[UUID]) -> Mapping[UUID, Routing]:
    """The routings with their operations, locked. Raises NotFound."""
    found = await lock_all(work, Routing, ids)
    await queries.load_operations(work.sql, found)
    return found


async def _look_up(
    work: Work, changes: Sequence[Change[Routing]], _sender: str | None
) -> Sequence[Values]:
    """The values with what they name by id. Raises MissingReference, DuplicateOperation."""
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    given = [part for one in changes for part in one.values.get("operations") or ()]
    codes = {code for one in given for code in (one.work_centre, *one.alternates)}
    numbers = {one.supplier_number for one in given if one.supplier_number}
    if not skus and not codes:
        return [one.values for one in changes]
    named = await queries.names_of(work.sql, skus=skus, codes=codes, numbers=numbers)
    return [_ready(one.values, named) for one in changes]


def _ready(given: Values, named: Named) -> Values:
    values = {name: value for name, value in given.items() if name != "sku"}
    if "sku" in given:
        values["item_id"] = _found(named.items, given["sku"], "item")
    if "operations" in values:
        operations = [_operation(one, named) for one in values["operations"]]
        operations.sort(key=lambda one: one.sequence)
        for former, later in pairwise(operations):
            if former.sequence == later.sequence:
                raise DuplicateOperation(sequence=later.sequence)
        values["operations"] = operations
    return values


def _found(ids: Mapping[str, UUID], word: str, entity: str) -> UUID:
    if word not in ids:
        raise MissingReference(entity=entity, reference=word)
    return ids[word]


def _operation(given: NewOperation, named: Named) -> Operation:
    places = dict.fromkeys(given.alternates)
    places.pop(given.work_centre, None)
    supplier = given.supplier_number
    return Operation(
        given.sequence,
        given.name or "",
        _found(named.work_centres, given.work_centre, "work_centre"),
        [_found(named.work_centres, one, "work_centre") for one in places],
        given.setup_minutes,
        given.run_minutes,
        given.run_basis,
        given.batch_quantity,
        given.queue_minutes,
        given.yield_part,
        given.skills,
        given.tools,
        _found(named.suppliers, supplier, "supplier") if supplier else None,
        given.setup_family or "",
        given.breaks,
    )


async def _check(work: Work, changes: Sequence[Change[Routing]], _sender: str | None) -> None:
    """See to it that routings stand beside each other, and that what is active can be worked.

    Raises RoutingFixed, NoOperations, NoCalendar, NotAbleTo, DuplicateRouting, OverlappingRouting.
    """
    routings = [one.record for one in changes]
    named = await queries.names_of(work.sql, ids={one.item_id for one in routings})
    skus = {item_id: sku for sku, item_id in named.items.items()}
    for one in changes:
        _require_sound(one, skus[one.record.item_id])
    begun = [one.record for one in changes if one.touches("status", "operations")]
    begun = [one for one in begun if one.status == RoutingStatus.ACTIVE]
    places = {
        place
        for routing in begun
        for one in routing.operations
        for place in (one.work_centre_id, *one.alternates)
    }
    known = await queries.workplaces(work.sql, places) if places else {}
    for operation in (one for routing in begun for one in routing.operations):
        _require_workable(operation, known)
    await advisory_lock(work, "routing")
    for found in await queries.routings_in_the_way(work.sql, routings):
        routing = next(one for one in routings if one.id == found.routing_id)
        problem = OverlappingRouting if found.overlaps else DuplicateRouting
        raise problem(sku=skus[routing.item_id], label=found.label, existing_id=found.existing_id)


def _require_sound(change: Change[Routing], sku: str) -> None:
    """Raises RoutingFixed, NoOperations."""
    routing = change.record
    was = routing.status if change.is_new else change.before.get("status", routing.status)
    fixed = not change.is_new and was != RoutingStatus.DRAFT
    if fixed and (CONTENT & change.before.keys() or routing.status == RoutingStatus.DRAFT):
        raise RoutingFixed(sku=sku, label=change.before.get("label", routing.label))
    if routing.status == RoutingStatus.ACTIVE and not routing.operations:
        raise NoOperations(sku=sku, label=routing.label)


def _require_workable(operation: Operation, known: Mapping[UUID, Workplace]) -> None:
    """Raises NoCalendar, NotAbleTo, MissingReference (a work centre that is archived)."""
    for place_id in (operation.work_centre_id, *operation.alternates):
        place = known[place_id]
        if not place.active:
            raise MissingReference(entity="work_centre", reference=place.code)
        if not place.has_calendar:
            raise NoCalendar(work_centre=place.code, sequence=operation.sequence)
        lacking = sorted({*operation.skills, *operation.tools} - place.able_to)
        if lacking:
            raise NotAbleTo(
                work_centre=place.code, sequence=operation.sequence, needed=", ".join(lacking)
            )


async def _publish(work: Work, changes: Sequence[Change[Routing]]) -> None:
    """Store the operations, and publish the states."""
    kept = [one.record for one in changes if "operations" in one.before]
    kept += [one.record for one in changes if one.is_new and one.record.operations]
    await queries.replace_operations(work.sql, kept)
    fields = {one.record: changed_fields(RoutingChanged, one) for one in changes}
    await work.record(*await _events(work, fields))


async def _shown(at: Reading, kept: Sequence[Any]) -> Sequence[Any]:
    """Operations as the view lists them: with codes."""
    parts = [one for operations in kept for one in operations or ()]
    ids = {UUID(word) for one in parts for word in (one["work_centre_id"], *one["alternates"])}
    ids |= {UUID(one["supplier_id"]) for one in parts if one["supplier_id"]}
    named = await queries.names_of(at.sql, ids=ids)
    words = {str(one): word for found in named for word, one in found.items()}
    return [
        None
        if operations is None
        else [
            {key: value for key, value in one.items() if not key.endswith("_id")}
            | {
                "work_centre": words.get(one["work_centre_id"]),
                "alternates": [words.get(other) for other in one["alternates"]],
                "supplier_number": words.get(one["supplier_id"]),
            }
            for one in operations
        ]
        for operations in kept
    ]


ROUTING: RecordType[Routing, RoutingView] = RecordType(
    name="routing",
    entity=Routing,
    reads=queries.ROUTINGS,
    required=("sku", "label"),
    defaults=_defaults,
    lock=_lock,
    look_up=_look_up,
    check=_check,
    publish=_publish,
    shown={"operations": Shown("operations", _shown)},
)
"""How routings are kept. Raises MissingReference, DuplicateOperation, ReversedRoutingDays,
RoutingFixed, NoOperations, NoCalendar, NotAbleTo, DuplicateRouting, OverlappingRouting.
"""
