"""What `doctor` looks at in identity."""

from chassis.service import ServiceContext, Unsound
from identity.audit.verifying import verify_log

__all__ = ["bound_keys", "whole_audit_log"]

LATEST = 10_000
"""Entries that `doctor` looks at; `audit verify` looks at all."""

_BOUND = """select string_agg(
    format('%s (%s) for %s', name, prefix, array_to_string(systems, ', ')),
    '; ' order by name, prefix) from api_key where systems <> '{}' and revoked_at is null"""


async def bound_keys(here: ServiceContext) -> str:
    """Which keys may speak for the reserved systems."""
    reserved = ", ".join(sorted(here.service.reserved_systems))
    if not reserved:
        return "none is reserved"
    async with here.database.driver() as sql:
        bound: str | None = await sql.fetchval(_BOUND)
    return bound or f"no key speaks for {reserved}; a bridge's key needs to"


async def whole_audit_log(here: ServiceContext) -> str:
    """Whether the latest entries follow from each other. Raises Unsound."""
    async with here.database.driver() as sql:
        found = await verify_log(sql, latest=LATEST)
    if not found.is_whole:
        message = f"entry {found.broken_at} was changed, or one before it is gone; `audit verify`"
        raise Unsound(message)
    return f"{found.entries} latest entries, whole; the last is {found.last_position}"
