"""What `doctor` looks at in identity."""

from chassis.clock import utc_now
from chassis.service import ServiceContext, Unsound
from identity.audit.verifying import verify_log
from identity.jwt import IssuerUnavailable, rsa_bits
from identity.settings import identity_settings

__all__ = ["bound_keys", "issuer_keys", "key_ages", "whole_audit_log"]

RSA_BITS_ADVISED = 3072
"""So many have 128 bits of security."""
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


async def issuer_keys(here: ServiceContext) -> str:
    """Whether RSA keys of the token issuer are long enough. Raises Unsound where one is refused."""
    url, least = here.settings.jwks_url, identity_settings(here.settings).jwt_rsa_bits_min
    if not (here.settings.jwt_issuer and url):
        return "no token issuer is set"
    try:
        found = await rsa_bits(url)
    except IssuerUnavailable as unavailable:
        message = f"{url} gives no keys, so tokens of the issuer may be refused"
        raise Unsound(message) from unavailable
    refused, short = _shorter(found, least), _shorter(found, RSA_BITS_ADVISED)
    name = f"{here.service.name.upper()}_JWT_RSA_BITS_MIN"
    if refused:
        message = f"refused, below {least} bits ({name}): {refused}; give the issuer longer keys"
        raise Unsound(message)
    if short:
        return f"taken, but below {RSA_BITS_ADVISED} bits, which is advised: {short}"
    return f"no RSA key has less than {RSA_BITS_ADVISED} bits"


def _shorter(keys: list[tuple[str, int]], bits: int) -> str:
    """The keys with less bits, in words; "" for none."""
    return ", ".join(f"{kid} of {size}" for kid, size in keys if size < bits)


async def whole_audit_log(here: ServiceContext) -> str:
    """Whether the latest entries follow from each other. Raises Unsound."""
    async with here.database.driver() as sql:
        found = await verify_log(sql, latest=LATEST)
    if not found.is_whole:
        message = f"entry {found.broken_at} was changed, or one before it is gone; `audit verify`"
        raise Unsound(message)
    return f"{found.entries} latest entries, whole; the last is {found.last_position}"
