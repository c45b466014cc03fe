"""Secrets of second factors that are stored plainly, or by an older key, are encrypted anew."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from chassis.service import ServiceContext, Unsound
from chassis.telemetry.trace import Trace
from identity.audit.entries import name_actor
from identity.factor_keys import MARK, FactorKeys, factor_keys, key_file, keys_given

__all__ = ["encrypt_anew", "encrypt_plain", "encrypted_factors"]


async def encrypt_plain(here: ServiceContext) -> Mapping[str, int]:
    """Encrypt what a release before 0.1.10 stored; how many. `migrate` may have no key for it."""
    async with here.database.driver() as sql, sql.transaction():
        if not await sql.fetchval(_SOME_PLAIN):
            return {}
        try:
            keys = factor_keys(here.settings)
        except ValueError:
            return {}
        await name_actor(sql, "system:start", Trace.new())
        return {"second_factors_encrypted": await encrypt_anew(sql, keys, only_plain=True)}


async def encrypt_anew(
    sql: "asyncpg.Connection[Any]", keys: FactorKeys, *, only_plain: bool = False
) -> int:
    """Encrypt by the newest key what is not; how many. Needs a transaction.

    Raises FactorUnreadable, and then changes nothing.
    """
    left = MARK if only_plain else f"{MARK}{keys.newest}:"
    rows = await sql.fetch(_NOT_SO, left)
    people = [row["user_id"] for row in rows]
    fresh = [
        keys.encrypt(keys.decrypt(row["secret"], row["user_id"]), row["user_id"]) for row in rows
    ]
    await sql.execute(_STORE, people, fresh)
    return len(rows)


async def encrypted_factors(here: ServiceContext) -> str:
    """Whether all secrets are encrypted, by keys that are there. Raises Unsound."""
    async with here.database.driver() as sql:
        by_key = {row["name"]: row["number"] for row in await sql.fetch(_BY_KEY)}
    try:
        keys = keys_given(here.settings)
        if keys is None and key_file(here.settings).exists():
            keys = factor_keys(here.settings)
    except ValueError as unusable:
        raise Unsound(str(unusable)) from unusable
    known: Mapping[str, bytes] = keys.by_name if keys else {}
    if plain := by_key.pop("", 0):
        message = f"{plain} are stored plainly; restart, or run `users encrypt-factors`"
        raise Unsound(message)
    if lost := sorted(by_key.keys() - known.keys()):
        message = (
            f"the keys {', '.join(lost)} are missing, by which {sum(by_key[one] for one in lost)} "
            "are encrypted; put them back behind the newest one, or reset these factors"
        )
        raise Unsound(message)
    old = sum(number for name, number in by_key.items() if keys and name != keys.newest)
    advice = f"; {old} by an older key, which is not needed after `users encrypt-factors`"
    return f"{sum(by_key.values())}, all encrypted" + (advice if old else "")


_SOME_PLAIN = "select exists (select from second_factor where not starts_with(secret, 'aes:'))"

_NOT_SO = """select user_id, secret from second_factor where not starts_with(secret, $1)
  order by user_id for update"""

_STORE = """update second_factor f set secret = fresh.secret
  from unnest($1::uuid[], $2::text[]) as fresh (user_id, secret)
  where f.user_id = fresh.user_id"""

_BY_KEY = """select case when starts_with(secret, 'aes:') then split_part(secret, ':', 2)
    else '' end as name, count(*) as number
  from second_factor group by 1"""
