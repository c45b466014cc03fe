"""The table of changes of records, which is added to and never changed but to redact values."""

from chassis.work.ways import Way

__all__ = ["DDL", "DROP", "RIGHTS"]

_WAYS = ", ".join(f"'{way}'" for way in Way)

DDL: tuple[str, ...] = (
    f"""create table record_change (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      version bigint not null,
      revision bigint not null,
      changed_at timestamptz not null,
      actor text not null,
      actor_name text not null,
      way text not null,
      import_id uuid,
      correlation_id uuid not null,
      is_new boolean not null,
      changes jsonb not null,
      constraint pk_record_change primary key (id),
      constraint ck_record_change_way_known check (way in ({_WAYS})),
      constraint ck_record_change_versions check (version between 1 and revision),
      constraint ck_record_change_changes check (jsonb_typeof(changes) = 'object')
    )""",
    """create index ix_record_change_record on record_change
      (record_type, record_id, revision, id)""",
    """create index ix_record_change_import_id on record_change (import_id, id)
      where import_id is not null""",
    # What was may be taken out of a row, never replaced by something else.
    """create function record_change_redact_only() returns trigger language plpgsql as $$
    begin
      if new.actor_name not in (old.actor_name, '')
          or (to_jsonb(new) - '{actor_name,changes}'::text[])
            <> (to_jsonb(old) - '{actor_name,changes}'::text[])
          or exists (
            select from jsonb_each(old.changes) o
              full join jsonb_each(new.changes) n on n.key = o.key
             where o.key is null or n.key is null or n.value not in (o.value, 'null')) then
        raise exception '% of % refused: its rows are never changed', tg_op, tg_table_name
          using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    """create trigger record_change_redact_only before update on record_change
      for each row execute function record_change_redact_only()""",
    """create trigger record_change_append_only before delete on record_change
      for each row execute function append_only()""",
    """create trigger record_change_append_only_truncate before truncate on record_change
      for each statement execute function append_only()""",
    """create function redact_record_changes(kind text, ids uuid[], fields text[])
      returns bigint language sql as $$
      with redacted as (
        update record_change c
           set changes = (
             select jsonb_object_agg(e.key,
                 case when e.key = any(fields) then 'null' else e.value end)
               from jsonb_each(c.changes) e)
         where c.record_type = kind and c.record_id = any(ids) and c.changes ?| fields
        returning 1)
      select count(*) from redacted
    $$""",
)
"""`changes` is {field: [value before, value after]}; null in place of both: they were redacted.
`redact_record_changes` takes the values of fields out of all changes of records; the rows stay."""

DROP: tuple[str, ...] = (
    "drop table record_change",
    "drop function record_change_redact_only",
    "drop function redact_record_changes",
)

RIGHTS = {
    "record_change": "select, insert, update (actor_name, changes)",
}
