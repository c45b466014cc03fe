"""Tables of custom fields, made by a migration of each service."""

from collections.abc import Iterator

from records.custom.kinds import Kind

__all__ = ["DDL", "DROP", "FIELDS_MAX", "RIGHTS", "add_values", "drop_values"]

FIELDS_MAX = 300
"""So many custom fields a record type may have, archived ones among them."""

_KINDS = ", ".join(f"'{kind}'" for kind in Kind)
_LOCK = "hashtextextended('custom fields of ' || of_type, 1)"

DDL: tuple[str, ...] = (
    f"""create table custom_field (
      id uuid not null,
      record_type text not null,
      key text not null,
      kind text not null,
      label text not null,
      label_zh text not null,
      required boolean not null,
      "default" jsonb,
      scale smallint,
      min text,
      max text,
      min_length integer,
      max_length integer,
      pattern text not null,
      choices jsonb not null,
      refers_to text,
      filtered boolean not null,
      sorted boolean not null,
      personal boolean not null,
      position integer not null,
      status text not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint pk_custom_field primary key (id),
      constraint uq_custom_field_record_type_key unique (record_type, key),
      constraint ck_custom_field_kind_known check (kind in ({_KINDS})),
      constraint ck_custom_field_key_form check (key ~ '^[a-z][a-z0-9_]{{0,47}}$'),
      constraint ck_custom_field_label_given check (label <> ''),
      constraint ck_custom_field_scale_range check (scale between 0 and 6),
      constraint ck_custom_field_lengths_in_order check (max_length >= coalesce(min_length, 0)),
      constraint ck_custom_field_choices_listed check (jsonb_typeof(choices) = 'array'),
      constraint ck_custom_field_status_known check (status in ('active', 'archived'))
    )""",
    "create index ix_custom_field_created_at on custom_field (created_at, id)",
    "create index ix_custom_field_updated_at on custom_field (updated_at, id)",
    "create index ix_custom_field_position on custom_field (position, id)",
    """create table custom_field_version (
      record_type text not null,
      version uuid not null,
      constraint pk_custom_field_version primary key (record_type)
    )""",
    """create table custom_order (
      field_id uuid not null,
      record_id uuid not null,
      value_order text collate "C" not null,
      constraint pk_custom_order primary key (field_id, record_id)
    )""",
    """create index ix_custom_order_value_order on custom_order
      (field_id, value_order, record_id)""",
    # Who changes the fields of a type waits for all who write records by them, and they for it.
    f"""create function custom_field_changes() returns trigger language plpgsql as $$
    declare of_type text := coalesce(new.record_type, old.record_type);
    begin
      perform pg_advisory_xact_lock({_LOCK});
      insert into custom_field_version as v values (of_type, gen_random_uuid())
        on conflict (record_type) do update set version = excluded.version;
      if tg_op = 'INSERT' and
          (select count(*) from custom_field f where f.record_type = of_type) > {FIELDS_MAX} then
        raise exception 'more than {FIELDS_MAX} custom fields of %', of_type
          using errcode = 'check_violation', constraint = 'ck_custom_field_limit',
            table = 'custom_field';
      end if;
      if tg_op = 'UPDATE' and (new.record_type, new.key, new.kind, new.scale, new.refers_to)
          is distinct from (old.record_type, old.key, old.kind, old.scale, old.refers_to) then
        raise exception 'key and kind of a custom field never change'
          using errcode = 'restrict_violation';
      end if;
      if tg_op = 'DELETE' or not new.sorted then
        delete from custom_order o where o.field_id = old.id;
      end if;
      return null;
    end $$""",
    """create trigger custom_field_changes after insert or update or delete on custom_field
      for each row execute function custom_field_changes()""",
    f"""create function custom_field_version_now(of_type text) returns uuid
      language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock_shared({_LOCK});
      return (select v.version from custom_field_version v where v.record_type = of_type);
    end $$""",
    """create function custom_field_version_passed(of_type text, known uuid) returns boolean
      language plpgsql volatile as $$
    begin
      if custom_field_version_now(of_type) is distinct from known then
        raise exception 'custom fields of % changed while a record was made', of_type
          using errcode = 'serialization_failure';
      end if;
      return false;
    end $$""",
)
"""`custom_field_version` has another value after every change of the fields of a type.
`custom_field_version_now` gives it, and keeps it as it is until the transaction ends;
`custom_field_version_passed` refuses to go on where it is not the known one any more.
`custom_order` has, for every field that lists are sorted by, a row of each record."""

DROP: tuple[str, ...] = (
    "drop table custom_order",
    "drop table custom_field",
    "drop table custom_field_version",
    "drop function custom_field_changes",
    "drop function custom_field_version_passed",
    "drop function custom_field_version_now",
)


def add_values(table: str) -> Iterator[str]:
    """What lets records of the table have custom fields: one column, whatever fields there are."""
    yield f"alter table {table} add column custom jsonb not null default '{{}}'"
    yield f"""alter table {table} add constraint ck_{table}_custom_object
      check (jsonb_typeof(custom) = 'object') not valid"""
    yield f"alter table {table} validate constraint ck_{table}_custom_object"
    yield f"""create index ix_{table}_custom on {table} using gin (custom jsonb_path_ops)
      where custom <> '{{}}'"""


def drop_values(table: str) -> Iterator[str]:
    """What takes them away."""
    yield f"alter table {table} drop column custom"


RIGHTS = {
    "custom_field": "select, insert, update, delete",
    "custom_field_version": "select, insert, update",
    "custom_order": "select, insert, update, delete",
}
