"""What `doctor` looks at in identity."""

from chassis.service import ServiceContext

__all__ = ["bound_keys"]

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
