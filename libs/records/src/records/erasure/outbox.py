"""Taking personal data out of events that are written already: of who was erased, nothing else.

Events are never changed. The one exception is held by a trigger: text may become empty, or the
word `[erased]`, and an object empty; all else of the row, its place and its number stay. Whoever
read the event before has it as it was.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg

from chassis.storage.reading import Reading

__all__ = ["DDL", "DROP", "ERASED", "events_of", "redact_events", "redact_parts"]

ERASED = "[erased]"
"""What stands for a name that must not be empty."""

DDL: tuple[str, ...] = (
    """create function is_redaction(was jsonb, is_now jsonb) returns boolean
      language plpgsql immutable as $$
    begin
      if was is not distinct from is_now then
        return true;
      elsif jsonb_typeof(was) = 'string' then
        return is_now in ('""', '"[erased]"');
      elsif jsonb_typeof(was) = 'object' and is_now = '{}' then
        return true;
      elsif jsonb_typeof(was) = 'object' and jsonb_typeof(is_now) = 'object' then
        return not exists (
          select from jsonb_each(was) w full join jsonb_each(is_now) n on n.key = w.key
           where w.key is null or n.key is null or not is_redaction(w.value, n.value));
      elsif jsonb_typeof(was) = 'array' and jsonb_typeof(is_now) = 'array' then
        return jsonb_array_length(was) = jsonb_array_length(is_now) and not exists (
          select from jsonb_array_elements(was) with ordinality w(value, at)
            join jsonb_array_elements(is_now) with ordinality n(value, at) on n.at = w.at
           where not is_redaction(w.value, n.value));
      end if;
      return false;
    end $$""",
    """create function redacted(value jsonb) returns jsonb language plpgsql immutable as $$
    begin
      return case jsonb_typeof(value)
        when 'string' then '""'
        when 'object' then (
          select coalesce(jsonb_object_agg(e.key, redacted(e.value)), '{}')
            from jsonb_each(value) e)
        when 'array' then (
          select coalesce(jsonb_agg(redacted(e.value) order by e.at), '[]')
            from jsonb_array_elements(value) with ordinality e(value, at))
        else value end;
    end $$""",
    """create function redact_fields(payload jsonb, fields text[]) returns jsonb
      language sql immutable as $$
      select coalesce(jsonb_object_agg(e.key,
          case when not e.key = any(fields) then e.value
            when e.key = 'name' then '"[erased]"'
            when e.key = 'custom' then '{}' else redacted(e.value) end), '{}')
        from jsonb_each(payload) e
    $$""",
    """create function redact_parts(payload jsonb, list text, ids uuid[], fields text[])
      returns jsonb language sql immutable as $$
      select jsonb_set(payload, array[list], (
        select coalesce(jsonb_agg(
            case when (e.value->>'id')::uuid = any(ids) then redact_fields(e.value, fields)
              else e.value end order by e.at), '[]')
          from jsonb_array_elements(payload->list) with ordinality e(value, at)))
    $$""",
    """create function outbox_redact_only() returns trigger language plpgsql as $$
    begin
      if to_jsonb(new) - 'payload' <> to_jsonb(old) - 'payload'
          or not is_redaction(old.payload, new.payload) then
        raise exception '% of % refused: its rows are never changed', tg_op, tg_table_name
          using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    "drop trigger outbox_append_only on outbox",
    """create trigger outbox_append_only before delete on outbox
      for each row execute function append_only()""",
    """create trigger outbox_redact_only before update on outbox
      for each row execute function outbox_redact_only()""",
)

DROP: tuple[str, ...] = (
    "drop trigger outbox_redact_only on outbox",
    "drop trigger outbox_append_only on outbox",
    """create trigger outbox_append_only before update or delete on outbox
      for each row execute function append_only()""",
    "drop function outbox_redact_only",
    "drop function redact_parts",
    "drop function redact_fields",
    "drop function redacted",
    "drop function is_redaction",
)

_OF = """where o.id = any(array(
    select outbox_id from outbox_version where aggregate_id = any($1::uuid[])))"""
_FIELDS = f"""with changed as (
    update outbox o set payload = redact_fields(o.payload, $2) {_OF}
       and o.payload ?| $2::text[] returning 1)
  select count(*) from changed"""
_PARTS = f"""with changed as (
    update outbox o set payload = redact_parts(o.payload, $2, $3::uuid[], $4) {_OF}
       and exists (select from jsonb_array_elements(o.payload->$2) e
         where (e.value->>'id')::uuid = any($3::uuid[]))
    returning 1)
  select count(*) from changed"""


_KEPT = """select o.type, o.occurred_at, o.payload as data
  from outbox_version v join outbox o on o.id = v.outbox_id
  where v.aggregate_id = any($1::uuid[]) order by o.occurred_at, o.id"""


async def events_of(at: Reading, aggregates: Collection[UUID]) -> list[dict[str, Any]]:
    """What was published of the aggregates, as far as it is kept."""
    return [dict(row) for row in await at.sql.fetch(_KEPT, list(aggregates))]


async def redact_events(
    sql: "asyncpg.Connection[Any]", aggregates: Collection[UUID], fields: Collection[str]
) -> int:
    """Empty fields in all events of the aggregates; how many events that were."""
    return int(await sql.fetchval(_FIELDS, list(aggregates), sorted(fields)))


async def redact_parts(
    sql: "asyncpg.Connection[Any]",
    aggregates: Collection[UUID],
    *,
    within: str,
    parts: Collection[UUID],
    fields: Collection[str],
) -> int:
    """Empty fields of parts (by their `id`) in a list of all events of the aggregates; how many."""
    return int(await sql.fetchval(_PARTS, list(aggregates), within, list(parts), sorted(fields)))
