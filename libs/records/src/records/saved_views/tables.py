"""The tables of saved views, made by a migration of each service."""

__all__ = ["DDL", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table saved_view (
      id uuid not null,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      record_type text not null,
      name text not null,
      owner text not null,
      owner_name text not null,
      shared_with text not null,
      team_id uuid,
      query jsonb not null,
      sort text,
      fields text[] not null,
      constraint pk_saved_view primary key (id),
      constraint ck_saved_view_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_saved_view_name check (length(name) between 1 and 200),
      constraint ck_saved_view_shared_with check (shared_with in ('nobody', 'team', 'all')),
      constraint ck_saved_view_team check ((shared_with = 'team') = (team_id is not null)),
      constraint ck_saved_view_query check (jsonb_typeof(query) = 'object'),
      constraint ck_saved_view_version check (version >= 1)
    )""",
    "create unique index uq_saved_view_name on saved_view (owner, record_type, lower(name))",
    "create index ix_saved_view_created_at on saved_view (created_at, id)",
    """create table default_view (
      actor text not null,
      record_type text not null,
      view_id uuid not null,
      constraint pk_default_view primary key (actor, record_type),
      constraint fk_default_view_view_id_saved_view foreign key (view_id)
        references saved_view (id) on delete cascade
    )""",
    "create index ix_default_view_view_id on default_view (view_id)",
)
"""`query` is what the list is asked, by parameter; `default_view`: with which one an actor begins.
"""

RIGHTS = {
    "saved_view": "select, insert, update, delete",
    "default_view": "select, insert, update, delete",
}
