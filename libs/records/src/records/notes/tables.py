"""The table of notes, made by a migration of each service."""

__all__ = ["DDL", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table note (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      text text not null,
      pinned boolean not null default false,
      mentions uuid[] not null default '{}',
      author text not null,
      author_name text not null,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      edited_at timestamptz,
      constraint pk_note primary key (id),
      constraint ck_note_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_note_text check (length(text) between 1 and 10000),
      constraint ck_note_version check (version >= 1),
      constraint ck_note_edited check (edited_at is null or version > 1)
    )""",
    """create index ix_note_record_created_at on note
      (record_type, record_id, created_at desc, id desc)""",
)
"""`mentions` are ids of users, who are disabled and never deleted."""

RIGHTS = {
    "note": "select, insert, update, delete",
}
