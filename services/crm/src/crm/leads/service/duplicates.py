"""Hints that a lead may be a person, or of a firm, that is known already."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.leads.models import Lead
from crm.leads.queries import duplicates as queries
from crm.leads.queries.duplicates import Distinct
from crm.leads.schemas.duplicates import (
    DismissDuplicate,
    DuplicateReason,
    DuplicatesView,
    DuplicateView,
)
from crm.leads.service.leads import LEAD
from records.writes import lock_visible
from values.address import Address
from values.persons import Likeness, PersonKeys, likeness, person_keys

__all__ = ["compared", "dismiss", "duplicates_of", "is_hint"]

MOST_SHOWN = 20


async def duplicates_of(at: Reading, lead_id: UUID) -> DuplicatesView:
    """Records in the actor's reach that may be of the lead's person or firm. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    [lead] = await read_all(at, Lead, [lead_id])
    found = [one for one in await compared(at, lead) if is_hint(one)]
    return DuplicatesView(items=found[:MOST_SHOWN])


def is_hint(one: DuplicateView) -> bool:
    """Whether the record is worth a look."""
    return Likeness({reason.reason: reason.points for reason in one.reasons}).is_hint


async def compared(at: Reading, lead: Lead) -> list[DuplicateView]:
    """All records in the actor's reach that have a key in common with the lead, the best first.

    Those of which somebody said that they are others are left out.
    """
    keys = lead.person_keys()
    no = await queries.dismissed(at.sql, lead.id)
    found = [
        _hint(row, keys)
        for row in await queries.candidates(at, lead.id, keys)
        if no.get((row["record_type"], row["id"])) != _fingerprint(keys, _keys_of(row))
    ]
    return sorted(found, key=lambda one: -one.score)


async def dismiss(work: Work, lead_id: UUID, command: DismissDuplicate) -> None:
    """Hint at a pair no more until a compared field of one of the two changes.

    Raises NotFound, Forbidden, MissingReference (no such hint).
    """
    lead = (await lock_visible(work, LEAD, [lead_id]))[lead_id]
    keys, wanted = lead.person_keys(), (command.record_type, command.record_id)
    rows = {
        (row["record_type"], row["id"]): row
        for row in await queries.candidates(work, lead_id, keys)
    }
    if wanted not in rows:
        raise MissingReference(entity=command.record_type, reference=command.record_id)
    fingerprint = _fingerprint(keys, _keys_of(rows[wanted]))
    by = work.actor.reference
    pairs = [Distinct(lead_id, *wanted, fingerprint, work.now, by)]
    if command.record_type == LEAD.name:
        pairs.append(Distinct(command.record_id, LEAD.name, lead_id, fingerprint, work.now, by))
    await queries.dismiss(work.sql, pairs)


def _keys_of(row: Mapping[str, Any]) -> PersonKeys:
    return person_keys(
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        company=row["company"],
        address=Address.model_validate(row["address"]),
    )


def _fingerprint(one: PersonKeys, other: PersonKeys) -> bytes:
    """How both are as they are compared, in either order."""
    return hashlib.sha256("|".join(sorted((repr(one), repr(other)))).encode()).digest()


def _hint(row: Mapping[str, Any], keys: PersonKeys) -> DuplicateView:
    alike = likeness(keys, _keys_of(row))
    reasons = [
        DuplicateReason(reason=reason, points=points) for reason, points in alike.reasons.items()
    ]
    return DuplicateView.model_validate(dict(row) | {"score": alike.score, "reasons": reasons})
