"""Leads: what is particular about writing them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm import open_work, reach
from crm.accounts.service.values import with_phone
from crm.assignment.service.deciding import ask_for_assignment
from crm.leads.events import LeadChanged, LeadConverted
from crm.leads.models import Lead, LeadTouch
from crm.leads.queries import leads as queries
from crm.leads.queries import touches
from crm.leads.schemas.leads import TOUCH_FIELDS, LeadView
from crm.leads.service.merging import LEAD_MERGING
from crm.leads.service.personal import PERSONAL_LEAD, identifiers_of
from crm.leads.states import OPEN
from crm.settings import settings_of
from crm.staff.service.members import require_active_user
from crm.staff.service.teams import require_open_team
from records.entities import Values
from records.erasure.service import refuse_suppressed, writable_values
from records.erasure.suppression import Identifier, identifiers
from records.types import Change, RecordType, changed_fields

__all__ = ["LEAD", "lead_states"]

NOTHING_SAID = ("",) * len(TOUCH_FIELDS)


async def lead_states(at: Reading, lead_ids: Sequence[UUID]) -> list[LeadChanged]:
    """What is published of leads, as they are now."""
    return [LeadChanged.of(one, []) for one in await read_all(at, Lead, lead_ids)]


async def _look_up(
    work: Work, changes: Sequence[Change[Lead]], _sender: str | None
) -> Sequence[Values]:
    """The values without those of touches, which are left at the lead until it is stored.

    The first touch gives a lead its source and campaign for good; a later one says something else
    than the last one said. What is taken up again loses a disabled owner. Raises MissingReference
    and Forbidden (owner, team), InvalidInput.
    """
    await _require_staff(work, changes)
    known = [one.record.id for one in changes if not one.is_new and _touch_given(one)]
    last = await touches.last_touches(work.sql, known) if known else {}
    found: list[Values] = []
    for one in changes:
        if one.record.new_touch or "last_touch_at" in one.values:
            # No caller gives that field: touches were added or moved, and the values follow them.
            found.append(one.values)
            continue
        values = {name: value for name, value in one.values.items() if name not in TOUCH_FIELDS}
        before = last.get(one.record.id, NOTHING_SAID)
        said = tuple(
            one.values.get(name, present) or ""
            for name, present in zip(TOUCH_FIELDS, before, strict=True)
        )
        if _touch_given(one) and said not in {before, NOTHING_SAID}:
            values |= _touched(work, one.record, said, is_first=before == NOTHING_SAID)
        found.append(values)
    return await open_work.without_disabled_owners(work, changes, found, _reopens)


def _reopens(change: Change[Lead], values: Values) -> bool:
    return change.record.status not in OPEN and values.get("status") in OPEN


async def _require_staff(work: Work, changes: Sequence[Change[Lead]]) -> None:
    """An owner and a team that take leads. They are few, however many the leads."""
    for owner_id in sorted(_new_values(changes, "owner_id")):
        await require_active_user(work, owner_id, pointer="/owner_id")
        await reach.require_person(work, owner_id)
    for team_id in sorted(_new_values(changes, "team_id")):
        await require_open_team(work, team_id)
        await reach.require_team(work, team_id)


def _new_values(changes: Sequence[Change[Lead]], name: str) -> set[UUID]:
    given = ((one.values.get(name), getattr(one.record, name)) for one in changes)
    return {value for value, present in given if value and value != present}


def _touch_given(change: Change[Lead]) -> bool:
    return any(change.values.get(name) is not None for name in TOUCH_FIELDS)


def _touched(work: Work, lead: Lead, said: Sequence[str], *, is_first: bool) -> dict[str, Any]:
    """The values of a lead that was touched now; the touch itself is kept with the change."""
    lead.new_touch = LeadTouch(
        id=uuid7(),
        lead_id=lead.id,
        **dict(zip(TOUCH_FIELDS, said, strict=True)),
        touched_at=work.now,
        is_first=is_first,
        created_at=work.now,
    )
    values: dict[str, Any] = {"last_touch_at": work.now}
    return values | ({"source": said[0], "campaign": said[1]} if is_first else {})


async def _prepare(work: Work, change: Change[Lead], sender: str | None) -> Values:
    """The values with changed parts laid onto the present ones, and the phone read.

    Raises InvalidInput.
    """
    values, region = dict(change.values), settings_of(work.setting).region
    ready = with_phone(values, change.record, region=region)
    return writable_values(work, LEAD, change, ready, sender)


async def _check(work: Work, changes: Sequence[Change[Lead]], sender: str | None) -> None:
    """Raises PersonSuppressed where an import brings a person back who was erased."""
    found: dict[UUID, set[Identifier]] = {}
    for one in changes:
        if one.touches("email", "phone"):
            links = [(one.link.system, one.link.external_id)] if one.link else []
            found[one.record.id] = identifiers_of(one.record) | identifiers(links=links)
    await refuse_suppressed(work, LEAD, found, sender)


async def _publish(work: Work, changes: Sequence[Change[Lead]]) -> None:
    made = [one.record.new_touch for one in changes if one.record.new_touch]
    await touches.insert_touches(work.sql, made)
    for one in changes:
        one.record.new_touch = None
    await work.record(*(_event(one) for one in changes))
    await _let_be_assigned(work, changes)


def _event(change: Change[Lead]) -> LeadChanged:
    """The event of the act that the change was."""
    kind = LeadConverted if "converted_at" in change.before else LeadChanged
    return kind.of(change.record, changed_fields(LeadChanged, change))


async def _let_be_assigned(work: Work, changes: Sequence[Change[Lead]]) -> None:
    """Let captured leads that nobody owns wait for the rules, if there are any.

    One taken down by hand does not: its user knows of it.
    """
    if work.actor.kind == "user" and work.import_id is None:
        return
    captured = [
        one.record.id
        for one in changes
        if one.is_new and one.record.owner_id is None and one.record.status in OPEN
    ]
    if captured:
        await ask_for_assignment(work, LEAD.name, captured, only_by_rules=True)


LEAD: RecordType[Lead, LeadView] = RecordType(
    name="lead",
    entity=Lead,
    reads=queries.LEADS,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    publish=_publish,
    personal=PERSONAL_LEAD,
    merging=LEAD_MERGING,
)
"""How leads are kept."""
