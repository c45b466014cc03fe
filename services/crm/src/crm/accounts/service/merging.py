"""Persons that become one: what neither of two records decides alone."""

from datetime import datetime
from uuid import UUID

from chassis.storage.reading import Reading
from crm.consents import ConsentState
from records.types import Json

__all__ = ["consent_of_both", "contact_of_both"]

_SINCE = """select record_id, max(changed_at) as at from record_change
  where record_type = $4 and record_id = any($1::uuid[])
    and changes->'consent'->1->>$2 = $3
    and changes->'consent'->0->>$2 is distinct from $3
  group by record_id"""


async def contact_of_both(at: Reading, winner: Json, loser: Json) -> Json:
    """The stricter consent of each channel, and the first of an account stays its first."""
    ruled: dict[str, object] = {"consent": await consent_of_both(at, "contact", winner, loser)}
    if winner["account_id"] == loser["account_id"]:
        ruled["primary"] = winner["primary"] or loser["primary"]
    else:
        ruled["primary"] = winner["primary"]
    return ruled


async def consent_of_both(at: Reading, record_type: str, winner: Json, loser: Json) -> Json:
    """The stricter consent of each channel (C14).

    A refusal yields only to a permission that the history shows to have been given later.
    """
    return {
        channel: await _permission(at, (record_type, channel), winner, loser)
        for channel in winner["consent"]
    }


async def _permission(at: Reading, of: tuple[str, str], winner: Json, loser: Json) -> str:
    """What the person allows on the channel, said on either record."""
    said = {one["id"]: str(one["consent"][of[1]]) for one in (winner, loser)}
    states = set(said.values()) - {ConsentState.UNKNOWN}
    if len(states) < 2:  # noqa: PLR2004 - both said something else
        return next(iter(states), ConsentState.UNKNOWN.value)
    ids = {state: record_id for record_id, state in said.items()}
    granted = await _since(at, ids[ConsentState.GRANTED], of, ConsentState.GRANTED)
    refused = await _since(at, ids[ConsentState.REFUSED], of, ConsentState.REFUSED)
    is_later = granted is not None and refused is not None and granted > refused
    return (ConsentState.GRANTED if is_later else ConsentState.REFUSED).value


async def _since(
    at: Reading, record_id: str, of: tuple[str, str], state: ConsentState
) -> datetime | None:
    """When that was last said of the record, as its history shows; None: it shows nothing."""
    record_type, channel = of
    row = await at.sql.fetchrow(_SINCE, [UUID(record_id)], channel, state.value, record_type)
    return row["at"] if row else None
