"""Second factors of people: enrolled, confirmed by a first code, asked for at log-in, removed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import InvalidInput, NotFound
from identity import totp
from identity.factor_keys import FactorKeys
from identity.keys import digest

__all__ = [
    "FactorExists",
    "FactorState",
    "SecondFactorRequired",
    "SecondFactorWrong",
    "confirm",
    "enrol",
    "remove",
    "replace_recovery_codes",
    "state_of",
    "use_code",
]


class SecondFactorRequired(Problem):
    """Login and password fit, and the person has a second factor."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "second_factor_required"
    title: ClassVar[str] = "A code is needed as well"
    detail: ClassVar[str] = (
        "Send login and password again with `code`: six digits of your authenticator, or a "
        "recovery code."
    )


class SecondFactorWrong(Problem):
    """The code is none that counts now, or it was used before."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "second_factor_wrong"
    title: ClassVar[str] = "The code does not fit"
    detail: ClassVar[str] = "Wait for the next code; each counts once. Or use a recovery code."


class FactorExists(Problem):
    """There is a confirmed second factor already."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "second_factor_exists"
    title: ClassVar[str] = "You have a second factor"
    detail: ClassVar[str] = "Remove it before you enrol another one."


@dataclass(frozen=True)
class FactorState:
    """Since when a person has a second factor (None: there is none), and spare codes left."""

    confirmed_at: datetime | None
    recovery_codes_left: int


async def state_of(sql: "asyncpg.Connection[Any]", user_id: UUID) -> FactorState:
    """What a person has."""
    row: Any = await sql.fetchrow(_STATE, user_id)
    return FactorState(row["confirmed_at"], row["recovery_codes_left"])


async def enrol(
    sql: "asyncpg.Connection[Any]", user_id: UUID, *, keys: FactorKeys, now: datetime
) -> str:
    """A new secret, which counts for nothing until it is confirmed. Raises FactorExists."""
    secret = totp.new_secret()
    if not await sql.fetchval(_ENROL, user_id, keys.encrypt(secret, user_id), now):
        raise FactorExists
    return secret


async def confirm(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    code: str,
    *,
    keys: FactorKeys,
    steps: totp.Steps,
    now: datetime,
) -> list[str]:
    """Make the enrolled secret the second factor; the recovery codes. Needs a transaction.

    Raises NotFound where none is enrolled, FactorExists, InvalidInput for a wrong code.
    """
    await sql.execute(_LOCK_PERSON, user_id)
    row = await sql.fetchrow(_ENROLLED, user_id)
    if row is None:
        raise NotFound(entity="second_factor", id=user_id)
    if row["confirmed_at"]:
        raise FactorExists
    step = totp.step_of(keys.decrypt(row["secret"], user_id), code, now=now, steps=steps)
    if step is None:
        raise wrong_code()
    codes = totp.new_recovery_codes()
    await sql.execute(_CONFIRM, user_id, now, step)
    await sql.execute(_ENROLLED_AGAIN, user_id)
    await sql.execute(_ADD_CODES, user_id, [digest(totp.plain(one)) for one in codes])
    return codes


async def use_code(
    sql: "asyncpg.Connection[Any]",
    user_id: UUID,
    code: str,
    *,
    keys: FactorKeys,
    steps: totp.Steps,
    now: datetime,
) -> bool:
    """Whether it is a code of the person that counts now. It never counts again.

    One statement judges and marks it, so of two requests with one code one is refused.
    """
    stored = await sql.fetchval(_CONFIRMED, user_id)
    if stored is None:
        return False
    step = totp.step_of(keys.decrypt(stored, user_id), code, now=now, steps=steps)
    if step is not None:
        return bool(await sql.fetchval(_USE_STEP, user_id, step))
    return bool(await sql.fetchval(_USE_RECOVERY, user_id, digest(totp.plain(code)), now))


async def replace_recovery_codes(
    sql: "asyncpg.Connection[Any]", user_id: UUID, *, now: datetime
) -> list[str]:
    """New recovery codes; of those before none counts. Needs a transaction. Raises NotFound."""
    if not await sql.fetchval(_HOLD_CONFIRMED, user_id):
        raise NotFound(entity="second_factor", id=user_id)
    codes = totp.new_recovery_codes()
    await sql.execute(_REPLACE_CODES, user_id, now)
    await sql.execute(_ADD_CODES, user_id, [digest(totp.plain(one)) for one in codes])
    return codes


async def remove(sql: "asyncpg.Connection[Any]", user_id: UUID) -> None:
    """Take the second factor and its recovery codes away. Raises NotFound."""
    if not await sql.fetchval(_REMOVE, user_id):
        raise NotFound(entity="second_factor", id=user_id)


def wrong_code() -> InvalidInput:
    """The refusal of a code in a body."""
    message = "This code does not fit. Wait for the next one; each counts once."
    return InvalidInput(errors=[FieldError("/code", "code_wrong", message)])


_STATE = """select (select confirmed_at from second_factor where user_id = $1) as confirmed_at,
  (select count(*) from recovery_code
    where user_id = $1 and used_at is null and replaced_at is null) as recovery_codes_left"""

_ENROL = """insert into second_factor (user_id, secret, enrolled_at) values ($1, $2, $3)
  on conflict (user_id) do update set secret = excluded.secret, enrolled_at = excluded.enrolled_at
    where second_factor.confirmed_at is null
  returning true"""

_ENROLLED = "select secret, confirmed_at from second_factor where user_id = $1 for update"

_CONFIRM = "update second_factor set confirmed_at = $2, last_step = $3 where user_id = $1"

_ADD_CODES = """insert into recovery_code (user_id, code_hash)
  select $1, unnest($2::bytea[])"""

_LOCK_PERSON = "select from local_user where id = $1 for no key update"

_ENROLLED_AGAIN = """update local_user set enrols_by_invitation = false
  where id = $1 and enrols_by_invitation"""

_HOLD_CONFIRMED = """select true from second_factor
  where user_id = $1 and confirmed_at is not null for update"""

_REPLACE_CODES = """update recovery_code set replaced_at = $2
  where user_id = $1 and used_at is null and replaced_at is null"""

_CONFIRMED = "select secret from second_factor where user_id = $1 and confirmed_at is not null"

_USE_STEP = """update second_factor set last_step = $2
  where user_id = $1 and confirmed_at is not null and last_step < $2 returning true"""

_USE_RECOVERY = """update recovery_code set used_at = $3
  where user_id = $1 and code_hash = $2 and used_at is null and replaced_at is null
  returning true"""

_REMOVE = "delete from second_factor where user_id = $1 returning true"
