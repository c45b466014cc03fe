"""Contents of files, kept in parts, so that no row grows without bound and a job can go on."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from uuid import UUID

from chassis.storage.reading import Reading

__all__ = ["delete_parts", "erase_files", "keep_file", "keep_part", "parts_of", "write_parts"]

PART_BYTES = 1024 * 1024


async def keep_part(at: Reading, owner_id: UUID, number: int, content: bytes) -> None:
    """Keep one part of a file."""
    sql = "insert into file_part (owner_id, number, content) values ($1, $2, $3)"
    await at.sql.execute(sql, owner_id, number, content)


async def keep_file(at: Reading, owner_id: UUID, path: Path) -> int:
    """Keep a whole file in place of what there was; its length in bytes."""
    await delete_parts(at, [owner_id])
    size, number = 0, 0
    with path.open("rb") as file:
        while content := file.read(PART_BYTES):
            await keep_part(at, owner_id, number, content)
            size, number = size + len(content), number + 1
    return size


async def parts_of(at: Reading, owner_id: UUID) -> AsyncIterator[bytes]:
    """The parts of a file, in their order."""
    number = 0
    sql = "select content from file_part where owner_id = $1 and number = $2"
    while (content := await at.sql.fetchval(sql, owner_id, number)) is not None:
        yield content
        number += 1


async def write_parts(at: Reading, owner_id: UUID, path: Path) -> None:
    """Write the file to a path."""
    with path.open("wb") as file:
        async for content in parts_of(at, owner_id):
            file.write(content)


async def erase_files(at: Reading, record_types: Collection[str], ids: Collection[UUID]) -> int:
    """Delete what files hold of erased records: those that brought them, and exports of the types.

    How many files there were.
    """
    owners = [row["id"] for row in await at.sql.fetch(_HOLDING, list(record_types), list(ids))]
    await delete_parts(at, owners)
    await at.sql.execute(_EMPTIED, owners)
    await at.sql.execute(_NO_SAMPLE, owners)
    await at.sql.execute(_NO_KEYS, owners)
    await at.sql.execute(_EXPORT_GONE, owners)
    return len(owners)


async def delete_parts(at: Reading, owner_ids: list[UUID]) -> None:
    """Delete the files."""
    await at.sql.execute("delete from file_part where owner_id = any($1::uuid[])", owner_ids)


_HOLDING = """select distinct import_id as id from record_import_row
    where record_id = any($2::uuid[])
  union select id from record_export where record_type = any($1::text[])
    and state in ('running', 'done')"""
_EMPTIED = """update record_import_row set cells = '{}', line = ''
  where import_id = any($1::uuid[])"""
_NO_SAMPLE = "update record_import set sample = '[]' where id = any($1::uuid[])"
_NO_KEYS = "delete from record_import_key where import_id = any($1::uuid[])"
_EXPORT_GONE = """update record_export set state = 'expired',
    finished_at = coalesce(finished_at, now()) where id = any($1::uuid[])"""
