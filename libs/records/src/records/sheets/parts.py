"""Contents of files, kept in parts, so that no row grows without bound and a job can go on."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from chassis.storage.reading import Reading

__all__ = ["delete_parts", "keep_file", "keep_part", "parts_of", "write_parts"]

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


async def delete_parts(at: Reading, owner_ids: list[UUID]) -> None:
    """Delete the files."""
    await at.sql.execute("delete from file_part where owner_id = any($1::uuid[])", owner_ids)
