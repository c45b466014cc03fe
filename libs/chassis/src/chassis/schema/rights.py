"""What the runtime role may do: granted after each migration, and compared by `doctor`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
from sqlalchemy import make_url

from chassis.storage.connections import opened

__all__ = ["PIN_FUNCTIONS", "excess", "grant", "loose"]

PIN_FUNCTIONS = """do $do$ declare found regprocedure; begin
  for found in select p.oid::regprocedure from pg_proc p join pg_language l on l.oid = p.prolang
     where p.pronamespace = 'public'::regnamespace and l.lanname = 'plpgsql' and p.prokind = 'f'
       and pg_has_role(p.proowner, 'USAGE')
       and not exists (select from unnest(p.proconfig) c where c like 'search\\_path=%')
  loop
    execute format('alter function %s set search_path = pg_catalog, public, pg_temp', found);
  end loop;
end $do$"""
"""What a migration runs after it has made or replaced functions in PL/pgSQL: the tables that they
name are those of `public`, whatever the session has under the same names."""

_PART = re.compile(r"(\w+)(?: \(([^)]*)\))?")
_EARLIER = (("tables", "all"), ("sequences", "all"), ("functions", "execute"))
_OWN_TABLES = """select relname, format('%I', relname) as quoted from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    and pg_has_role(relowner, 'USAGE') order by relname"""
_HELD = """with tables as (
    select oid, relname::text from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p'))
  select relname as table, word as right, '' as column
    from tables, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references',
      'trigger']) word where has_table_privilege(oid, word)
  union all
  select t.relname, word, a.attname::text
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0
      and not a.attisdropped, unnest(array['select', 'insert', 'update', 'references']) word
   where not has_table_privilege(t.oid, word) and has_column_privilege(t.oid, a.attnum, word)"""
_LOOSE = """select found from (values
    (has_database_privilege(current_database(), 'TEMPORARY'),
      'the runtime role may create temporary tables'),
    (has_database_privilege('public', current_database(), 'CONNECT'),
      'every role of the server may enter the database'),
    (has_schema_privilege('public', 'CREATE'),
      'the runtime role may create tables and functions'))
    as n(is_so, found) where is_so
  union all
  select format('the function %s takes tables from whatever the session has', p.proname)
    from pg_proc p
   where p.pronamespace = 'public'::regnamespace and p.prorettype = 'trigger'::regtype
     and not exists (select from unnest(p.proconfig) c where c ~ '^search_path=.*pg_temp$')"""


async def grant(owner_url: str, runtime_role: str, rights: Mapping[str, str]) -> None:
    """Give the runtime role these rights (table -> in the words of GRANT) and no other ones.

    In one transaction, so that processes that run meanwhile miss none. What earlier versions
    granted on tables to come is taken back: partitions of the outbox are reached through it.
    """
    async with opened(owner_url) as sql, sql.transaction():
        tables = {row["relname"]: row["quoted"] for row in await sql.fetch(_OWN_TABLES)}
        database = make_url(owner_url).database
        for statement in _statements(database, runtime_role, tables, rights):
            await sql.execute(statement)


def _statements(
    database: str | None, role: str, tables: Mapping[str, str], rights: Mapping[str, str]
) -> Iterator[str]:
    yield f'revoke temporary on database "{database}" from public, "{role}"'
    yield f'revoke create on schema public from public, "{role}"'
    yield f'grant usage on schema public to "{role}"'
    for kind, words in _EARLIER:
        yield f'alter default privileges in schema public revoke {words} on {kind} from "{role}"'
    yield f'revoke all on all sequences in schema public from "{role}"'
    yield f'grant usage, select on all sequences in schema public to "{role}"'
    yield f'grant execute on all functions in schema public to "{role}"'
    if tables:
        yield f'revoke all on {", ".join(tables.values())} from public, "{role}"'
    granted: dict[str, list[str]] = {}
    for table in rights.keys() & tables.keys():
        granted.setdefault(rights[table], []).append(tables[table])
    for words, names in sorted(granted.items()):
        yield f'grant {words} on {", ".join(sorted(names))} to "{role}"'


async def excess(sql: "asyncpg.Connection[Any]", rights: Mapping[str, str]) -> list[str]:
    """What the role of this connection may do with tables beyond these rights, or may not do."""
    rows = await sql.fetch(_HELD)
    held = {(row["table"], row["right"], row["column"]) for row in rows}
    declared = {
        (table, word, column.strip())
        for table, words in rights.items()
        for word, columns in _PART.findall(words)
        for column in columns.split(",")
    }
    return [
        *(f"may {_named(one)}, which is not declared" for one in sorted(held - declared)),
        *(f"may not {_named(one)}" for one in sorted(declared - held)),
    ]


def _named(right: tuple[str, str, str]) -> str:
    table, word, column = right
    return f"{word} {table}.{column}" if column else f"{word} {table}"


async def loose(sql: "asyncpg.Connection[Any]") -> list[str]:
    """What could lead a guard of the database astray; empty in a sound installation."""
    return [row["found"] for row in await sql.fetch(_LOOSE)]
