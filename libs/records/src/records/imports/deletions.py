"""Records are deleted by the undo of the very import that made them, or by a merge, and else never.

Migrations of the services make the guard, for tables from which the runtime role may delete.
"""

__all__ = ["DROP_REFUSE_DELETION", "deletion_trigger", "refuse_deletion"]

_MERGED = """
    if exists (select from record_merge m where m.record_type = tg_argv[0]
        and m.loser_id = old.id and m.undone_at is null) then return null; end if;"""

DROP_REFUSE_DELETION = "drop function refuse_deletion() cascade"


def refuse_deletion(*, merges: bool) -> str:
    """The function of the triggers. `merges`: the service has the table of merges.

    The history says which import made the record, and is never changed; the undo's report, written
    in the same transaction, that this import is taken back.
    """
    return f"""create or replace function refuse_deletion() returns trigger language plpgsql as $$
  begin{_MERGED if merges else ""}
    if exists (select from record_import_undo u
        join record_import i on i.id = u.import_id and i.record_type = tg_argv[0]
          and i.state in ('undoing', 'undone')
        join record_change c on c.import_id = u.import_id and c.record_type = tg_argv[0]
          and c.record_id = u.record_id and c.is_new
       where u.record_id = old.id and u.outcome = 'deleted')
      and not exists (select from record_change c
       where c.record_type = tg_argv[0] and c.record_id = old.id and c.is_new offset 1)
    then return null; end if;
    raise exception '% % is not deleted: no import that made it is taken back', tg_argv[0], old.id
      using errcode = 'restrict_violation', constraint = tg_name;
  end $$"""


def deletion_trigger(table: str) -> str:
    """What asks at COMMIT whether rows of the records' table might be deleted."""
    return f"""create constraint trigger {table}_deleted_by_undo after delete on {table}
      deferrable initially deferred for each row execute function refuse_deletion('{table}')"""
