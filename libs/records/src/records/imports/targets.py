"""What the rows of a file may give of a record type, and which column it probably is."""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from records.imports.cells import EXTERNAL_REFS
from records.imports.schemas import ImportOptions
from records.sheets.columns import Column, ColumnKind, columns_of_model
from records.sheets.kinds import CUSTOM, TAGS, RecordSheet, custom_columns

__all__ = [
    "EXTERNAL_ID",
    "ID",
    "STATUS",
    "identity_fields",
    "require_mapping",
    "suggested",
    "targets_of",
]

ID, EXTERNAL_ID, STATUS = "id", "external_id", "status"
_PROTOCOL = {"source_version"}
_ALIASES = Path(__file__).parent / "aliases.toml"
_NO_WORD = re.compile(r"[\s_.\-/:：()（）*#]+")


async def targets_of(at: Reading, sheet: RecordSheet) -> dict[str, Column]:
    """The fields that a row may give, by name: those of the commands, and what tells one apart.

    Custom fields are those of now, and the tags are among them.
    """
    found = _targets(sheet)
    if found.pop(CUSTOM, None):
        found |= {one.name: one for one, _ in await custom_columns(at, sheet.name)}
    return found | {TAGS: Column(TAGS, ColumnKind.WORDS)}


def _targets(sheet: RecordSheet) -> dict[str, Column]:
    found = {name: Column(name, ColumnKind.TEXT) for name in (ID, EXTERNAL_ID)}
    found[EXTERNAL_REFS] = Column(EXTERNAL_REFS, ColumnKind.JSON)
    if sheet.key:
        found[sheet.key] = Column(sheet.key, ColumnKind.TEXT)
    for command in (sheet.new, sheet.change):
        for column in columns_of_model(command) if command else ():
            if column.path[0] not in _PROTOCOL:
                found.setdefault(column.name, column)
    for name in sheet.references:
        found[name] = Column(name, ColumnKind.TEXT)
    if sheet.states:
        found[STATUS] = Column(STATUS, ColumnKind.TEXT)
    return found


def identity_fields(sheet: RecordSheet) -> Sequence[str]:
    """The fields by which a row says which record it is, the strongest first."""
    return (EXTERNAL_ID, ID, *([sheet.key] if sheet.key else []))


def require_mapping(
    sheet: RecordSheet,
    targets: Mapping[str, Column],
    mapping: Mapping[str, str],
    header: Sequence[str],
) -> None:
    """Raise InvalidInput for unknown fields and columns, and where no field tells rows apart."""
    wrong = list[FieldError]()
    for name, column in mapping.items():
        pointer = f"/mapping/{name}"
        if name not in targets:
            text = "There is no field {field} that files may give. There are: {known}."
            facts = {"field": name, "known": ", ".join(targets)}
            wrong.append(FieldError(pointer, "unknown_field", text, facts))
        elif column not in header:
            text = "The file has no column {column}. It has: {known}."
            facts = {"column": column, "known": ", ".join(header)}
            wrong.append(FieldError(pointer, "unknown_column", text, facts))
    if not wrong and not any(name in mapping for name in identity_fields(sheet)):
        text = "Say which column tells the records apart: map one of {fields}."
        facts = {"fields": ", ".join(identity_fields(sheet))}
        wrong.append(FieldError("/mapping", "no_identity", text, facts))
    if wrong:
        raise InvalidInput(errors=wrong)


async def suggested(
    at: Reading, sheet: RecordSheet, header: Sequence[str]
) -> tuple[dict[str, str], ImportOptions]:
    """What the columns probably are, by their names: ours, or what people call them."""
    targets = await targets_of(at, sheet)
    columns = {one.name for one in await sheet.columns_now(at)}
    own = {name for name in header if not name.startswith(f"{CUSTOM}.")}
    if ID in header and own <= columns:
        return _of_own_export(targets, header), ImportOptions(own_export=True, decimal=".")
    labels = {one.name: said for one, said in await custom_columns(at, sheet.name)}
    free = {_plain(name): name for name in reversed(header)}
    found: dict[str, str] = {}
    for names in zip(*(_known_names(one, labels.get(one, ())) for one in targets), strict=True):
        for target, name in zip(targets, names, strict=True):
            column = next((free[one] for one in name if one in free), None)
            if target not in found and column is not None and column not in found.values():
                found[target] = column
    return found, ImportOptions()


def _of_own_export(targets: Collection[str], header: Collection[str]) -> dict[str, str]:
    found = {name: name for name in targets if name in header}
    typed = {name: f"{name}_raw" for name in found if f"{name}_raw" in header}
    return found | typed


def _known_names(target: str, labels: Sequence[str]) -> Sequence[Iterable[str]]:
    """Names of a field, the surest first: its own, then what people say, then of its last part."""
    last = target.rpartition(".")[2]
    aliases = [_plain(one) for one in (*labels, *_aliases().get(target, [])) if one]
    of_part = [_plain(one) for one in [last, *_aliases().get(last, [])]] if last != target else []
    return ([_plain(target)], aliases, of_part)


def _plain(name: str) -> str:
    return _NO_WORD.sub("", name.casefold())


@cache
def _aliases() -> Mapping[str, Any]:
    return tomllib.loads(_ALIASES.read_text("utf-8"))
