"""Which value each field has after a merge: chosen, by rule, or of the one that has some."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage import external
from chassis.storage.reading import Reading
from records.entities import Values
from records.history import CUSTOM
from records.merging.schemas import MergedField
from records.types import Merging, RecordType
from records.writes import given_values

__all__ = ["differences", "fields_of_views", "merging_of", "values_of"]


def merging_of(kind: RecordType[Any, Any]) -> Merging:
    """How records of the type are merged. Raises TypeError for one that is not."""
    if kind.merging is None:
        message = f"{kind.name} is not merged"
        raise TypeError(message)
    return kind.merging


async def differences(
    at: Reading,
    kind: RecordType[Any, Any],
    winner_id: UUID,
    loser_id: UUID,
    chosen: Mapping[str, str],
) -> list[MergedField]:
    """The fields in which the two differ, with what becomes of them, by name.

    Raises NotFound, InvalidInput for a choice of a field that there is not.
    """
    merging = merging_of(kind)
    winner, loser = [
        (await kind.reads.get(at, one)).model_dump(mode="json") for one in (winner_id, loser_id)
    ]
    ruled = await merging.rule(at, winner, loser)
    mine, theirs = fields_of_views(merging, winner), fields_of_views(merging, loser)
    names = sorted(mine.keys() | theirs.keys())
    _require_choosable(chosen, names)
    led = await _led(at, kind, winner_id)
    return [
        _field(name, mine.get(name), theirs.get(name), chosen.get(name), ruled, is_led=name in led)
        for name in names
        if mine.get(name) != theirs.get(name)
    ]


def fields_of_views(merging: Merging, view: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that are chosen from, custom ones each under its own name."""
    names = merging.change.model_fields.keys() & view.keys() - {CUSTOM}
    custom = {f"{CUSTOM}.{key}": value for key, value in (view.get(CUSTOM) or {}).items()}
    return {name: view[name] for name in names} | custom


def values_of(kind: RecordType[Any, Any], fields: Mapping[str, Any]) -> Values:
    """The values by which the kit writes the fields. Raises InvalidInput."""
    custom = {
        name.partition(".")[2]: value
        for name, value in fields.items()
        if name.startswith(f"{CUSTOM}.")
    }
    plain = {name: value for name, value in fields.items() if not name.startswith(f"{CUSTOM}.")}
    try:
        command = merging_of(kind).change.model_validate(
            plain | ({CUSTOM: custom} if custom else {})
        )
    except ValidationError as wrong:
        text = "This value cannot be taken over: change it first, or choose the other one."
        errors = [
            FieldError(f"/fields/{one['loc'][0]}", "value_not_taken", text)
            for one in wrong.errors()
        ]
        raise InvalidInput(errors=errors) from wrong
    return given_values(command)


def _require_choosable(chosen: Mapping[str, str], names: Sequence[str]) -> None:
    text = "There is no such field to choose, or neither record has a value."
    errors = [
        FieldError(f"/fields/{one}", "unknown_field", text) for one in chosen if one not in names
    ]
    if errors:
        raise InvalidInput(errors=errors)


async def _led(at: Reading, kind: RecordType[Any, Any], winner_id: UUID) -> frozenset[str]:
    """The fields of the winner in which a linked system leads: they are not filled from here."""
    if kind.leader is None:
        return frozenset()
    links = await external.references_of(at.sql, kind.name, [winner_id])
    linked = any(one.system == kind.leader.system for one in links.get(winner_id, ()))
    return kind.leader.fields if linked else frozenset()


def _field(
    name: str,
    mine: Any,
    theirs: Any,
    chosen: str | None,
    ruled: Mapping[str, Any],
    *,
    is_led: bool,
) -> MergedField:
    of_both = {"field": name, "winner": mine, "loser": theirs}
    if name in ruled:
        return MergedField(**of_both, after=ruled[name], source="rule", conflict=False)
    fills = chosen is None and _is_empty(mine) and not is_led
    if chosen == "loser" or fills:
        return MergedField(**of_both, after=theirs, source="loser", conflict=False)
    conflict = chosen is None and not _is_empty(theirs) and not _is_empty(mine)
    return MergedField(**of_both, after=mine, source="winner", conflict=conflict)


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_empty(one) for one in value.values())
    return value is None or value is False or value in ("", [])
