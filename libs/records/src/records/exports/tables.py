"""The table of exports, made by a migration of each service."""

from records.exports.states import ExportState

__all__ = ["DDL", "RIGHTS"]

_STATES = ", ".join(f"'{one}'" for one in ExportState)

DDL: tuple[str, ...] = (
    f"""create table record_export (
      id uuid not null,
      record_type text not null,
      format text not null,
      query jsonb not null,
      fields text,
      bom boolean not null,
      state text not null,
      rows_written bigint not null default 0,
      rows_total bigint,
      parts integer not null default 0,
      cursor text,
      size_bytes bigint,
      problem jsonb,
      actor jsonb not null,
      made_by text not null,
      language text not null,
      created_at timestamptz not null,
      finished_at timestamptz,
      expires_at timestamptz,
      constraint pk_record_export primary key (id),
      constraint ck_record_export_format check (format in ('csv', 'xlsx')),
      constraint ck_record_export_state check (state in ({_STATES})),
      constraint ck_record_export_rows_written check (rows_written >= 0),
      constraint ck_record_export_problem check ((problem is not null) = (state = 'failed')),
      constraint ck_record_export_finished
        check ((finished_at is null) = (state in ('queued', 'running')))
    )""",
    """create index ix_record_export_made_by on record_export
      (made_by, created_at desc, id desc)""",
    "create index ix_record_export_created_at on record_export (created_at desc, id desc)",
    """create index ix_record_export_expires_at on record_export (expires_at)
      where state in ('done', 'failed')""",
)
"""`cursor`: where the next step goes on. `actor`: who asked, for whom it is read."""

RIGHTS = {
    "record_export": "select, insert, update",
}
