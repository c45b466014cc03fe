"""The tables of attachments, made by a migration of each service."""

__all__ = ["CHUNK_BYTES", "DDL", "DROP", "RIGHTS"]

CHUNK_BYTES = 256 * 1024
"""So much of a file is one row: memory holds one or two at a time, whatever the file's size."""

DDL: tuple[str, ...] = (
    """create table attachment (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      filename text not null,
      media_type text not null,
      size bigint not null,
      sha256 bytea not null,
      stored_in text not null,
      scanned_at timestamptz,
      added_by text not null,
      added_by_name text not null,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz,
      deleted_by text,
      deleted_by_name text,
      constraint pk_attachment primary key (id),
      constraint ck_attachment_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_attachment_filename check (length(filename) between 1 and 200),
      constraint ck_attachment_size check (size >= 1),
      constraint ck_attachment_sha256 check (octet_length(sha256) = 32),
      constraint ck_attachment_stored_in check (stored_in in ('database', 'folder')),
      constraint ck_attachment_version check (version >= 1),
      constraint ck_attachment_deleted check (
        num_nulls(deleted_at, deleted_by, deleted_by_name) in (0, 3))
    )""",
    """create index ix_attachment_record_created_at on attachment
      (record_type, record_id, created_at desc, id desc)""",
    f"""create table attachment_chunk (
      attachment_id uuid not null,
      place integer not null,
      data bytea not null,
      constraint pk_attachment_chunk primary key (attachment_id, place),
      constraint fk_attachment_chunk_attachment_id_attachment foreign key (attachment_id)
        references attachment (id) on delete cascade,
      constraint ck_attachment_chunk_place check (place >= 0),
      constraint ck_attachment_chunk_data check (
        octet_length(data) between 1 and {CHUNK_BYTES})
    )""",
    # What is attached is compressed already: trying again would only cost time.
    "alter table attachment_chunk alter column data set storage external",
    # What is deleted has no content, whoever deletes it.
    """create function attachment_purge() returns trigger language plpgsql as $$
    begin
      delete from attachment_chunk where attachment_id = new.id;
      return null;
    end $$""",
    """create trigger attachment_purge after update of deleted_at on attachment
      for each row when (new.deleted_at is not null) execute function attachment_purge()""",
)

DROP: tuple[str, ...] = (
    "drop table attachment_chunk",
    "drop table attachment",
    "drop function attachment_purge",
)

RIGHTS = {
    "attachment": "select, insert, update, delete",
    "attachment_chunk": "select, insert, delete",
}
