"""Proof that a refusal changed nothing: every row of every table is as it was before."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from chassis.work.database import Database

__all__ = ["nothing_changed"]

_TABLES = """select format('%I', c.relname), case c.relname
    when 'audit_entry' then $$where act not in ('access.denied', 'session.refused')$$ else '' end
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition and c.relname <> all($1::text[]) order by 1"""

_CONTENT = """select '{table}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)
  from {table} t {condition}"""


@asynccontextmanager
async def nothing_changed(
    database: Database, *, except_for: Iterable[str] = ()
) -> AsyncIterator[None]:
    """Fails when the block left any row new, changed or gone, in whatever table but those.

    Keys note when they were last used, which reading does as well: they are left out. So are the
    audit log's entries of refusals: they are written later, at a time of their own.
    """
    ignored = ["api_key", *except_for]
    before = await _content(database, ignored)
    yield
    after = await _content(database, ignored)
    changed = after - before
    assert not changed, changed


async def _content(database: Database, ignored: list[str]) -> set[tuple[object, ...]]:
    async with database.driver() as sql:
        tables = await sql.fetch(_TABLES, ignored)
        question = " union all ".join(
            _CONTENT.format(table=table, condition=condition) for table, condition in tables
        )
        return {tuple(row) for row in await sql.fetch(question)}
