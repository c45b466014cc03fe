"""Used idempotency keys stay a day at least: without its key a repeat would be done twice."""

__all__ = ["DROP_KEPT_KEYS", "KEPT_KEYS"]

KEPT_KEYS: tuple[str, ...] = (
    """create function idempotency_key_stays() returns trigger language plpgsql
      set search_path = pg_catalog, public, pg_temp as $$
    begin
      raise exception 'a used idempotency key stays for a day at least'
        using errcode = 'check_violation', constraint = 'idempotency_key_stays';
    end $$""",
    """create trigger idempotency_key_stays before delete on idempotency_key
      for each row when (old.created_at > now() - interval '1 day')
      execute function idempotency_key_stays()""",
)
"""Housekeeping deletes those of more days (`<SERVICE>_IDEMPOTENCY_DAYS`, one at least)."""

DROP_KEPT_KEYS: tuple[str, ...] = (
    "drop trigger idempotency_key_stays on idempotency_key",
    "drop function idempotency_key_stays()",
)
