"""What `doctor` looks at in identity."""

from chassis.clock import utc_now
from chassis.service import ServiceContext, Unsound
from identity.audit.verifying import verify_log
from identity.settings import identity_settings

__all__ = ["bound_keys", "key_ages", "whole_audit_log"]

LATEST = 10_000
"""Entries that `doctor` looks at; `audit verify` looks at all."""

_BOUND = """select string_agg(
    format('%s (%s) for %s', name, prefix, array_to_string(systems, ', ')),
    '; ' order by name, prefix) from api_key where systems <> '{}' and revoked_at is null"""


_OLD = """select string_agg(
    format('%s (%s) of %s', name, prefix, to_char(made_at at time zone 'UTC', 'YYYY-MM-DD')),
    '; ' order by made_at, prefix)
  from (select name, prefix, coalesce((select max(replaced_at) from api_key_former_secret
      where key_id = api_key.id), created_at) as made_at
    from api_key where revoked_at is null and (expires_at is null or expires_at > $1)) as key
  where made_at < $1 - make_interval(days => $2)"""


async def bound_keys(here: ServiceContext) -> str:
    """Which keys may speak for the reserved systems."""
    reserved = ", ".join(sorted(here.service.reserved_systems))
    if not reserved:
        return "none is reserved"
    async with here.database.driver() as sql:
        bound: str | None = await sql.fetchval(_BOUND)
    return bound or f"no key speaks for {reserved}; a bridge's key needs to"


async def key_ages(here: ServiceContext) -> str:
    """Whether secrets of API keys are as young as the policy of keys says. Raises Unsound."""
    days = identity_settings(here.settings).api_key_age_days_max
    async with here.database.driver() as sql:
        old: str | None = await sql.fetchval(_OLD, utc_now(), days)
    if old:
        message = f"older than {days} days: {old}; `keys rotate`, or `keys revoke`"
        raise Unsound(message)
    return f"no secret is older than {days} days"


async def whole_audit_log(here: ServiceContext) -> str:
    """Whether the latest entries follow from each other. Raises Unsound."""
    async with here.database.driver() as sql:
        found = await verify_log(sql, latest=LATEST)
    if not found.is_whole:
        message = f"entry {found.broken_at} was changed, or one before it is gone; `audit verify`"
        raise Unsound(message)
    return f"{found.entries} latest entries, whole; the last is {found.last_position}"
