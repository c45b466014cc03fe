"""The table of the custom fields of documents, made by a migration of each service."""

__all__ = ["DDL", "DROP", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table document_fields (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      version integer not null,
      custom jsonb not null,
      constraint pk_document_fields primary key (id),
      constraint uq_document_fields_record unique (record_id, record_type),
      constraint ck_document_fields_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_document_fields_version check (version >= 0),
      constraint ck_document_fields_custom_object check (jsonb_typeof(custom) = 'object')
    )""",
    """create index ix_document_fields_custom on document_fields
      using gin (custom jsonb_path_ops) where custom <> '{}'""",
    "create index ix_document_fields_record_type on document_fields (record_type)",
)
"""A row of each document that has values, or had some. `version` counts their changes."""

DROP: tuple[str, ...] = ("drop table document_fields",)

RIGHTS = {
    "document_fields": "select, insert, update, delete",
}
