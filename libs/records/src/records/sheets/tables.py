"""The table of the contents of files, made by a migration of each service."""

__all__ = ["DDL", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table file_part (
      owner_id uuid not null,
      number integer not null,
      content bytea not null,
      constraint pk_file_part primary key (owner_id, number)
    )""",
)
"""`owner_id`: the export or import that the file belongs to; both delete it when they expire."""

RIGHTS = {
    "file_part": "select, insert, delete",
}
