"""The tables of imports, made by a migration of each service."""

from records.imports.states import ImportState, RowOutcome, UndoOutcome

__all__ = ["DDL", "DROP", "KEYS_DDL", "RIGHTS"]


def _words(states: type[ImportState | RowOutcome | UndoOutcome]) -> str:
    return ", ".join(f"'{one}'" for one in states)


DDL: tuple[str, ...] = (
    f"""create table record_import (
      id uuid not null,
      record_type text not null,
      system text not null,
      file_name text not null,
      size_bytes bigint not null,
      header text[] not null,
      sample jsonb not null,
      mapping jsonb not null,
      options jsonb not null,
      state text not null,
      is_staged boolean not null default false,
      is_run boolean not null default false,
      place bigint not null default 0,
      created_so_far bigint not null default 0,
      rows_total bigint,
      rows_done bigint not null default 0,
      created bigint not null default 0,
      updated bigint not null default 0,
      unchanged bigint not null default 0,
      failed bigint not null default 0,
      undo_cursor uuid,
      problem jsonb,
      actor jsonb not null,
      made_by text not null,
      language text not null,
      created_at timestamptz not null,
      finished_at timestamptz,
      expires_at timestamptz,
      constraint pk_record_import primary key (id),
      constraint ck_record_import_system check (system ~ '^[a-z][a-z0-9_-]{{0,31}}$'),
      constraint ck_record_import_state check (state in ({_words(ImportState)})),
      constraint ck_record_import_problem check ((problem is not null) = (state = 'failed')),
      constraint ck_record_import_rows
        check (rows_done = created + updated + unchanged + failed and rows_done <= rows_total)
    )""",
    """create index ix_record_import_made_by on record_import
      (made_by, created_at desc, id desc)""",
    "create index ix_record_import_created_at on record_import (created_at desc, id desc)",
    "create index ix_record_import_expires_at on record_import (expires_at)",
    f"""create table record_import_row (
      id uuid not null,
      import_id uuid not null,
      place bigint not null,
      number bigint not null,
      cells jsonb not null,
      line text not null,
      outcome text not null,
      record_id uuid,
      errors jsonb not null default '[]',
      constraint pk_record_import_row primary key (id),
      constraint uq_record_import_row_place unique (import_id, place),
      constraint fk_record_import_row_import_id_record_import
        foreign key (import_id) references record_import (id) on delete cascade,
      constraint ck_record_import_row_outcome check (outcome in ({_words(RowOutcome)})),
      constraint ck_record_import_row_errors
        check ((outcome = 'failed') = (jsonb_array_length(errors) > 0))
    )""",
    """create index ix_record_import_row_failed on record_import_row (import_id, place)
      where outcome = 'failed'""",
    f"""create table record_import_undo (
      id uuid not null,
      import_id uuid not null,
      record_id uuid not null,
      outcome text not null,
      fields text[] not null,
      kept jsonb not null default '[]',
      constraint pk_record_import_undo primary key (id),
      constraint uq_record_import_undo_record unique (import_id, record_id),
      constraint fk_record_import_undo_import_id_record_import
        foreign key (import_id) references record_import (id) on delete cascade,
      constraint ck_record_import_undo_outcome check (outcome in ({_words(UndoOutcome)}))
    )""",
    "create index ix_record_import_undo_record_id on record_import_undo (record_id)",
    "create index ix_record_import_row_record_id on record_import_row (record_id)",
    """create index ix_record_tag_change_import_id on record_tag_change (import_id)
      where import_id is not null""",
    """create table import_mapping (
      id uuid not null,
      name text not null,
      record_type text not null,
      mapping jsonb not null,
      options jsonb not null,
      shared boolean not null,
      made_by text not null,
      created_at timestamptz not null,
      constraint pk_import_mapping primary key (id),
      constraint uq_import_mapping_name unique (made_by, record_type, name),
      constraint ck_import_mapping_name check (length(name) between 1 and 200)
    )""",
    """create index ix_import_mapping_created_at on import_mapping
      (record_type, created_at desc, id desc)""",
)
"""`place` numbers the rows of a file from 1, `number` counts as a spreadsheet does. `cells` are the
cells by column: a text, true or false, or {"n": number} or {"d": day} of a workbook."""

KEYS_DDL = """create table record_import_key (
  import_id uuid not null,
  key uuid not null,
  record_id uuid not null,
  number bigint not null,
  constraint pk_record_import_key primary key (import_id, key),
  constraint fk_record_import_key_import_id_record_import
    foreign key (import_id) references record_import (id) on delete cascade
)"""
"""Keys that records of a dry run would have, as hashes, and the rows that gave them."""

DROP: tuple[str, ...] = (
    "drop index ix_record_tag_change_import_id",
    "drop table import_mapping",
    "drop table record_import_undo",
    "drop table record_import_row",
    "drop table record_import",
)

RIGHTS = {
    "record_import": "select, insert, update, delete",
    "record_import_row": "select, insert, update, delete",
    "record_import_undo": "select, insert, update",
    "import_mapping": "select, insert, update, delete",
    "record_import_key": "select, insert, delete",
}
