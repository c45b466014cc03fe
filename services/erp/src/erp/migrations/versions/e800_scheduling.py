"""Scheduling: set-up families, breaks, priorities; changeovers, shared resources, profiles.

Revision ID: e800
Revises: e790
"""

from alembic import op

revision = "e800"
down_revision = "e790"

_RECORD = """id uuid not null constraint pk_{0} primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      custom jsonb default '{{}}' not null constraint ck_{0}_custom_object
        check (jsonb_typeof(custom) = 'object'),
      note text not null,
      status text not null constraint ck_{0}_status_known
        check (status in ('active', 'archived'))"""
_TABLES = ("changeover", "shared_resource", "scheduling_profile")
_INDEXES = {
    "created_at": "(created_at, id)",
    "updated_at": "(updated_at, id)",
    "status_created_at": "(status, created_at, id)",
    "custom": "using gin (custom jsonb_path_ops) where custom <> '{}'",
}
_OPERATIONS = ("routing_operation", "production_order_operation")
_STATEMENTS = (
    *(
        f"""alter table {table} add column setup_family text default '' not null,
          add column breaks text default 'split' not null
            constraint ck_{table}_breaks_known check (breaks in ('split', 'block'))"""
        for table in _OPERATIONS
    ),
    """alter table production_order add column priority smallint default 5 not null
        constraint ck_production_order_priority_range check (priority between 1 and 9),
      add column rush boolean default false not null""",
    f"""create table changeover (
      {_RECORD.format("changeover")},
      work_centre_id uuid constraint fk_changeover_work_centre_id_work_centre
        references work_centre (id),
      from_family text not null,
      to_family text not null,
      minutes integer not null
        constraint ck_changeover_minutes_range check (minutes between 0 and 100000),
      constraint ck_changeover_families_given check (from_family <> '' and to_family <> ''),
      constraint uq_changeover_families
        unique nulls not distinct (work_centre_id, from_family, to_family))""",
    "create index ix_changeover_from_family on changeover (from_family, to_family)",
    f"""create table shared_resource (
      {_RECORD.format("shared_resource")},
      kind text not null
        constraint ck_shared_resource_kind_known check (kind in ('skill', 'tool')),
      name text not null constraint ck_shared_resource_name_given check (name <> ''),
      capacity integer not null
        constraint ck_shared_resource_capacity_range check (capacity between 1 and 10000),
      calendar_id uuid constraint fk_shared_resource_calendar_id_calendar
        references calendar (id),
      constraint uq_shared_resource_kind_name unique (kind, name))""",
    "create index ix_shared_resource_calendar_id on shared_resource (calendar_id)",
    f"""create table scheduling_profile (
      {_RECORD.format("scheduling_profile")},
      code text not null constraint uq_scheduling_profile_code unique
        constraint ck_scheduling_profile_code_given check (code <> ''),
      horizon_days smallint not null
        constraint ck_scheduling_profile_horizon_range check (horizon_days between 1 and 730),
      frozen_hours smallint not null
        constraint ck_scheduling_profile_frozen_range check (frozen_hours between 0 and 8760),
      lateness_weight smallint not null,
      setup_weight smallint not null,
      makespan_weight smallint not null,
      stability_weight smallint not null,
      solver_seconds smallint not null
        constraint ck_scheduling_profile_seconds_range check (solver_seconds between 1 and 600),
      constraint ck_scheduling_profile_weights_range check (
        lateness_weight between 0 and 10000 and setup_weight between 0 and 10000
        and makespan_weight between 0 and 10000 and stability_weight between 0 and 10000))""",
    *(
        f"create index ix_{table}_{name} on {table} {columns}"
        for table in _TABLES
        for name, columns in _INDEXES.items()
    ),
)
_DOWNGRADE = (
    *(f"drop table {table}" for table in reversed(_TABLES)),
    "alter table production_order drop column priority, drop column rush",
    *(f"alter table {table} drop column setup_family, drop column breaks" for table in _OPERATIONS),
)


def upgrade() -> None:
    """Add the fields with what they were without them, and the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for statement in _DOWNGRADE:
        op.execute(statement)
