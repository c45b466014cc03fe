"""The tables of tags, made by a migration of each service."""

from chassis.work.ways import Way

__all__ = ["DDL", "RIGHTS", "TABLES"]

_WAYS = ", ".join(f"'{way}'" for way in Way)
TABLES = ("record_tag_change", "record_tag", "record_tags", "tag")
"""Those that refer to others before them."""

DDL: tuple[str, ...] = (
    """create table tag (
      id uuid not null,
      name text not null,
      name_key text not null,
      sort_key text collate "C" not null,
      colour text not null default '',
      description text not null default '',
      status text not null default 'active',
      merged_into uuid,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint pk_tag primary key (id),
      constraint uq_tag_name_key unique (name_key),
      constraint ck_tag_name check (name <> '' and name_key <> '' and strpos(name, ',') = 0),
      constraint ck_tag_colour check (colour ~ '^(#[0-9a-f]{6})?$'),
      constraint ck_tag_status check (status in ('active', 'archived')),
      constraint ck_tag_version check (version >= 1),
      constraint ck_tag_merged check (
        merged_into is null or (status = 'archived' and merged_into <> id)),
      constraint fk_tag_merged_into_tag foreign key (merged_into) references tag (id)
    )""",
    "create index ix_tag_merged_into on tag (merged_into) where merged_into is not null",
    *(f"create index ix_tag_{one} on tag ({one}, id)" for one in ("created_at", "updated_at")),
    "create index ix_tag_sort_key on tag (sort_key, id)",
    """create table record_tags (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      version integer not null default 0,
      constraint pk_record_tags primary key (id),
      constraint uq_record_tags_record unique (record_type, record_id),
      constraint ck_record_tags_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_record_tags_version check (version >= 0)
    )""",
    """create table record_tag (
      record_type text not null,
      record_id uuid not null,
      tag_id uuid not null,
      constraint pk_record_tag primary key (record_type, record_id, tag_id),
      constraint fk_record_tag_record_tags foreign key (record_type, record_id)
        references record_tags (record_type, record_id),
      constraint fk_record_tag_tag foreign key (tag_id) references tag (id)
    )""",
    "create index ix_record_tag_tag on record_tag (tag_id, record_type, record_id)",
    f"""create table record_tag_change (
      id uuid not null,
      record_type text not null,
      record_id uuid not null,
      changed_at timestamptz not null,
      actor text not null,
      actor_name text not null,
      way text not null,
      import_id uuid,
      correlation_id uuid not null,
      added uuid[] not null,
      removed uuid[] not null,
      constraint pk_record_tag_change primary key (id),
      constraint ck_record_tag_change_way check (way in ({_WAYS})),
      constraint ck_record_tag_change_any check (cardinality(added) + cardinality(removed) > 0)
    )""",
    """create index ix_record_tag_change_record on record_tag_change
      (record_type, record_id, changed_at desc, id desc)""",
)
"""`record_tags` counts the changes of a record's tags, `record_tag` are the tags it has,
`record_tag_change` is who put which on it, or took which off."""

RIGHTS = {
    "tag": "select, insert, update",
    "record_tags": "select, insert, update",
    "record_tag": "select, insert, delete",
    "record_tag_change": "select, insert, update (actor_name)",
}
