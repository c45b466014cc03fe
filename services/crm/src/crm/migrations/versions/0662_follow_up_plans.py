"""Follow-up plans, what they are found by, and their runs.

Revision ID: 0662
Revises: 0661
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0662"
down_revision = "0661"

INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "status_created_at": "status, created_at, id",
}
SEARCHED = ("follow_up_plan", "name, sort_key", "search_name(new.name, new.sort_key)")

OF_RUNS = (
    """create table follow_up_run (
      id uuid not null,
      plan_id uuid not null,
      record_type text not null,
      record_id uuid not null,
      state text not null,
      stop_reason text,
      steps jsonb not null,
      stop_on_reply boolean not null,
      stop_stages text[] not null,
      next_step smallint not null,
      next_on date,
      started_by text not null,
      ended_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint pk_follow_up_run primary key (id),
      constraint fk_follow_up_run_plan_id_follow_up_plan
        foreign key (plan_id) references follow_up_plan (id),
      constraint ck_follow_up_run_state_known
        check (state in ('running', 'finished', 'stopped')),
      constraint ck_follow_up_run_stop_reason_known
        check (stop_reason in ('reply', 'stage', 'closed', 'by_hand')),
      constraint ck_follow_up_run_record_type_known
        check (record_type in ('contact', 'lead', 'opportunity')),
      constraint ck_follow_up_run_stopped_for
        check ((state = 'stopped') = (stop_reason is not null)),
      constraint ck_follow_up_run_running_has_next
        check ((state = 'running') = (next_on is not null)),
      constraint ck_follow_up_run_ended_has_time
        check ((state = 'running') = (ended_at is null)),
      constraint ck_follow_up_run_next_in_steps
        check (next_step between 0 and jsonb_array_length(steps))
    )""",
    """create unique index uq_follow_up_run_running
      on follow_up_run (record_type, record_id, plan_id) where state = 'running'""",
    """create index ix_follow_up_run_due on follow_up_run (next_on, id)
      where state = 'running'""",
    "create index ix_follow_up_run_created_at on follow_up_run (created_at, id)",
    "create index ix_follow_up_run_updated_at on follow_up_run (updated_at, id)",
    "create index ix_follow_up_run_plan_id on follow_up_run (plan_id, created_at, id)",
    """create index ix_follow_up_run_record
      on follow_up_run (record_type, record_id, created_at, id)""",
    """create table follow_up_step (
      run_id uuid not null,
      step smallint not null,
      activity_id uuid not null,
      made_at timestamptz not null,
      constraint pk_follow_up_step primary key (run_id, step),
      constraint uq_follow_up_step_activity_id unique (activity_id),
      constraint fk_follow_up_step_run_id_follow_up_run
        foreign key (run_id) references follow_up_run (id),
      constraint fk_follow_up_step_activity_id_activity
        foreign key (activity_id) references activity (id)
    )""",
)


def upgrade() -> None:
    """Create the table, its indexes, and the table of texts with its triggers."""
    op.execute(
        """create table follow_up_plan (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          note text not null,
          steps jsonb not null,
          stop_on_reply boolean not null,
          stop_stages text[] not null,
          status text not null,
          constraint pk_follow_up_plan primary key (id),
          constraint ck_follow_up_plan_name_given check (name <> ''),
          constraint ck_follow_up_plan_status_known check (status in ('active', 'archived')),
          constraint ck_follow_up_plan_steps_listed check (
            jsonb_typeof(steps) = 'array' and jsonb_array_length(steps) between 1 and 30)
        )"""
    )
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_follow_up_plan_{name} on follow_up_plan ({columns})")
    op.execute(
        """create table follow_up_plan_search (
          follow_up_plan_id uuid not null,
          search text not null,
          constraint pk_follow_up_plan_search primary key (follow_up_plan_id),
          constraint fk_follow_up_plan_search_follow_up_plan_id_follow_up_plan
            foreign key (follow_up_plan_id) references follow_up_plan (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_follow_up_plan_search_search on follow_up_plan_search"
        " using gin (search_grams(search))"
    )
    kept = search_functions.kept_beside(*SEARCHED)
    for statement in (*kept, *add_values("follow_up_plan"), *OF_RUNS):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the function of their triggers."""
    op.execute("drop table follow_up_step, follow_up_run")
    op.execute("drop table follow_up_plan_search, follow_up_plan")
    op.execute("drop function keep_follow_up_plan_search()")
