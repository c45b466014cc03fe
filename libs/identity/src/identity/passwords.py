"""Passwords: Argon2id, worked out in threads, two at a time."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput

__all__ = ["LENGTH_MAX", "LENGTH_MIN", "check_strength", "hash_password", "verify_password"]

LENGTH_MIN = 12
LENGTH_MAX = 200
_HASHER = PasswordHash.recommended()
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$zr6QKHgsM5poCHKXMBqUsQ"
    "$1BI+fTX4n9DsNWqtSZQl2BJMz1TtOEDJcvGRxebTKog"
)
"""The stored form, by today's parameters, of a password that nobody knows."""
# Argon2 takes 64 MiB and a core: a burst of logins must neither exhaust memory nor stall the loop.
_PLACES = asyncio.Semaphore(2)


def check_strength(password: str) -> None:
    """Raises InvalidInput for a password of less than 12 or more than 200 characters."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        message = "A password has 12 to 200 characters."
        raise InvalidInput(errors=[FieldError("/password", "password_length", message)])


async def hash_password(password: str) -> str:
    """The stored form of a password. Raises InvalidInput when it is too short or too long."""
    check_strength(password)
    async with _PLACES:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and its stored form by today's parameters if that changed.

    Without a stored form it works just as long and says no, so time tells nobody who exists.
    """
    async with _PLACES:
        try:
            right, better = await asyncio.to_thread(
                _HASHER.verify_and_update, password, stored or _NOBODY
            )
        except UnknownHashError:
            return False, None
    return (right, better) if stored else (False, None)
