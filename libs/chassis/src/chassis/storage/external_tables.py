"""The table of references to records from other systems, and how its indexes changed."""

__all__ = ["DDL", "ENTITY_FIRST", "ENTITY_LAST", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table external_reference (
      entity_type text not null,
      system text not null,
      external_id text not null,
      entity_id uuid not null,
      source_version bigint not null default 0,
      updated_at timestamptz not null default now(),
      constraint pk_external_reference primary key (entity_type, system, external_id),
      constraint uq_external_reference_entity unique (entity_type, system, entity_id),
      constraint ck_external_reference_system check (system ~ '^[a-z][a-z0-9_-]{0,31}$'),
      constraint ck_external_reference_external_id check (length(external_id) between 1 and 200)
    )""",
    "create index ix_external_reference_entity_id on external_reference (entity_id)",
)

ENTITY_FIRST: tuple[str, ...] = (
    "drop index ix_external_reference_entity_id",
    "alter table external_reference drop constraint uq_external_reference_entity",
    """alter table external_reference add constraint uq_external_reference_entity
      unique (entity_id, entity_type, system)""",
)
"""A change of a later migration. Two indexes that began alike misled the planner while a table
was new: it read all links of a system to find a few of them."""
ENTITY_LAST: tuple[str, ...] = (
    "alter table external_reference drop constraint uq_external_reference_entity",
    """alter table external_reference add constraint uq_external_reference_entity
      unique (entity_type, system, entity_id)""",
    "create index ix_external_reference_entity_id on external_reference (entity_id)",
)
"""The way back."""

RIGHTS = {"external_reference": "select, insert, update, delete"}
