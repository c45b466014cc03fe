"""The tables of the job queue and the clock."""

__all__ = ["DDL", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table job (
      id uuid not null,
      kind text not null,
      payload jsonb not null,
      key text,
      trace jsonb,
      run_at timestamptz not null,
      state text not null default 'queued',
      attempts integer not null default 0,
      lease_until timestamptz,
      last_error text,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      constraint pk_job primary key (id),
      constraint ck_job_state check (state in ('queued', 'running', 'done', 'dead')),
      constraint ck_job_lease check ((state = 'running') = (lease_until is not null)),
      constraint ck_job_finished check ((state in ('done', 'dead')) = (finished_at is not null))
    )""",
    # Only a waiting job takes its key: what is asked while one runs must run again after it,
    # because the running one may already have read the old state.
    """create unique index uq_job_kind_key on job (kind, key)
      where state = 'queued' and key is not null""",
    """create index ix_job_due on job ((coalesce(lease_until, run_at)))
      where state in ('queued', 'running')""",
    "create index ix_job_created_at on job (state, created_at desc, id desc)",
    """create table schedule_mark (
      name text not null,
      period bigint not null,
      constraint pk_schedule_mark primary key (name)
    )""",
)
"""`schedule_mark`: the last period each schedule was queued for, so that none comes twice."""

RIGHTS = {
    "job": "select, insert, update, delete",
    "schedule_mark": "select, insert, update",
}
