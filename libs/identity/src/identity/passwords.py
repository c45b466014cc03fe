"""Passwords: what is asked of one, and Argon2id, worked out in threads, two at a time."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pydantic import Field, SecretStr

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from identity.breaches import check_breaches
from identity.places import Places

__all__ = [
    "LENGTH_MAX",
    "LENGTH_MIN",
    "PLACES",
    "HashedPassword",
    "PasswordText",
    "check_strength",
    "hash_password",
    "verify_password",
]

LENGTH_MIN = 12
LENGTH_MAX = 200
PasswordText = Annotated[
    SecretStr,
    Field(
        min_length=LENGTH_MIN,
        max_length=LENGTH_MAX,
        description="12 to 200 characters, none of the common passwords, and not the login.",
    ),
]
GUESSES_MIN = 10**8
"""What zxcvbn must think that a guesser needs: more than common passwords and their variations."""
JUDGED_LENGTH = 72
"""Longer ones are not looked at beyond it."""
LOGIN_LENGTH_MIN = 3
_HASHER = PasswordHash.recommended()
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$zr6QKHgsM5poCHKXMBqUsQ"
    "$1BI+fTX4n9DsNWqtSZQl2BJMz1TtOEDJcvGRxebTKog"
)
"""The stored form, by today's parameters, of a password that nobody knows."""
# Argon2 takes 64 MiB and a core: a burst of logins must neither exhaust memory nor stall the loop.
PLACES = Places(2, waiting_max=20)
COMMON = "This password is among the first that a guesser tries. Take several unrelated words."
LOGIN = "The password is little more than the login."


@dataclass(frozen=True)
class HashedPassword:
    """A password that is long and uncommon, and its stored form; neither is shown in a log."""

    text: str = field(repr=False)
    stored: str = field(repr=False)

    def require_unlike(self, login: str) -> None:
        """See to it that the password says more than the login. Raises InvalidInput."""
        left = self.text.lower()
        if len(login) >= LOGIN_LENGTH_MIN:
            left = left.replace(login, "")
        if len(left) < LENGTH_MIN // 2:
            raise InvalidInput(errors=[FieldError("/password", "password_is_login", LOGIN)])


def check_strength(password: str, *, known: Collection[str] = ()) -> None:
    """Raises InvalidInput for a password that is too short, too long or too common.

    `known` are words that a guesser knows of the person.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        message = "A password has 12 to 200 characters."
        raise InvalidInput(errors=[FieldError("/password", "password_length", message)])
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take 0.2 s and 20 MB

    judged = zxcvbn(password[:JUDGED_LENGTH], user_inputs=list(known))
    if judged["guesses"] < GUESSES_MIN:
        raise InvalidInput(errors=[FieldError("/password", "password_common", COMMON)])


async def hash_password(password: str, *, breached: Path | None = None) -> HashedPassword:
    """The stored form of a new password. Hold no connection meanwhile.

    `breached`: the file of passwords known from breaches, if there is one. Raises InvalidInput as
    `check_strength` and `check_breaches` do, BreachListUnreadable, and LoginsBusy.
    """
    async with PLACES.one():
        stored = await asyncio.to_thread(_checked_hash, password, breached)
    return HashedPassword(password, stored)


def _checked_hash(password: str, breached: Path | None) -> str:
    check_strength(password)
    check_breaches(password, breached)
    return _HASHER.hash(password)


async def verify_password(
    password: str, stored: str | None, *, rank: int = 0
) -> tuple[bool, str | None]:
    """Whether it is the password, and its stored form by today's parameters if that changed.

    Without a stored form it works just as long and says no, so time tells nobody who exists.
    `rank` says where it stands in the queue: the lowest first. Hold no connection meanwhile.
    Raises LoginsBusy.
    """
    async with PLACES.one(rank=rank):
        try:
            right, better = await asyncio.to_thread(
                _HASHER.verify_and_update, password, stored or _NOBODY
            )
        except UnknownHashError:
            return False, None
    return (right, better) if stored else (False, None)
