"""The table of merges, and what keeps new rows off a record that was merged; made by migrations."""

from collections.abc import Iterator

__all__ = ["DDL", "DROP", "FORMER_WAYS", "GUARDED", "RIGHTS", "widen_ways"]

GUARDED = {
    "note": ("record_type", "record_id"),
    "attachment": ("record_type", "record_id"),
    "record_tag": ("record_type", "record_id"),
    "external_reference": ("entity_type", "entity_id"),
}
"""Tables whose rows name a record by its type and id, without a foreign key."""

_TABLE = (
    """create table record_merge (
      id uuid not null,
      record_type text not null,
      winner_id uuid not null,
      loser_id uuid not null,
      merged_at timestamptz not null,
      actor text not null,
      actor_name text not null,
      moved jsonb not null,
      snapshot jsonb,
      undone_at timestamptz,
      undone_by text,
      undone_by_name text,
      kept jsonb not null default '[]',
      version integer not null default 1,
      constraint pk_record_merge primary key (id),
      constraint ck_record_merge_record_type check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_record_merge_two check (winner_id <> loser_id),
      constraint ck_record_merge_version check (version >= 1),
      constraint ck_record_merge_undone check (
        num_nulls(undone_at, undone_by, undone_by_name) in (0, 3)),
      constraint ck_record_merge_kept check (jsonb_typeof(kept) = 'array')
    )""",
    """create unique index uq_record_merge_loser on record_merge (record_type, loser_id)
      where undone_at is null""",
    "create index ix_record_merge_winner on record_merge (record_type, winner_id)",
    "create index ix_record_merge_merged_at on record_merge (merged_at, id)",
)
_FUNCTIONS = (
    # Who writes a row of a record waits for its merge to end, and the merge for the writer.
    """create function lock_merged_record(of_type text, of_id uuid) returns void
      language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared(hashtextextended('merge ' || of_type || of_id, 1));
    end $$""",
    """create function refuse_rows_of_merged() returns trigger language plpgsql as $$
    declare
      new_row jsonb := to_jsonb(new);
      of_type text := new_row->>tg_argv[0];
      of_id uuid := (new_row->>tg_argv[1])::uuid;
    begin
      perform lock_merged_record(of_type, of_id);
      if exists (select from record_merge m where m.record_type = of_type
          and m.loser_id = of_id and m.undone_at is null) then
        raise exception '% % was merged into another record', of_type, of_id
          using errcode = 'serialization_failure';
      end if;
      return new;
    end $$""",
    # A chain ends: nobody is merged into a record that was merged itself.
    """create function refuse_merge_into_merged() returns trigger language plpgsql as $$
    begin
      if exists (select from record_merge m where m.record_type = new.record_type
          and m.loser_id = new.winner_id and m.undone_at is null) then
        raise exception '% % was merged into another record', new.record_type, new.winner_id
          using errcode = 'integrity_constraint_violation';
      end if;
      return new;
    end $$""",
    """create trigger record_merge_into_merged before insert on record_merge
      for each row execute function refuse_merge_into_merged()""",
)


def _guards() -> Iterator[str]:
    for table, (of_type, of_id) in GUARDED.items():
        yield (
            f"create trigger {table}_of_merged before insert or update of {of_id} on {table}"
            f" for each row execute function refuse_rows_of_merged('{of_type}', '{of_id}')"
        )


DDL: tuple[str, ...] = (*_TABLE, *_FUNCTIONS, *_guards())
"""`snapshot` is what an undo needs; null: it was erased with the person, or its days are over.
`kept` is what an undo left as others had changed it since."""

DROP: tuple[str, ...] = (
    *(f"drop trigger {table}_of_merged on {table}" for table in GUARDED),
    "drop table record_merge",
    "drop function refuse_merge_into_merged",
    "drop function refuse_rows_of_merged",
    "drop function lock_merged_record",
)

FORMER_WAYS = "'ui', 'api', 'import', 'bridge', 'rule'"


def widen_ways(ways: str = f"{FORMER_WAYS}, 'merge'") -> Iterator[str]:
    """What lets the history name the way `merge`; with the former words it takes that back."""
    for table, name in (
        ("record_change", "ck_record_change_way_known"),
        ("record_tag_change", "ck_record_tag_change_way"),
    ):
        yield f"alter table {table} drop constraint {name}"
        check = f"check (way in ({ways}))"
        yield f"alter table {table} add constraint {name} {check} not valid"
        yield f"alter table {table} validate constraint {name}"


RIGHTS = {"record_merge": "select, insert, update"}
