"""The tables that keep erased persons from coming back, made by a migration of each service."""

__all__ = ["DDL", "DROP", "ERASED_USERS", "RIGHTS"]

DDL: tuple[str, ...] = (
    """create table erased_identifier (
      hash bytea not null,
      erased_at timestamptz not null,
      constraint pk_erased_identifier primary key (hash),
      constraint ck_erased_identifier_hash check (octet_length(hash) = 32)
    )""",
    """create table erasure_key (
      single boolean not null default true,
      key bytea not null,
      constraint pk_erasure_key primary key (single),
      constraint ck_erasure_key_single check (single),
      constraint ck_erasure_key_key check (octet_length(key) = 32)
    )""",
    """insert into erasure_key (key) values (
      uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))""",
)

DROP: tuple[str, ...] = ("drop table erased_identifier", "drop table erasure_key")

ERASED_USERS = """alter table local_user add constraint ck_local_user_erased check (
  login !~ '^erased-' or (not active and name = '[erased]' and roles = '{}'
    and password_hash = '' and language is null))"""
"""A user who was erased is empty, and stays so."""

RIGHTS = {
    "erased_identifier": "select, insert",
    "erasure_key": "select",
    "outbox": "select, insert, update (payload)",
}
"""Of events nothing but the payload may change: by a redaction, as a trigger sees to."""
