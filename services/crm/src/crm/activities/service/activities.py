"""Activities: what is particular about writing them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.activities.events import ActivityChanged
from crm.activities.models import Activity
from crm.activities.queries import subjects
from crm.activities.queries.reading import ACTIVITIES, existing_teams, users_by_id
from crm.activities.rules.times import wrong_fields
from crm.activities.schemas import ActivityView
from crm.activities.states import ActivityKind, ActivityState, Direction, Priority
from records.entities import Values
from records.erasure.outbox import ERASED
from records.erasure.service import writable_values
from records.types import Change, Personal, RecordType, changed_fields

__all__ = ["ACTIVITY", "IN_EVENTS", "Named", "activity_states"]

Named = tuple[str, UUID]
"""A record: its type and its id."""

_EMPTY = {"name": ERASED, "text": "", "outcome": "", "location": ""}
_WORDS = ("kind", "state", "record_type", "priority", "direction", "channel")
_NEW: Values = {
    "state": ActivityState.OPEN,
    "text": "",
    "related": [],
    "contact_ids": [],
    "user_ids": [],
    "priority": Priority.NORMAL,
    "outcome": "",
    "location": "",
    "channel": "",
    "system_generated": False,
    "bulk": False,
}
IN_EVENTS = frozenset({*_EMPTY, "custom"})
"""What events tell of a person whom an activity is about."""


async def activity_states(at: Reading, ids: Sequence[UUID]) -> list[ActivityChanged]:
    """What is published of activities, as they are now."""
    return [ActivityChanged.of(one, []) for one in await read_all(at, Activity, ids)]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW] * count


async def _look_up(
    work: Work, changes: Sequence[Change[Activity]], sender: str | None
) -> Sequence[Values]:
    """The values with the record found, and all that they name seen to be there.

    Raises MissingReference (record, contact, user, team), InvalidInput (a type that there is not,
    a disabled owner). What is reopened loses an owner who is disabled.
    """
    values = [_with_owner(work, one) for one in changes]
    named = {
        (one["record_type"], one["record_external_id"])
        for one in values
        if one.get("record_type") and one.get("record_external_id")
    }
    for record_type in {name for name, _ in named}:
        subjects.require_type(record_type, pointer="/record_type")
    found = await subjects.ids_by_external(work, sender or "", named) if named else {}
    ready = [_with_record(one, found, sender) for one in values]
    records = {
        one
        for change, given in zip(changes, ready, strict=True)
        for one in _new_records(change, given)
    }
    await _require_records(work, records)
    await _require_people(work, changes, ready)
    return await open_work.without_disabled_owners(work, changes, ready, _reopens)


def _reopens(change: Change[Activity], values: Values) -> bool:
    is_open = change.record.state == ActivityState.OPEN
    return not is_open and values.get("state") == ActivityState.OPEN


def _with_owner(work: Work, change: Change[Activity]) -> dict[str, Any]:
    """The values; a user's own new activity is hers unless they say otherwise."""
    values = dict(change.values)
    if change.is_new and work.actor.kind == "user" and values.get("system_generated") is not True:
        values.setdefault("owner_id", UUID(work.actor.id))
    return values


def _with_record(
    values: dict[str, Any], found: Mapping[tuple[str, str], UUID], sender: str | None
) -> dict[str, Any]:
    external_id = values.pop("record_external_id", None)
    if external_id is None or values.get("record_id"):
        return values
    record_type = values.get("record_type")
    if record_type is None:
        raise _wrong("/record_type", "missing", "Say of which type the record is.")
    if (record_type, external_id) not in found:
        raise MissingReference(entity=record_type, reference=f"{sender} {external_id}")
    return values | {"record_id": found[record_type, external_id]}


def _new_records(change: Change[Activity], values: Values) -> Iterator[Named]:
    """The records that it is about now, and was not."""
    present = change.record
    record_type = values.get("record_type", present.record_type)
    record_id = values.get("record_id", present.record_id)
    if (
        record_type
        and record_id
        and (record_type, record_id)
        != (
            present.record_type,
            present.record_id,
        )
    ):
        yield record_type, record_id
    known = {(one["record_type"], one["record_id"]) for one in present.related or []}
    for one in values.get("related") or []:
        if (one.record_type, str(one.record_id)) not in known:
            yield one.record_type, one.record_id
    for contact_id in set(values.get("contact_ids") or ()) - set(present.contact_ids or ()):
        yield "contact", contact_id


async def _require_records(work: Work, records: Collection[Named]) -> None:
    """See to it that the records are there and seen: one statement for each type."""
    for record_type in sorted({name for name, _ in records}):
        subjects.require_type(record_type, pointer="/record_type")
        ids = sorted(one for name, one in records if name == record_type)
        found = await subjects.found_subjects(work, record_type, ids)
        missing = next((one for one in ids if one not in found), None)
        if missing:
            raise MissingReference(entity=record_type, reference=missing)


async def _require_people(
    work: Work, changes: Sequence[Change[Activity]], values: Sequence[Values]
) -> None:
    """See to it that owners are active users, and participants and teams are there."""
    both = list(zip(changes, values, strict=True))
    owners = {v["owner_id"] for c, v in both if v.get("owner_id") not in {None, c.record.owner_id}}
    others = {u for c, v in both for u in set(v.get("user_ids") or ()) - set(c.record.user_ids)}
    teams = {v["team_id"] for c, v in both if v.get("team_id") not in {None, c.record.team_id}}
    users = await users_by_id(work.sql, owners | others) if owners | others else {}
    for user_id in sorted(owners | others):
        if user_id not in users:
            raise MissingReference(entity="user", reference=user_id)
        if user_id in owners and not users[user_id]:
            text = "This user is disabled and takes no new work."
            raise _wrong("/owner_id", "user_disabled", text)
    known = await existing_teams(work.sql, teams) if teams else ()
    for team_id in sorted(teams):
        if team_id not in known:
            raise MissingReference(entity="team", reference=team_id)


async def _prepare(work: Work, change: Change[Activity], sender: str | None) -> Values:
    """The values as the columns keep them, with the state's time.

    Raises InvalidInput (kind, done_at), ActivityStateRefused, PersonIsErased.
    """
    values = dict(change.values)
    if values.get("related") is not None:
        values["related"] = [one.model_dump(mode="json") for one in values["related"]]
    if change.is_new:
        values |= _of_new(work, values)
    elif "kind" in values and values["kind"] != change.record.kind:
        raise _wrong("/kind", "not_changed", "The kind of an activity stays as it is.")
    if "state" in values or "done_at" in values:
        values |= _state(work, change, values)
    return writable_values(work, ACTIVITY, change, values, sender)


def _of_new(work: Work, values: Values) -> dict[str, Any]:
    """What a new one of its kind has where it is not said."""
    kind, more = values["kind"], dict[str, Any]()
    if kind == ActivityKind.EMAIL:
        more = {"state": ActivityState.DONE, "starts_at": work.now}
    if kind == ActivityKind.CALL:
        more = {"direction": Direction.OUTBOUND}
    return {name: value for name, value in more.items() if values.get(name) is None}


def _state(work: Work, change: Change[Activity], values: Values) -> dict[str, Any]:
    """The state with the time at which it was done, which is never in the future."""
    now = change.record.state or ActivityState.OPEN
    state = ActivityState(values.get("state", now))
    if state != now and not change.is_new:
        change.record.require_next(state)
    if state != ActivityState.DONE:
        return {"state": state, "done_at": None}
    began = values.get("starts_at", change.record.starts_at)
    done_at = values.get("done_at") or change.record.done_at or min(began or work.now, work.now)
    if done_at > work.now:
        raise _wrong("/done_at", "in_the_future", "This lies in the future.")
    return {"state": state, "done_at": done_at}


def _wrong(pointer: str, code: str, text: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(pointer, code, text)])


async def _check(_work: Work, changes: Sequence[Change[Activity]], _sender: str | None) -> None:
    """Raise InvalidInput for fields that an activity of its kind has not, or must have."""
    errors = [error for one in changes for error in wrong_fields(one.record)]
    for one in changes:
        if (one.record.record_type is None) != (one.record.record_id is None):
            raise _wrong("/record_id", "missing", "Give type and id of the record, or neither.")
    if errors:
        raise InvalidInput(errors=errors)


async def _publish(work: Work, changes: Sequence[Change[Activity]]) -> None:
    await work.record(
        *(ActivityChanged.of(one.record, changed_fields(ActivityChanged, one)) for one in changes)
    )


ACTIVITY: RecordType[Activity, ActivityView] = RecordType(
    name="activity",
    entity=Activity,
    reads=ACTIVITIES,
    required=("kind", "name"),
    defaults=_defaults,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    personal=Personal(
        columns=frozenset({*_EMPTY, "sort_key", "custom"}),
        impersonal=frozenset({*_WORDS, "contact_ids", "user_ids", "related", "due_on"}),
        erased=_EMPTY,
        history=frozenset(_EMPTY),
    ),
    publish=_publish,
)
"""How activities are kept."""
