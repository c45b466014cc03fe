"""Which records rows mean: those they are, and those they refer to. Looked up for many at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage import external
from chassis.work.unit_of_work import Work
from records.imports.cells import EXTERNAL_REFS, ReadRow, id_of
from records.imports.targets import EXTERNAL_ID, ID
from records.sheets.kinds import RecordSheet, Reference

__all__ = ["Found", "external_id_of", "other_links_of", "records_of", "referred"]

Found = Mapping[str, Mapping[str, Any]]
"""By column, then by the text of a cell: what the field takes of the record that it names."""


def external_id_of(row: ReadRow, sheet: RecordSheet, system: str) -> str:
    """The record's id in the system: as a column says it, as a link does, else its id elsewhere."""
    linked = next((one for name, one in _links(row) if name == system), "")
    texts = (row.text(EXTERNAL_ID), linked, row.text(ID), row.text(sheet.key))
    return next((text for text in texts if text), "")


def other_links_of(row: ReadRow, system: str) -> list[tuple[str, str]]:
    """Systems and ids of the row's links beside that of the import."""
    return [(name, one) for name, one in _links(row) if name != system]


def _links(row: ReadRow) -> list[tuple[str, str]]:
    found = row.values.get(EXTERNAL_REFS) or []
    return [(one["system"], one["external_id"]) for one in found]


async def records_of(
    work: Work, sheet: RecordSheet, system: str, rows: Sequence[ReadRow]
) -> list[UUID | None]:
    """The records that the rows are: by id, by the link of the system, by code. None: new ones."""
    ids = await _ids(work, sheet.name, [row.text(ID) for row in rows])
    theirs = [external_id_of(row, sheet, system) for row in rows]
    wanted = [text for text in theirs if text]
    links = await external.resolve_all(work.sql, sheet.name, system, wanted) if wanted else {}
    codes: dict[str, UUID] = {}
    if sheet.key:
        codes = await _by_code(work, sheet.name, sheet.key, [row.text(sheet.key) for row in rows])
    found: list[UUID | None] = []
    for row, their in zip(rows, theirs, strict=True):
        link = links.get(their)
        known = ids.get(row.text(ID)) or (link and link.entity_id)
        found.append(known or (codes.get(row.text(sheet.key)) if sheet.key else None))
    return found


async def referred(work: Work, sheet: RecordSheet, system: str, rows: Sequence[ReadRow]) -> Found:
    """What the cells of references stand for; a text that names no record is left out."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, reference in sheet.references.items():
        texts = sorted({row.text(name) for row in rows} - {""})
        found[name] = await _named(work, system, reference, texts) if texts else {}
    return found


async def _named(
    work: Work, system: str, reference: Reference, texts: Sequence[str]
) -> Mapping[str, Any]:
    table = reference.table
    if not reference.has_id:
        [key] = reference.codes
        rows = await work.sql.fetch(f"select {key} from {table} where {key} = any($1)", texts)
        return {row[key]: row[key] for row in rows}
    found: dict[str, UUID] = {}
    for code in reference.codes:
        found |= await _by_code(work, table, code, texts)
    links = await _by_link(work, table, system, texts)
    found |= links | await _ids(work, table, texts)
    if reference.take == "id":
        return {text: str(one) for text, one in found.items()}
    sql = f"select id, {reference.take} as taken from {table} where id = any($1::uuid[])"
    taken = {row["id"]: row["taken"] for row in await work.sql.fetch(sql, list(found.values()))}
    return {text: taken[one] for text, one in found.items()}


async def _ids(work: Work, table: str, texts: Sequence[str]) -> dict[str, UUID]:
    wanted = {text: one for text in texts if (one := id_of(text))}
    if not wanted:
        return {}
    sql = f"select id from {table} where id = any($1::uuid[])"
    known = {row["id"] for row in await work.sql.fetch(sql, list(wanted.values()))}
    return {text: one for text, one in wanted.items() if one in known}


async def _by_code(work: Work, table: str, code: str, texts: Sequence[str]) -> dict[str, UUID]:
    sql = f"select {code} as code, id from {table} where {code} = any($1::text[])"
    wanted = [text for text in texts if text]
    return {row["code"]: row["id"] for row in await work.sql.fetch(sql, wanted)} if wanted else {}


async def _by_link(work: Work, table: str, system: str, texts: Sequence[str]) -> dict[str, UUID]:
    rows = await work.sql.fetch(_LINKED, table, system, texts)
    return {row["external_id"]: row["entity_id"] for row in rows}


_LINKED = """select external_id, entity_id from external_reference
  where entity_type = $1 and system = $2 and external_id = any($3::text[])"""
