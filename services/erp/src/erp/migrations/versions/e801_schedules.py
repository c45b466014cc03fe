"""Schedule tries, published schedules with their assignments and orders.

Revision ID: e801
Revises: e800
"""

from alembic import op

from chassis.storage.states import transition_trigger

revision = "e801"
down_revision = "e800"

_FIGURES = """made_by text constraint ck_{0}_made_by_known check (made_by in ('rule', 'solver')),
      operations integer not null,
      moved integer not null,
      late_orders integer not null,
      lateness_minutes bigint not null,
      makespan_minutes integer not null,
      objective bigint,
      bound bigint,
      gap numeric(7, 6)"""
_TABLES = ("schedule", "schedule_try", "scheduled_order", "schedule_assignment")
_ORDER = """production_order_id uuid not null
        constraint fk_{0}_production_order_id_production_order references production_order (id)"""
_SCHEDULE = """schedule_id uuid not null
        constraint fk_{0}_schedule_id_schedule references schedule (id)"""
_STATEMENTS = (
    f"""create table schedule (
      id uuid not null constraint pk_schedule primary key,
      number integer not null constraint uq_schedule_number unique
        constraint ck_schedule_number_positive check (number > 0),
      is_current boolean not null,
      published_at timestamptz not null,
      published_by text not null,
      input_hash text not null,
      setups jsonb not null constraint ck_schedule_setups_listed
        check (jsonb_typeof(setups) = 'array'),
      {_FIGURES.format("schedule")})""",
    """create unique index uq_schedule_is_current on schedule (is_current)
        where is_current""",
    "create index ix_schedule_published_at on schedule (published_at, id)",
    f"""create table schedule_try (
      id uuid not null constraint pk_schedule_try primary key,
      state text not null constraint ck_schedule_try_state_known check (state in
        ('queued', 'computing', 'ready', 'failed', 'kept', 'dropped')),
      method text not null
        constraint ck_schedule_try_method_known check (method in ('rule', 'solver')),
      progress smallint not null
        constraint ck_schedule_try_progress_range check (progress between 0 and 100),
      profile jsonb not null,
      changes jsonb not null constraint ck_schedule_try_changes_listed
        check (jsonb_typeof(changes) = 'array'),
      asked_by text not null,
      created_at timestamptz not null,
      read_at timestamptz,
      finished_at timestamptz,
      base_id uuid constraint fk_schedule_try_base_id_schedule references schedule (id),
      schedule_id uuid constraint fk_schedule_try_schedule_id_schedule references schedule (id)
        constraint uq_schedule_try_schedule_id unique,
      input_hash text,
      conflicts jsonb not null constraint ck_schedule_try_conflicts_listed
        check (jsonb_typeof(conflicts) = 'array'),
      result jsonb,
      problem text,
      {_FIGURES.format("schedule_try")},
      constraint ck_schedule_try_ready_has_result check (state <> 'ready' or result is not null),
      constraint ck_schedule_try_kept_once check ((state = 'kept') = (schedule_id is not null)))""",
    "create index ix_schedule_try_base_id on schedule_try (base_id)",
    "create index ix_schedule_try_created_at on schedule_try (created_at, id)",
    "create index ix_schedule_try_state on schedule_try (state, created_at, id)",
    f"""create table scheduled_order (
      {_ORDER.format("scheduled_order")},
      {_SCHEDULE.format("scheduled_order")},
      due_at timestamptz not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      late_minutes integer not null
        constraint ck_scheduled_order_lateness_not_negative check (late_minutes >= 0),
      reasons jsonb not null constraint ck_scheduled_order_reasons_listed
        check (jsonb_typeof(reasons) = 'array'),
      constraint pk_scheduled_order primary key (production_order_id),
      constraint ck_scheduled_order_times_in_order check (starts_at <= ends_at))""",
    "create index ix_scheduled_order_schedule_id on scheduled_order (schedule_id)",
    "create index ix_scheduled_order_ends_at on scheduled_order (ends_at, production_order_id)",
    f"""create table schedule_assignment (
      id uuid not null constraint pk_schedule_assignment primary key,
      {_SCHEDULE.format("schedule_assignment")},
      {_ORDER.format("schedule_assignment")},
      operation_id uuid not null
        constraint fk_schedule_assignment_operation_id_production_order_operation
        references production_order_operation (id)
        constraint uq_schedule_assignment_operation_id unique,
      work_centre_id uuid not null constraint fk_schedule_assignment_work_centre_id_work_centre
        references work_centre (id),
      unit smallint not null
        constraint ck_schedule_assignment_unit_not_negative check (unit >= 0),
      setup_starts_at timestamptz not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      is_fixed boolean not null,
      constraint ck_schedule_assignment_times_in_order
        check (setup_starts_at <= starts_at and starts_at <= ends_at),
      constraint ex_schedule_assignment_overlap exclude using gist (
        work_centre_id with =, unit with =, tstzrange(setup_starts_at, ends_at) with &&))""",
    "create index ix_schedule_assignment_schedule_id on schedule_assignment (schedule_id)",
    """create index ix_schedule_assignment_production_order_id
        on schedule_assignment (production_order_id)""",
    "create index ix_schedule_assignment_starts_at on schedule_assignment (starts_at, id)",
    """create index ix_schedule_assignment_work_centre_id
        on schedule_assignment (work_centre_id, starts_at)""",
)
_FOLLOWING = {
    "queued": ("computing", "dropped"),
    "computing": ("ready", "failed", "dropped"),
    "ready": ("kept", "dropped"),
}


def upgrade() -> None:
    """Add the tables, what they promise, and which state follows which."""
    for statement in _STATEMENTS:
        op.execute(statement)
    op.execute(transition_trigger("schedule_try", "state", _FOLLOWING))


def downgrade() -> None:
    """Take them away."""
    for table in reversed(_TABLES):
        op.execute(f"drop table {table}")
