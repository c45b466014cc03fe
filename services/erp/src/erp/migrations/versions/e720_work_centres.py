"""Calendars, work centres, routings with their operations.

Revision ID: e720
Revises: e702
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from chassis.storage.states import transition_trigger
from records.custom.tables import add_values

revision = "e720"
down_revision = "e702"

_RECORD = """id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null"""
_CUSTOM = """custom jsonb default '{{}}' not null constraint ck_{table}_custom_object
        check (jsonb_typeof(custom) = 'object')"""
_NAMED = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "status_created_at": "status, created_at, id",
}
_SEARCHED = {
    "calendar": ("name, sort_key", "search_name(new.name, new.sort_key)"),
    "work_centre": (
        "code, name, sort_key",
        "search_number(new.code) || ' ' || search_name(new.name, new.sort_key)",
    ),
}
_TABLES = (
    f"""create table calendar (
      {_RECORD},
      name text not null,
      sort_key text collate "C" not null,
      note text not null,
      zone text not null,
      country text not null,
      region text not null,
      hours jsonb not null,
      exceptions jsonb not null,
      status text not null,
      constraint pk_calendar primary key (id),
      constraint ck_calendar_name_given check (name <> ''),
      constraint ck_calendar_hours_given
        check (jsonb_typeof(hours) = 'array' and jsonb_array_length(hours) > 0),
      constraint ck_calendar_exceptions_listed check (jsonb_typeof(exceptions) = 'array'),
      constraint ck_calendar_zone_given check (zone <> ''),
      constraint ck_calendar_region_of_country check (region = '' or country <> ''),
      constraint ck_calendar_status_known check (status in ('active', 'archived')))""",
    f"""create table work_centre (
      {_RECORD},
      code text not null constraint uq_work_centre_code unique,
      name text not null,
      sort_key text collate "C" not null,
      calendar_id uuid constraint fk_work_centre_calendar_id_calendar references calendar (id),
      capacity integer not null,
      cost_per_hour numeric(20, 6) not null,
      overhead_per_hour numeric(20, 6) not null,
      efficiency numeric(20, 6) not null,
      skills text[] not null,
      tools text[] not null,
      note text not null,
      status text not null,
      constraint pk_work_centre primary key (id),
      constraint ck_work_centre_code_given check (code <> ''),
      constraint ck_work_centre_name_given check (name <> ''),
      constraint ck_work_centre_capacity_range check (capacity between 1 and 10000),
      constraint ck_work_centre_rates_not_negative
        check (cost_per_hour >= 0 and overhead_per_hour >= 0),
      constraint ck_work_centre_efficiency_range check (efficiency > 0 and efficiency <= 1000),
      constraint ck_work_centre_status_known check (status in ('active', 'archived')))""",
    "create index ix_work_centre_calendar_id on work_centre (calendar_id)",
    *(
        f"create index ix_{table}_{name} on {table} ({columns})"
        for table in _SEARCHED
        for name, columns in _NAMED.items()
    ),
    f"""create table routing (
      {_RECORD},
      item_id uuid not null constraint fk_routing_item_id_item references item (id),
      label text not null constraint ck_routing_label_given check (label <> ''),
      effective_from date,
      effective_to date,
      note text not null,
      status text not null constraint ck_routing_status_known
        check (status in ('draft', 'active', 'archived')),
      activated_in bigint,
      {_CUSTOM.format(table="routing")},
      constraint pk_routing primary key (id),
      constraint uq_routing_item_id_label unique (item_id, label),
      constraint ck_routing_period_in_order check (effective_to >= effective_from),
      constraint ex_routing_overlap exclude using gist (
        item_id with =, daterange(effective_from, effective_to, '[]') with &&)
        where (status = 'active'))""",
    "create index ix_routing_created_at on routing (created_at, id)",
    "create index ix_routing_updated_at on routing (updated_at, id)",
    "create index ix_routing_item_id_created_at on routing (item_id, created_at, id)",
    "create index ix_routing_status_created_at on routing (status, created_at, id)",
    """create index ix_routing_custom on routing
      using gin (custom jsonb_path_ops) where custom <> '{}'""",
    """create table routing_operation (
      id uuid not null constraint pk_routing_operation primary key,
      routing_id uuid not null constraint fk_routing_operation_routing_id_routing
        references routing (id) on delete cascade,
      sequence integer not null,
      name text not null,
      work_centre_id uuid not null constraint fk_routing_operation_work_centre_id_work_centre
        references work_centre (id),
      alternates uuid[] not null,
      setup_minutes numeric(20, 6) not null,
      run_minutes numeric(20, 6) not null,
      run_basis text not null constraint ck_routing_operation_run_basis_known
        check (run_basis in ('piece', 'batch')),
      batch_quantity numeric(20, 6) not null
        constraint ck_routing_operation_batch_positive check (batch_quantity > 0),
      queue_minutes numeric(20, 6) not null,
      yield_part numeric(7, 6) not null constraint ck_routing_operation_yield_range
        check (yield_part > 0 and yield_part <= 1),
      skills text[] not null,
      tools text[] not null,
      supplier_id uuid constraint fk_routing_operation_supplier_id_supplier
        references supplier (id),
      constraint uq_routing_operation_routing_id_sequence unique (routing_id, sequence),
      constraint ck_routing_operation_sequence_range check (sequence between 1 and 9999),
      constraint ck_routing_operation_minutes_not_negative
        check (setup_minutes >= 0 and run_minutes >= 0 and queue_minutes >= 0))""",
    "create index ix_routing_operation_work_centre_id on routing_operation (work_centre_id)",
    "create index ix_routing_operation_supplier_id on routing_operation (supplier_id)",
)
_FIXED = (
    """create function routing_stays() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' or old.status = 'draft' then
        new.activated_in := case when new.status <> 'draft'
          then pg_current_xact_id()::text::bigint end;
        return new;
      end if;
      new.activated_in := old.activated_in;
      if (new.item_id, new.label) is distinct from (old.item_id, old.label) then
        raise exception 'the routing % was activated: its content stays', old.id
          using errcode = 'restrict_violation', constraint = tg_name;
      end if;
      return new;
    end $$""",
    """create trigger routing_stays before insert or update on routing
      for each row execute function routing_stays()""",
    """create function routing_operation_stays() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      foreach one in array array_remove(array[
          case when tg_op <> 'INSERT' then old.routing_id end,
          case when tg_op <> 'DELETE' then new.routing_id end], null) loop
        if exists (select from routing r where r.id = one and r.status <> 'draft'
            and r.activated_in is distinct from pg_current_xact_id()::text::bigint) then
          raise exception 'the routing % was activated: its operations stay', one
            using errcode = 'restrict_violation', constraint = tg_name;
        end if;
      end loop;
      return coalesce(new, old);
    end $$""",
    """create trigger routing_operation_stays before insert or update or delete
      on routing_operation for each row execute function routing_operation_stays()""",
)
_FOLLOWING = {"draft": ("active", "archived"), "active": ("archived",), "archived": ("active",)}


def upgrade() -> None:
    """Add the tables, what they are found by, and what they promise."""
    for statement in _TABLES:
        op.execute(statement)
    for table, searched in _SEARCHED.items():
        op.execute(
            f"""create table {table}_search (
              {table}_id uuid not null,
              search text not null,
              constraint pk_{table}_search primary key ({table}_id),
              constraint fk_{table}_search_{table}_id_{table}
                foreign key ({table}_id) references {table} (id) on delete cascade)"""
        )
        op.execute(
            f"create index ix_{table}_search_search on {table}_search"
            " using gin (search_grams(search))"
        )
        for statement in (*search_functions.kept_beside(table, *searched), *add_values(table)):
            op.execute(statement)
    for statement in (*_FIXED, PIN_FUNCTIONS):
        op.execute(statement)
    op.execute(transition_trigger("routing", "status", _FOLLOWING))


def downgrade() -> None:
    """Take them away."""
    for table in ("routing_operation", "routing"):
        op.execute(f"drop table {table}")
    for table in ("work_centre", "calendar"):
        op.execute(f"drop table {table}_search, {table}")
        op.execute(f"drop function keep_{table}_search()")
    for function in ("routing_stays", "routing_operation_stays"):
        op.execute(f"drop function {function}()")
